import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { createCheckout, simulate } from '../support/storefront.ts'

/** What an accountant reads at the end of a month, of payments that came in more than one transfer. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

type Row = Readonly<Record<string, string | number | null>>

const PERIOD = 'from=2020-01-01&to=2099-12-31'

async function download(format: 'csv' | 'json'): Promise<string> {
  const headers = { authorization: `Bearer ${gateway.key}` }
  return (await fetch(`${gateway.url}/exports/accounting?${PERIOD}&format=${format}`, { headers })).text()
}

const rowsOf = async (checkoutId: string): Promise<Row[]> =>
  (JSON.parse(await download('json')) as Row[]).filter((row) => row.checkoutId === checkoutId)

async function amountIs(id: string, amount: string, status: string): Promise<string> {
  return eventually(async () => {
    const { checkout } = await gateway.api.ask<{
      checkout: { payment: { id: string; status: string; amount: { amount: string } } | null }
    }>('query ($id: ID!) { checkout(by: { id: $id }) { payment { id status amount { amount } } } }', { id })
    return checkout.payment?.status === status && checkout.payment.amount.amount === amount && checkout.payment.id
  })
}

async function accept(paymentId: string): Promise<void> {
  const mutation = `mutation ($input: AcceptPaymentInput!) { acceptPayment(input: $input) { userErrors { code message } } }`
  await gateway.api.change(mutation, { paymentId, idempotencyKey: randomUUID() })
}

async function pass(minutes: number): Promise<void> {
  const mutation = `mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) { userErrors { code message } } }`
  await gateway.api.change(mutation, { by: { value: minutes, unit: 'MINUTES' } })
}

async function suspense(): Promise<string | undefined> {
  const { account } = await gateway.api.ask<{ account: { balance: { amount: string } } | null }>(
    '{ account(by: { externalId: "suspense:qbitflow:USD" }) { balance { amount } } }',
  )
  return account?.balance.amount
}

describe('a payment that came in two transfers', () => {
  test('has a row for each, with its own hash, block and moment, and no row changes once it was exported', async () => {
    const { checkout } = await createCheckout(gateway.api)
    await simulate(gateway.api, checkout.id, 'UNDERPAY')
    const paymentId = await amountIs(checkout.id, '17.99', 'UNDERPAID')
    const before = await download('csv')
    await accept(paymentId)
    await pass(5)
    await simulate(gateway.api, checkout.id, 'PAY')
    await amountIs(checkout.id, '19.99', 'COMPLETED')
    expect((await download('csv')).startsWith(before)).toBe(true)
    const [first, taken, rest, ...more] = await rowsOf(checkout.id)
    expect(more).toEqual([])
    expect(first).toMatchObject({ type: 'one_time', grossAmountUsd: 17.99, suspenseAmount: '17.72', chain: 'Ethereum' })
    expect(taken).toMatchObject({ type: 'acceptance', grossAmountUsd: 0, netAmountUsd: 0, suspenseAmount: '-17.72' })
    expect(rest).toMatchObject({ type: 'one_time', grossAmountUsd: 2, suspenseAmount: '0.00', chain: 'Ethereum' })
    for (const column of ['txHash', 'blockNumberOrSlot', 'txTimeUtc']) expect(rest?.[column]).not.toBe(first?.[column])
    await expectAllSettled(gateway)
  })

  test('has the ids of the export in the API too, and each of them is known there', async () => {
    const { checkout } = await createCheckout(gateway.api)
    await simulate(gateway.api, checkout.id, 'UNDERPAY')
    await amountIs(checkout.id, '17.99', 'UNDERPAID')
    await simulate(gateway.api, checkout.id, 'PAY')
    const paymentId = await amountIs(checkout.id, '19.99', 'COMPLETED')
    const { accounting } = await gateway.api.ask<{ accounting: { edges: { node: Row }[] } }>(
      `{ accounting(from: "2020-01-01", to: "2099-12-31", orderBy: { field: TIME, direction: ASC }) { edges { node {
        paymentId checkoutId type txHash suspenseAmount suspenseCurrency } } } }`,
    )
    const seen = accounting.edges.map(({ node }) => node)
    const file = JSON.parse(await download('json')) as Row[]
    expect(seen).toEqual(
      file.map(({ paymentId, checkoutId, type, txHash, suspenseAmount, suspenseCurrency }) => ({
        ...{ paymentId, checkoutId, suspenseAmount, suspenseCurrency },
        // Exports have the words of accounting programs, the API has an enum.
        type: String(type).toUpperCase(),
        txHash: txHash || null,
      })),
    )
    const own = seen.filter((row) => row.checkoutId === checkout.id)
    expect(own.map((row) => row.paymentId)).toEqual([paymentId, paymentId])
    const { node } = await gateway.api.ask<{ node: object | null }>(
      'query ($id: ID!) { node(id: $id) { __typename } }',
      {
        id: own[1]?.paymentId,
      },
    )
    expect(node).toEqual({ __typename: 'Payment' })
  })
})

test('the suspense amounts of all rows add up to the suspense account', async () => {
  for (const [outcome, amount, status] of [
    ['OVERPAY', '21.98', 'OVERPAID'],
    ['UNDERPAY', '17.99', 'UNDERPAID'],
  ] as const) {
    const { checkout } = await createCheckout(gateway.api)
    await simulate(gateway.api, checkout.id, outcome)
    const paymentId = await amountIs(checkout.id, amount, status)
    if (status === 'OVERPAID') continue
    const refund = { paymentId, reason: 'Too little', amount: { amount: '10.00', currency: 'USD' } }
    await gateway.api.change(
      'mutation ($input: RecordRefundInput!) { recordRefund(input: $input) { userErrors { code message } } }',
      { ...refund, idempotencyKey: randomUUID() },
    )
    expect((await rowsOf(checkout.id)).map((row) => row.suspenseAmount)).toEqual(['17.72', '-10.00'])
  }
  const cents = (JSON.parse(await download('json')) as Row[]).map((row) => Math.round(Number(row.suspenseAmount) * 100))
  const sum = cents.reduce((total, one) => total + one, 0)
  expect(sum).toBe(772 + 196)
  const { viewer } = await gateway.api.ask<{ viewer: { notifications: string[] } }>('{ viewer { notifications } }')
  expect(viewer.notifications.join()).toContain(': 1.99 USD too much')
  expect(await suspense()).toBe((sum / 100).toFixed(2))
})

test('the rows of a subscription say who pays and what for, as do those of their refunds', async () => {
  const { checkout } = await createCheckout(gateway.api, {
    kind: 'SUBSCRIPTION',
    item: { name: 'Tea', description: 'A box each month', price: { amount: '15.00', currency: 'USD' } },
    frequency: { value: 1, unit: 'MONTHS' },
  })
  await simulate(gateway.api, checkout.id, 'PAY')
  const rows = () => download('json').then((text) => (JSON.parse(text) as Row[]).filter(isTea))
  const isTea = ({ productName }: Row) => productName === 'Tea'
  const [first] = await eventually(async () => (await rows()).length > 0 && (await rows()))
  await pass(31 * 24 * 60)
  await gateway.api.change(
    'mutation ($input: RecordRefundInput!) { recordRefund(input: $input) { userErrors { code message } } }',
    { paymentId: first?.paymentId, reason: 'Stale', idempotencyKey: randomUUID() },
  )
  const all = await eventually(async () => (await rows()).length === 3 && (await rows()))
  expect(all.map(({ type }) => type)).toEqual(['subscription', 'subscription', 'refund'])
  for (const row of all) {
    expect(row).toMatchObject({
      productDescription: 'A box each month',
      customerUuid: expect.stringMatching(/^cust_/),
      customerEmail: 'ada@example.com',
    })
  }
  // A bill whose money was heard of before its subscription has no customer itself.
  await look(gateway.databaseUrl, `UPDATE payment SET customer_id = NULL WHERE subscription_id IS NOT NULL RETURNING 1`)
  expect(await rows()).toEqual(all)
})
