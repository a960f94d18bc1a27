import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { createCheckout, simulate } from '../support/storefront.ts'

/** A basket with a discount and a tax, paid at the second attempt, found by whatever support has, and given back twice. */

const WAIT_MS = 60_000

let gateway: OpenGateway
let receiver: Receiver
beforeAll(async () => {
  gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
  receiver = await openReceiver()
  await gateway.api.change(
    'mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { userErrors { message } } }',
    { url: receiver.url, kind: 'EVENT', types: ['payment.completed', 'refund.completed'] },
  )
})
afterAll(async () => {
  await gateway.stop()
  await receiver.close()
})

const ask = <Data>(query: string, variables: object = {}) => gateway.api.ask<Data>(query, variables)

interface Shop {
  readonly provider: string
  readonly currency: string
  /** A price of so many hundreds, in the currency. */
  readonly price: (hundreds: number) => { readonly amount: string; readonly currency: string }
  readonly refund: 'createRefund' | 'recordRefund'
}

function shop(provider: string, currency: string, digits: number, refund: Shop['refund']): Shop {
  const price = (hundreds: number) => ({ amount: (hundreds * 100).toFixed(digits), currency })
  return { provider, currency, price, refund }
}

interface Payment {
  readonly id: string
  readonly transactionHash: string | null
  readonly providerId: string
}

const CHECKOUT = `query ($id: ID!) { checkout(by: { id: $id }) {
  status url subtotal { amount } total { amount } items { name quantity total { amount } } discounts { name amount { amount } }
  taxes { name amount { amount } } attempts { number status } payment { id status transactionHash providerId }
} }`

interface Checkout {
  readonly status: string
  readonly url: string
  readonly attempts: readonly { readonly number: number; readonly status: string }[]
  readonly payment: (Payment & { readonly status: string }) | null
}

function checkoutOnce(id: string, ready: (checkout: Checkout) => boolean): Promise<Checkout> {
  return eventually(async () => {
    const { checkout } = await ask<{ checkout: Checkout }>(CHECKOUT, { id })
    return ready(checkout) && checkout
  }, WAIT_MS)
}

async function buy({ provider, price }: Shop, reference: string) {
  return createCheckout(gateway.api, {
    provider,
    reference,
    metadata: { cart: reference, gift: true },
    items: [
      { name: 'Mug', price: price(3), quantity: 3 },
      { name: 'Tea', description: 'Green', price: price(5) },
      { name: 'Card', price: price(0.5), quantity: 2 },
    ],
    discounts: [{ name: 'Welcome', amount: price(1) }],
    taxes: [{ name: 'Sales tax', amount: price(0.7) }],
    successUrl: 'https://shop.example/thanks?order={{REFERENCE}}',
  })
}

/** Fails once, and pays on the page that the next attempt has. */
async function payAtSecondAttempt(id: string): Promise<{ payment: Payment; page: string }> {
  await simulate(gateway.api, id, 'FAIL')
  await checkoutOnce(id, ({ attempts, status }) => status === 'OPEN' && attempts[0]?.status === 'FAILED')
  const retry = 'mutation ($input: RetryCheckoutInput!) { retryCheckout(input: $input) { userErrors { message } } }'
  await gateway.api.change(retry, { id, idempotencyKey: randomUUID() })
  await simulate(gateway.api, id, 'PAY')
  // The fields of one answer are read one after the other.
  const paid = await checkoutOnce(id, (found) =>
    [found, found.payment, found.attempts[1]].every((each) => each?.status === 'COMPLETED'),
  )
  expect(paid.attempts.map(({ number, status }) => `${number} ${status}`)).toEqual(['1 FAILED', '2 COMPLETED'])
  return { payment: paid.payment as Payment, page: paid.url }
}

async function idsOf(filter: object): Promise<string[]> {
  const query = 'query ($filter: PaymentFilter!) { payments(first: 10, filter: $filter) { edges { node { id } } } }'
  const { payments } = await ask<{ payments: { edges: { node: { id: string } }[] } }>(query, { filter })
  return payments.edges.map(({ node }) => node.id)
}

async function searched(text: string): Promise<string[]> {
  const query = 'query ($text: String!) { search(text: $text, first: 10) { edges { node { ... on Node { id } } } } }'
  const { search } = await ask<{ search: { edges: { node: { id: string } }[] } }>(query, { text })
  return search.edges.map(({ node }) => node.id)
}

