import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { qbitflowOf } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

let gateway: OpenGateway
let account: { apiKey: string; webhookSecret: string; inbox: string }

beforeAll(async () => {
  gateway = await startGateway()
  const { app } = gateway
  const connection = await app.db.prisma.providerConnection.findFirstOrThrow({ where: { tenant: { mode: 'TEST' } } })
  const credentials = await qbitflowOf(app).provision(connection.tenantId)
  account = { ...credentials, inbox: `/inbox/qbitflow/${connection.id}` }
})

afterAll(() => gateway?.stop())

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  /** Each part is a chunk of its own; undefined sends no body and no length. */
  readonly parts?: readonly string[]
}

/** A request without a Content-Length. */
function send({ method, path, headers = {}, parts }: Sent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const framing = parts ? { 'transfer-encoding': 'chunked' } : {}
    const outgoing = request(
      `${gateway.url}${path}`,
      { method, headers: { ...headers, ...framing } },
      async (answer) => {
        const chunks = await answer.toArray()
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() })
      },
    )
    outgoing.on('error', reject)
    if (!parts) outgoing.removeHeader('content-length')
    for (const part of parts ?? []) outgoing.write(part)
    outgoing.end()
  })
}

const inTwo = (text: string) => [text.slice(0, 7), text.slice(7)]
const asMerchant = () => ({ 'x-api-key': account.apiKey, 'content-type': 'application/json' })

describe('a body that comes in chunks, without its length,', () => {
  test('is read by the API of a simulator and by its control routes', async () => {
    const product = JSON.stringify({ name: 'Green tea', description: 'One hundred grams', price: 3 })
    const call = (method: string, path: string, body: object) =>
      send({ method, path: `/sandbox/qbitflow${path}`, headers: asMerchant(), parts: inTwo(JSON.stringify(body)) })
    const path = '/sandbox/qbitflow/v1/product'
    const made = await send({ method: 'POST', path, headers: asMerchant(), parts: inTwo(product) })
    expect([made.status, JSON.parse(made.body).name]).toEqual([201, 'Green tea'])
    const updated = await call('PUT', `/v1/product/${JSON.parse(made.body).id}`, { price: 4 })
    expect([updated.status, JSON.parse(updated.body).price]).toEqual([200, 4])
    expect((await call('PUT', '/_sandbox/organization', { name: 'A tea shop' })).status).toBe(200)
  })

  test('is read by the inbox, whose signature is over the bytes', async () => {
    const rawBody = JSON.stringify({ uuid: 'pay@0199', txType: 'payment', status: null, note: 'Zoë' })
    const timestamp = String(Math.floor(Date.now() / 1_000))
    const signature = `sha256=${signatureOf(account.webhookSecret, timestamp, rawBody)}`
    const headers = { 'x-webhook-signature-256': signature, 'x-webhook-timestamp': timestamp }
    const parts = inTwo(rawBody)
    expect(await send({ method: 'POST', path: account.inbox, headers, parts })).toMatchObject({ status: 200 })
    const changed = inTwo(rawBody.replace('Zoë', 'Zoe'))
    expect(await send({ method: 'POST', path: account.inbox, headers, parts: changed })).toMatchObject({ status: 400 })
  })

  test('is read by the pages on which an account is claimed, ours and the simulator’s', async () => {
    const made = await gateway.api.change<{ user: { id: string } }>(
      `mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { message } } }`,
      { name: 'Sam', lastName: 'Seller', email: 'sam@example.com', role: 'USER' },
    )
    const { claimRequest } = await gateway.api.change<{ claimRequest: { link: string } }>(
      `mutation ($input: CreateClaimRequestInput!) {
        createClaimRequest(input: $input) { claimRequest { link } userErrors { message } }
      }`,
      { userId: made.user.id },
    )
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const ours = new URL(claimRequest.link).pathname
    const complaint = await send({ method: 'POST', path: ours, headers: form, parts: inTwo('payoutAddress=nowhere') })
    expect([complaint.status, complaint.body.includes('nowhere')]).toEqual([422, true])

    const seller = { name: 'Sue', lastName: 'Seller', email: 'sue@example.com', role: 'user' }
    const api = `/sandbox/qbitflow/v1`
    const at = (path: string, body: object) =>
      send({ method: 'POST', path: `${api}${path}`, headers: asMerchant(), parts: [JSON.stringify(body)] })
    const { id } = JSON.parse((await at('/user', seller)).body)
    const { link } = JSON.parse((await at('/user/claim/request', { userId: id })).body)
    const page = await send({
      method: 'POST',
      path: new URL(link).pathname,
      headers: form,
      parts: ['wallet=', 'nowhere'],
    })
    expect([page.status, page.body.includes('value="nowhere"')]).toEqual([422, true])
  })

  test('is read by GraphQL', async () => {
    const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
    const parts = inTwo(JSON.stringify({ query: '{ viewer { mode } }' }))
    const { status, body } = await send({ method: 'POST', path: '/graphql', headers, parts })
    expect([status, JSON.parse(body)]).toEqual([200, { data: { viewer: { mode: 'TEST' } } }])
  })

  test('is refused once it is longer than allowed, wherever a body is read', async () => {
    const chunk = 'a'.repeat(64 * 1024)
    const parts = Array.from({ length: 17 }, () => chunk)
    const asOwner = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
    for (const [path, headers] of [
      ['/sandbox/qbitflow/v1/product', asMerchant()],
      [account.inbox, {}],
      ['/claim/a-token', {}],
      ['/graphql', asOwner],
    ] as const) {
      expect([path, (await send({ method: 'POST', path, headers, parts })).status]).toEqual([path, 413])
    }
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
  })
})

describe('a request without any body', () => {
  test.each([
    ['POST', '/v1/product', 400],
    ['POST', '/v1/customer', 400],
    ['POST', '/v1/api-key', 400],
    ['PUT', '/v1/product/999', 404],
    ['PUT', '/v1/customer', 404],
    ['DELETE', '/v1/product/999', 404],
    ['DELETE', '/v1/api-key/999', 404],
    ['DELETE', '/v1/user/999', 404],
    ['DELETE', '/v1/customer/uuid/0199a000-0000-7000-8000-000000000000', 404],
    ['DELETE', '/_sandbox/faults', 200],
    ['POST', '/checkout/0199a000-0000-7000-8000-000000000000/pay', 404],
  ])('is answered by the simulator: %s %s', async (method, path, status) => {
    const answer = await send({ method, path: `/sandbox/qbitflow${path}`, headers: asMerchant() })
    expect([answer.status, answer.body]).toEqual([status, expect.not.stringContaining('internal server error')])
  })

  test('is answered by the inbox and by the claim page', async () => {
    expect((await send({ method: 'POST', path: account.inbox })).status).toBe(400)
    expect((await send({ method: 'POST', path: '/claim/a-token' })).status).toBe(404)
  })
})
