import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { createCheckout, ITEM, simulate } from '../support/storefront.ts'

/** The merchant's own number and words on a checkout go wherever the money goes. */

const WAIT_MS = 60_000
const METADATA = { table: 7, cashier: 'Zoë', gift: true }

let gateway: OpenGateway
let receiver: Receiver
beforeAll(async () => {
  gateway = await startGateway()
  receiver = await openReceiver()
})
afterAll(async () => {
  await gateway.stop()
  await receiver.close()
})

const ask = <Data>(query: string, variables: object = {}) => gateway.api.ask<Data>(query, variables)

interface Payment {
  readonly id: string
  readonly reference: string | null
  readonly metadata: object
  readonly ledgerTransactions: { readonly edges: readonly { readonly node: { readonly metadata: object } }[] }
}
const PAYMENT = 'id reference metadata ledgerTransactions(first: 5) { edges { node { metadata } } }'

async function paymentOf(id: string): Promise<Payment> {
  const query = `query ($id: ID!) { checkout(by: { id: $id }) { payment { status ${PAYMENT} } } }`
  return eventually(async () => {
    const { checkout } = await ask<{ checkout: { payment: (Payment & { status: string }) | null } }>(query, { id })
    return checkout.payment?.status === 'COMPLETED' && checkout.payment
  }, WAIT_MS)
}

/** What the export has of the day, as a program reads it. */
async function exported(): Promise<Record<string, unknown>[]> {
  const { viewer } = await ask<{ viewer: { testClock: string } }>('{ viewer { testClock } }')
  const day = viewer.testClock.slice(0, 10)
  const url = `${gateway.url}/exports/accounting?from=2020-01-01&to=${day}&format=json`
  return (await fetch(url, { headers: { authorization: `Bearer ${gateway.key}` } })).json() as never
}

