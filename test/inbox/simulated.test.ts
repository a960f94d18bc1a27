import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Received } from '../../src/inbox/service.ts'
import { deliverFrom } from '../../src/inbox/simulated.ts'
import { guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

/** A simulator's notification, which its provider counts as received by the answer to it. */

let receiver: Receiver
const received: Received[] = []
const reach = {
  publicUrl: 'https://pay.example.com',
  outbound: guardedFetch({ allowLoopback: true }),
  receive: async (each: Received) => {
    received.push(each)
    return { status: 200, body: 'RECEIVED' }
  },
}
const send = (url: string) =>
  deliverFrom(reach, url, { method: 'POST', headers: { 'x-signature': 's' }, body: '{"a":1}' })

beforeAll(async () => {
  receiver = await openReceiver()
})
afterEach(() => {
  received.length = 0
  receiver.heard.length = 0
})
afterAll(() => receiver.close())

describe('a notification to a server of somebody else', () => {
  test('is answered with the status and the words of that server', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(202).end('RECEIVED')
    const answer = await send(`${receiver.url}/hook`)
    expect([answer.status, await answer.text()]).toEqual([202, 'RECEIVED'])
    expect(receiver.heard).toEqual([expect.objectContaining({ method: 'POST', path: '/hook', body: '{"a":1}' })])
  })

  test('is answered without words where the server says none', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(204).end()
    const answer = await send(receiver.url)
    expect([answer.status, await answer.text()]).toEqual([204, ''])
  })

  test('is answered with no more than the beginning of what that server says', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(200).end('x'.repeat(1_000_000))
    expect((await (await send(receiver.url)).text()).length).toBeLessThanOrEqual(1_024)
  })
})

describe('a notification to an inbox of this gateway', () => {
  test.each(['plain', 'made_up', 'pay2'])('of the provider %s stays in the process', async (provider) => {
    const connectionId = '01a226af-a5ac-74bc-8d02-65428c7303d3'
    const answer = await send(`${reach.publicUrl}/inbox/${provider}/${connectionId}`)
    expect([answer.status, await answer.text()]).toEqual([200, 'RECEIVED'])
    expect(received).toEqual([expect.objectContaining({ provider, connectionId, rawBody: '{"a":1}' })])
    expect(receiver.heard).toEqual([])
  })
})
