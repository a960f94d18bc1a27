import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

/** What holds for requests outside GraphQL as well. */
let gateway: OpenGateway
let endpoint: Receiver
beforeAll(async () => {
  gateway = await startGateway()
  endpoint = await openReceiver()
})
afterAll(async () => {
  await gateway.stop()
  await endpoint.close()
})

const CREATE = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code } } }'
const newKey = async (rateLimit: number) => {
  const { secret } = await gateway.api.change<{ secret: string }>(CREATE, { name: 'x', role: 'OWNER', rateLimit })
  return secret
}
const exportData = (headers: Record<string, string>) => fetch(`${gateway.url}/exports/data`, { headers })

test('an export counts one, says so, and is refused with 429 over the limit', async () => {
  const key = await newKey(1)
  const first = await exportData({ 'x-api-key': key })
  expect([first.status, first.headers.get('x-ratelimit-remaining')]).toEqual([200, '0'])
  await first.text()
  const second = await exportData({ 'x-api-key': key })
  expect(second.status).toBe(429)
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await second.json()).toMatchObject({ error: { code: 'RATE_LIMITED' } })
})

test('an export needs the token of a client where clients show tokens', async () => {
  const SET = `mutation ($input: SetClientAuthenticationInput!) {
    setClientAuthentication(input: $input) { organization { id } userErrors { code } } }`
  await gateway.api.change(SET, { url: endpoint.url })
  expect((await exportData({ 'x-api-key': gateway.key })).status).toBe(401)
  const basic = Buffer.from(`${gateway.key}:token`).toString('base64')
  const allowed = await exportData({ authorization: `Basic ${basic}` })
  expect(allowed.status).toBe(200)
  await allowed.text()
  expect(endpoint.heard[0]?.path).toMatch(/access_token=token&action=org_.*\.key_.*\.exportData\.query$/)
  for (const [theirs, ours] of [
    [403, 403],
    [500, 412],
  ]) {
    endpoint.answer = (_heard, outgoing) => outgoing.writeHead(theirs ?? 0).end()
    expect((await exportData({ 'x-api-key': gateway.key, 'x-client-token': `t${theirs}` })).status).toBe(ours)
  }
  await gateway.api.change(SET, { url: null })
})
