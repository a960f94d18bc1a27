import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { CUSTOMER, createCheckout, simulate } from '../support/storefront.ts'

/** What a merchant sees and does over the API with money that did not come as it was asked for. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

interface Seen {
  readonly status: string
  readonly payment: { readonly id: string; readonly status: string } | null
}

const CHECKOUT = `query ($id: ID!) { checkout(by: { id: $id }) { status payment {
  id status amount { amount } settled { currency } suspense { amount } refundable { amount } customer { email }
  ledgerTransactions(first: 5) { edges { node { recipe } } }
  refunds(first: 5) { edges { node { status recorded amount { amount } transactionHash } } } } } }`

const recipes = (...names: string[]) => ({ edges: names.map((recipe) => ({ node: { recipe } })) })

async function comesTo(id: string, status: string): Promise<Seen> {
  return eventually(async () => {
    const { checkout } = await gateway.api.ask<{ checkout: Seen }>(CHECKOUT, { id })
    return checkout.payment?.status === status && checkout
  })
}

async function played(...outcomes: string[]) {
  const { checkout } = await createCheckout(gateway.api)
  for (const outcome of outcomes) {
    await simulate(gateway.api, checkout.id, outcome)
    const { payment } = await comesTo(checkout.id, outcome === 'UNDERPAY' ? 'UNDERPAID' : 'COMPLETED')
    if (outcome === outcomes.at(-1)) return { checkoutId: checkout.id, paymentId: payment?.id ?? '' }
  }
  throw new Error('nothing was played')
}

test('too little is shown with who sent it, and given back outside of the provider', async () => {
  const { checkoutId, paymentId } = await played('UNDERPAY')
  expect(await comesTo(checkoutId, 'UNDERPAID')).toMatchObject({
    status: 'OPEN',
    payment: {
      amount: { amount: '17.99' },
      settled: { currency: 'ETH' },
      suspense: { amount: '17.72' },
      refundable: { amount: '17.99' },
      customer: { email: CUSTOMER.email },
      ledgerTransactions: recipes('paymentSuspended'),
    },
  })
  const { viewer } = await gateway.api.ask<{ viewer: { notifications: string[] } }>('{ viewer { notifications } }')
  expect(viewer.notifications.join()).toContain('1 payment with 17.99 USD arrived with less than the requested amount')
  const input = { paymentId, reason: 'Too little', transactionHash: 'bank 77', idempotencyKey: randomUUID() }
  const record = `mutation ($input: RecordRefundInput!) { recordRefund(input: $input) {
    refund { id status } replayed userErrors { code message } } }`
  const first = await gateway.api.change<{ refund: { id: string } }>(record, input)
  expect(await gateway.api.change(record, input)).toMatchObject({ refund: { id: first.refund.id }, replayed: true })
  const refunds = {
    edges: [{ node: { status: 'COMPLETED', recorded: true, amount: { amount: '17.99' }, transactionHash: 'bank 77' } }],
  }
  const payment = { suspense: { amount: '0.00' }, refundable: { amount: '0.00' }, refunds }
  expect(await comesTo(checkoutId, 'REFUNDED')).toMatchObject({ status: 'OPEN', payment })
  await expectAllSettled(gateway)
})

test('the rest completes the checkout', async () => {
  const { checkoutId } = await played('UNDERPAY', 'PAY')
  expect(await comesTo(checkoutId, 'COMPLETED')).toMatchObject({
    status: 'COMPLETED',
    payment: {
      amount: { amount: '19.99' },
      suspense: { amount: '0.00' },
      refundable: { amount: '19.99' },
      ledgerTransactions: recipes('paymentSettled', 'paymentSuspended'),
    },
  })
  await expectAllSettled(gateway)
})

test('what came late is accepted, and its checkout is paid', async () => {
  const { checkout } = await createCheckout(gateway.api)
  await gateway.api.change(
    `mutation ($input: CancelCheckoutInput!) { cancelCheckout(input: $input) { checkout { status } userErrors { code message } } }`,
    { id: checkout.id },
  )
  await simulate(gateway.api, checkout.id, 'PAY')
  const late = await comesTo(checkout.id, 'PAID_LATE')
  expect(late).toMatchObject({ status: 'CANCELLED', payment: { suspense: { amount: '19.69' } } })
  const waiting = '{ payments(filter: { inSuspense: true }) { edges { node { id } } } }'
  expect(await gateway.api.ask(waiting)).toEqual({ payments: { edges: [{ node: { id: late.payment?.id } }] } })
  const input = { paymentId: late.payment?.id, idempotencyKey: randomUUID() }
  const mutation = `mutation ($input: AcceptPaymentInput!) { acceptPayment(input: $input) {
    payment { status suspense { amount } } replayed userErrors { code message } } }`
  const accepted = { payment: { status: 'PAID_LATE', suspense: { amount: '0.00' } } }
  expect(await gateway.api.change(mutation, input)).toMatchObject({ ...accepted, replayed: false })
  expect(await gateway.api.change(mutation, input)).toMatchObject({ ...accepted, replayed: true })
  expect(await comesTo(checkout.id, 'PAID_LATE')).toMatchObject({ status: 'COMPLETED' })
  await expectAllSettled(gateway)
})
