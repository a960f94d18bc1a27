import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { type Door, openDoor } from '../graphql/door.ts'
import { ledgerApi, type Payload, usd } from '../graphql/ledger-api.ts'
import { type Answer, openReceiver, type Receiver } from '../support/receiver.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let api: ReturnType<typeof ledgerApi>
let receiver: Receiver
const hooks: { readonly id: string; readonly secret: string }[] = []
let source: string
let destination: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  api = ledgerApi(ask)
  receiver = await openReceiver()
  source = await api.account({}, '100')
  destination = await api.account()
})
afterAll(async () => {
  await receiver.close()
  await door.close()
})
beforeEach(() => {
  receiver.heard.length = 0
  receiver.answer = answering(204)
})
afterEach(async () => {
  for (const { id } of hooks.splice(0)) await api.done(api.change('deleteWebhookEndpoint', 'webhookEndpoint', { id }))
})

const answering =
  (status: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_heard, outgoing: ServerResponse) =>
    outgoing.writeHead(status, headers).end(body)

async function hook(path = '/first', url = receiver.url + path): Promise<{ id: string; secret: string }> {
  const made = await ask(
    `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { webhookEndpoint { id } secret userErrors { message } }
    }`,
    { input: { url, kind: 'PREFLIGHT' } },
  )
  const { webhookEndpoint, secret, userErrors } = made.data.createWebhookEndpoint
  expect(userErrors).toEqual([])
  const one = { id: webhookEndpoint.id, secret }
  hooks.push(one)
  return one
}

const PAY = `mutation ($input: CreateTransactionInput!) {
  createTransaction(input: $input) {
    object: transaction { id }
    userErrors { __typename code message field ... on PreflightRefusal { status retryable endpointId } }
    replayed
  }
}`

async function pay(more: object = {}, by = ask): Promise<Payload> {
  const charges = [{ destinationId: destination, subtotal: usd('1') }]
  const input = { accountId: source, total: usd('1'), charges, idempotencyKey: newId(), ...more }
  const { data, errors } = await by(PAY, { input })
  expect(errors).toBeUndefined()
  return data.createTransaction
}

const paths = () => receiver.heard.map(({ path }) => path)

describe('hooks', () => {
  test('are asked in the order of their making, and the second not after a refusal', async () => {
    await hook('/first')
    await hook('/second')
    expect((await pay()).userErrors).toEqual([])
    expect(paths()).toEqual(['/first', '/second'])
    receiver.answer = ({ path }, outgoing) => outgoing.writeHead(path === '/first' ? 403 : 200).end()
    expect((await pay()).userErrors).toMatchObject([{ status: 403 }])
    expect(paths()).toEqual(['/first', '/second', '/first'])
  })

  test('are not asked by a repeat, and once by many at the same moment', async () => {
    await hook()
    const idempotencyKey = newId()
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay({ idempotencyKey })))
    const again = await pay({ idempotencyKey })
    expect(new Set([...answers, again].map(({ object }) => object.id)).size).toBe(1)
    expect(again.replayed).toBe(true)
    expect(paths()).toEqual(['/first'])
  })

  test('are asked before every mutation that moves money, and before no other', async () => {
    await hook()
    receiver.answer = answering(402)
    const { data } = await ask(`mutation {
      createAccount(input: { kind: CLIENT, currency: "USD" }) { account { id } }
      fundAccount(input: { accountId: "${source}", total: { amount: "1", currency: "USD" }, idempotencyKey: "f" }) { userErrors { code } }
      createCheckout(input: { kind: PAYMENT, item: { name: "A mug", description: "Blue", price: { amount: "1", currency: "USD" } }, idempotencyKey: "c" }) { checkout { id } userErrors { code } }
    }`)
    expect(data.createAccount.account.id).toMatch(/^acct_/)
    expect(data.fundAccount.userErrors).toEqual([{ code: 'PREFLIGHT_REFUSED' }])
    expect(data.createCheckout).toEqual({ checkout: null, userErrors: [{ code: 'PREFLIGHT_REFUSED' }] })
    expect(receiver.heard.map(({ body }) => JSON.parse(body).operation)).toEqual(['fundAccount', 'createCheckout'])
  })

  test('that are switched off or of another tenant are not asked', async () => {
    const { id } = await hook()
    receiver.answer = answering(402)
    const live = await door.as('LIVE')
    expect((await pay({}, live)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }])
    await api.done(api.change('updateWebhookEndpoint', 'webhookEndpoint', { id, active: false }))
    expect((await pay()).userErrors).toEqual([])
    expect(receiver.heard).toEqual([])
  })
})