async function redirectOf(page: string): Promise<URL> {
  return eventually(async () => {
    const text = await (await fetch(`${page}/receipt`)).text()
    const link = /https:\/\/shop\.example\/[^"<]*/.exec(text)?.[0]
    return link !== undefined && new URL(link.replaceAll('&amp;', '&'))
  }, WAIT_MS)
}

test('an order number is on the payment, its event, its webhook, its ledger transaction, its row of the export and the redirect', async () => {
  const reference = ' Order 7/2026 & more {{UUID}} é '
  const kept = 'Order 7/2026 & more {{UUID}} é'
  await gateway.api.change(
    'mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { userErrors { message } } }',
    { url: receiver.url, kind: 'EVENT', types: ['payment.completed'] },
  )
  const successUrl = 'https://shop.example/{{REFERENCE}}/back?order={{REFERENCE}}&checkout={{CHECKOUT_ID}}'
  const { checkout } = await createCheckout(gateway.api, { item: ITEM, reference, metadata: METADATA, successUrl })
  const seen = await ask('query ($id: ID!) { checkout(by: { id: $id }) { reference metadata } }', { id: checkout.id })
  expect(seen).toEqual({ checkout: { reference: kept, metadata: METADATA } })
  await simulate(gateway.api, checkout.id, 'PAY')
  const payment = await paymentOf(checkout.id)
  expect(payment).toMatchObject({ reference: kept, metadata: METADATA })
  expect(payment.ledgerTransactions.edges).toEqual([{ node: { metadata: { reference: kept } } }])
  expect((await exported()).find(({ paymentId }) => paymentId === payment.id)).toMatchObject({
    reference: kept,
    metadata: METADATA,
  })
  const heard = await eventually(async () => receiver.heard[0], WAIT_MS)
  expect(JSON.parse(heard.body).data.object).toMatchObject({ id: payment.id, reference: kept, metadata: METADATA })
  const { checkout: told } = await ask<{ checkout: { timeline: { payload: { object: object } }[] } }>(
    'query ($id: ID!) { checkout(by: { id: $id }) { timeline { payload } } }',
    { id: checkout.id },
  )
  for (const { payload } of told.timeline) expect(payload.object).toMatchObject({ reference: kept, metadata: METADATA })
  const redirect = await redirectOf(checkout.url)
  expect(redirect.searchParams.get('order')).toBe(kept)
  expect(redirect.searchParams.get('checkout')).toBe(checkout.id)
  expect(redirect.pathname).toBe(`/${encodeURIComponent(kept)}/back`)
}, 180_000)

test('an order number is on the subscription of its checkout and on the payment of each of its bills', async () => {
  const frequency = { value: 1, unit: 'MONTHS' }
  const words = { reference: 'abo-1', metadata: METADATA }
  const { checkout } = await createCheckout(gateway.api, { kind: 'SUBSCRIPTION', item: ITEM, frequency, ...words })
  await simulate(gateway.api, checkout.id, 'PAY')
  const query = `query ($id: ID!) { checkout(by: { id: $id }) { subscription { reference metadata
    payments(first: 5) { edges { node { ${PAYMENT} } } } } } }`
  type Subscribed = { payments: { edges: { node: Payment }[] } }
  const { payments, ...subscription } = await eventually(async () => {
    const { checkout: found } = await ask<{ checkout: { subscription: Subscribed | null } }>(query, { id: checkout.id })
    return found.subscription?.payments.edges.length === 1 && found.subscription
  }, WAIT_MS)
  expect(subscription).toEqual(words)
  expect(payments.edges[0]?.node).toMatchObject(words)
  expect(payments.edges[0]?.node.ledgerTransactions.edges[0]?.node.metadata).toEqual({ reference: 'abo-1' })
}, 180_000)

test('a refund has a number and words of its own, and its books and its row have the order number too', async () => {
  const { checkout } = await createCheckout(gateway.api, { item: ITEM, reference: 'order-9', metadata: METADATA })
  await simulate(gateway.api, checkout.id, 'PAY')
  const payment = await paymentOf(checkout.id)
  const mutation = `mutation ($input: RecordRefundInput!) { recordRefund(input: $input) {
    refund { id reference metadata ledgerTransaction { metadata } timeline { payload } } userErrors { code message field } } }`
  const input = { idempotencyKey: randomUUID(), paymentId: payment.id, reason: 'Broken' }
  const words = { reference: 'return-9', metadata: { box: 'B' } }
  const { refund } = await gateway.api.change<{
    refund: { id: string; timeline: { payload: { object: object } }[] }
  }>(mutation, { ...input, ...words })
  expect(refund).toMatchObject({
    ...words,
    ledgerTransaction: { metadata: { reference: 'order-9', refundReference: 'return-9' } },
  })
  expect(refund.timeline[0]?.payload.object).toMatchObject(words)
  expect((await exported()).find(({ paymentId }) => paymentId === refund.id)).toMatchObject({
    reference: 'order-9',
    metadata: METADATA,
    refundReference: 'return-9',
    refundMetadata: { box: 'B' },
  })
  const { ledger } = await ask<{ ledger: { proof: object } }>('{ ledger { proof { balanced } } }')
  expect(ledger.proof).toEqual({ balanced: true })
}, 180_000)

describe('without a reference', () => {
  test('the placeholder in the redirect is empty and the ledger transaction has no metadata', async () => {
    const { checkout } = await createCheckout(gateway.api, {
      item: ITEM,
      successUrl: 'https://shop.example/back?order={{REFERENCE}}&x=1',
    })
    await simulate(gateway.api, checkout.id, 'PAY')
    const payment = await paymentOf(checkout.id)
    expect(payment).toMatchObject({ reference: null, metadata: {} })
    expect(payment.ledgerTransactions.edges).toEqual([{ node: { metadata: {} } }])
    expect((await redirectOf(checkout.url)).search).toBe('?order=&x=1')
  }, 180_000)
})

test.each([
  ['an empty reference', { reference: '  ' }, 'REQUIRED reference'],
  ['a reference of 101 characters', { reference: 'x'.repeat(101) }, 'TOO_LONG reference'],
  ['metadata that is a list', { metadata: ['a'] }, 'INVALID metadata'],
  ['metadata with a value of 501 characters', { metadata: { a: 'x'.repeat(501) } }, 'TOO_LONG metadata.a'],
  ['metadata with an object in it', { metadata: { a: { b: 1 } } }, 'INVALID metadata.a'],
])('a checkout with %s is refused', async (_, words, refusal) => {
  const mutation = `mutation ($input: CreateCheckoutInput!) {
    createCheckout(input: $input) { checkout { id } userErrors { code field } } }`
  const input = { idempotencyKey: randomUUID(), kind: 'PAYMENT', item: ITEM, ...words }
  const { createCheckout: refused } = await ask<{
    createCheckout: { checkout: null; userErrors: { code: string; field: string[] }[] }
  }>(mutation, { input })
  expect(refused.checkout).toBeNull()
  expect(refused.userErrors.map(({ code, field }) => `${code} ${field.join('.')}`)).toEqual([refusal])
})
