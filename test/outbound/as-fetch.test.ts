import { afterAll, beforeAll, expect, test } from 'vitest'
import { asFetch } from '../../src/outbound/as-fetch.ts'
import { AddressRefused } from '../../src/outbound/errors.ts'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

let receiver: Receiver
beforeAll(async () => {
  receiver = await openReceiver((heard, outgoing) =>
    outgoing
      .writeHead(heard.method === 'DELETE' ? 204 : 201, { 'content-type': 'application/json' })
      .end(heard.method === 'DELETE' ? undefined : JSON.stringify({ method: heard.method, body: heard.body })),
  )
})
afterAll(() => receiver.close())

test('sends what fetch would send and answers as fetch would', async () => {
  const fetch = asFetch(guardedFetch({ allowLoopback: true }))
  const put = await fetch(`${receiver.url}/thing`, { method: 'PUT', headers: { 'x-api-key': 'k' }, body: '{"a":1}' })
  expect([put.status, await put.json()]).toEqual([201, { method: 'PUT', body: '{"a":1}' }])
  expect(receiver.heard.at(-1)).toMatchObject({ path: '/thing', headers: { 'x-api-key': 'k' } })
  const removed = await fetch(`${receiver.url}/thing`, { method: 'DELETE' })
  expect([removed.status, await removed.text()]).toEqual([204, ''])
})

test('never reaches what is not public, and gives up when its caller does', async () => {
  await expect(asFetch(guardedFetch({ allowLoopback: false }))(receiver.url)).rejects.toThrow(AddressRefused)
  receiver.answer = () => {}
  const fetch = asFetch(guardedFetch({ allowLoopback: true }))
  await expect(fetch(receiver.url, { signal: AbortSignal.timeout(20) })).rejects.toThrow(/timeout/i)
})