async function giveBack({ refund, price }: Shop, payment: Payment, hundreds: number, reference: string): Promise<void> {
  const name = refund === 'createRefund' ? 'CreateRefundInput' : 'RecordRefundInput'
  const mutation = `mutation ($input: ${name}!) { ${refund}(input: $input) { refund { id } userErrors { message } } }`
  const input = { paymentId: payment.id, amount: price(hundreds), reason: 'Broken', reference }
  const { refund: made } = await gateway.api.change<{ refund: { id: string } }>(mutation, {
    idempotencyKey: randomUUID(),
    ...input,
  })
  const query = 'query ($id: ID!) { refund(by: { id: $id }) { status ledgerTransaction { metadata } } }'
  type Found = { refund: { status: string; ledgerTransaction: { metadata: object } | null } }
  const done = await eventually(async () => {
    const found = (await ask<Found>(query, { id: made.id })).refund
    return found.status === 'COMPLETED' && found
  }, WAIT_MS)
  expect(done.ledgerTransaction?.metadata).toMatchObject({ refundReference: reference })
}

async function exported(): Promise<Record<string, unknown>[]> {
  const { viewer } = await ask<{ viewer: { testClock: string } }>('{ viewer { testClock } }')
  const url = `${gateway.url}/exports/accounting?from=2020-01-01&to=${viewer.testClock.slice(0, 10)}&format=json`
  return (await fetch(url, { headers: { authorization: `Bearer ${gateway.key}` } })).json() as never
}

test.each([
  ['its customer asks for on QBITFLOW, and that are recorded', shop('QBITFLOW', 'USD', 2, 'recordRefund')],
  ['the shop issues through a provider that can', shop('MADE_UP', 'JPY', 0, 'createRefund')],
])(
  'a basket is sold, found again and given back in two parts that %s',
  async (_, sale) => {
    const reference = `Order ${sale.provider} 4711`
    const { checkout } = await buy(sale, reference)
    const told = (await ask<{ checkout: object }>(CHECKOUT, { id: checkout.id })).checkout
    const amount = (hundreds: number) => ({ amount: sale.price(hundreds).amount })
    expect(told).toMatchObject({
      subtotal: amount(15),
      total: amount(14.7),
      items: [
        { name: 'Mug', quantity: 3, total: amount(9) },
        { name: 'Tea', quantity: 1, total: amount(5) },
        { name: 'Card', quantity: 2, total: amount(1) },
      ],
      discounts: [{ name: 'Welcome', amount: amount(1) }],
      taxes: [{ name: 'Sales tax', amount: amount(0.7) }],
    })
    const { payment } = await payAtSecondAttempt(checkout.id)

    const found = [payment.id]
    expect(await idsOf({ reference })).toEqual(found)
    expect(await idsOf({ metadata: [{ key: 'cart', value: reference }] })).toEqual(found)
    expect(await idsOf({ customerEmail: 'ADA@example.com', currency: sale.currency })).toEqual(found)
    if (payment.transactionHash !== null)
      expect(await idsOf({ transactionHash: payment.transactionHash })).toEqual(found)
    expect(await searched(payment.providerId)).toContain(payment.id)
    expect(await searched(reference)).toEqual(expect.arrayContaining([payment.id, checkout.id]))

    await giveBack(sale, payment, 4, 'return-1')
    await giveBack(sale, payment, 0.5, 'return-2')
    const left =
      'query ($id: ID!) { payment(by: { id: $id }) { refundable { amount } ledgerTransactions(first: 9) { edges { node { metadata } } } } }'
    type Left = { payment: { refundable: object; ledgerTransactions: { edges: { node: { metadata: object } }[] } } }
    const after = (await ask<Left>(left, { id: payment.id })).payment
    expect(after.refundable).toEqual(amount(10.2))
    expect(after.ledgerTransactions.edges.length).toBeGreaterThan(0)
    for (const { node } of after.ledgerTransactions.edges) expect(node.metadata).toMatchObject({ reference })

    const heard = await eventually(async () => {
      const bodies = receiver.heard.map(({ body }) => JSON.parse(body))
      return bodies.find(({ data }) => data.object.id === payment.id)
    }, WAIT_MS)
    expect(heard.data.object).toMatchObject({ reference, metadata: { cart: reference } })
    const row = (await exported()).find(({ paymentId }) => paymentId === payment.id)
    expect(row).toMatchObject({ reference, metadata: { cart: reference, gift: true } })
    const { ledger } = await ask<{ ledger: { proof: object } }>('{ ledger { proof { balanced breaks { message } } } }')
    expect(ledger.proof).toEqual({ balanced: true, breaks: [] })
  },
  180_000,
)
