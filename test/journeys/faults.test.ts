import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ADA, ITEM, openShop, type Shop } from '../support/shop.ts'
import { subscriberOf } from '../support/subscriber.ts'

/** The shipped faults, pointed at our own gateway: nothing is doubled, nothing is lost, and doubt is resolved by asking. */

const CALL_FAULTS = [
  'LOSE_ANSWER_BEFORE',
  'LOSE_ANSWER_AFTER',
  'SERVER_ERROR',
  'RATE_LIMITED',
  'MALFORMED_JSON',
  'TRUNCATED_JSON',
]
const WEBHOOK_FAULTS = ['DUPLICATE_WEBHOOK', 'REORDER_WEBHOOKS', 'WRONG_SIGNATURE']

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const inject = (kind: string, more: object = {}) =>
  shop.app.faults.inject(call(shop.owner), { provider: 'QBITFLOW', kind, ...more })

/** Lets questions and notifications become due until the checkout stands there. */
async function stands(id: string, status: string): Promise<void> {
  await eventually(async () => {
    await shop.pass({ seconds: 30 })
    await shop.app.inbox.applyDue()
    await shop.poll()
    return (await shop.checkout(id)).status === status
  })
}

/** The fault has struck, and the payment is there once. */
async function expectPaidOnce(id: string, armed: number): Promise<void> {
  const [left] = await shop.app.faults.list(shop.owner, 'QBITFLOW')
  expect(left?.times ?? 0).toBeLessThan(armed)
  const payments = await shop.app.db.prisma.payment.findMany({ where: { checkoutId: id } })
  expect(payments.map(({ status }) => status)).toEqual(['COMPLETED'])
  const causeId = payments[0]?.id ?? ''
  expect(await shop.app.db.prisma.ledgerTransaction.count({ where: { causeId } })).toBe(1)
  expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  await shop.app.faults.clear(call(shop.owner), { provider: 'QBITFLOW' })
}

const play = (id: string) =>
  shop.app.checkouts.simulate(call(shop.owner), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA })

describe.each(CALL_FAULTS)('%s', (kind) => {
  test('at the opening of a checkout leaves one page, which is paid once', async () => {
    await inject(kind, { operation: 'POST /transaction/session-checkout*', times: 2 })
    const input = { kind: 'PAYMENT', item: ITEM }
    const wish = call(shop.owner, randomUUID(), input)
    const { id } = await shop.app.checkouts.create(wish, input)
    await stands(id, 'OPEN')
    const repeated = await shop.app.checkouts.create(wish, input)
    expect(repeated).toMatchObject({ id, replayed: true })
    await play(id)
    await stands(id, 'COMPLETED')
    await expectPaidOnce(id, 2)
  })

  test('at the questions about a payment only delays it', async () => {
    const { id } = await shop.open()
    await inject(kind, { operation: 'GET /transaction/*', times: 4 })
    await play(id)
    await stands(id, 'COMPLETED')
    await expectPaidOnce(id, 4)
  })

  test('at every third call, by chance from a seed, lets no bill of a year be lost or doubled', async () => {
    const subscriber = subscriberOf(shop)
    const { id } = await subscriber.subscribe()
    await subscriber.simulate(id, 'TOP_UP', '500.00')
    await inject(kind, { operation: 'GET /*', probability: 0.3, seed: kind })
    const input = { by: { value: 12, unit: 'MONTHS' } }
    await shop.app.testClock.advance(call(shop.owner), input)
    await shop.app.faults.clear(call(shop.owner), { provider: 'QBITFLOW' })
    const bills = await subscriber.billed(id, 13)
    const first = bills[0]?.billedAt?.getTime() ?? 0
    const days = bills.map(({ billedAt }) => Math.round(((billedAt?.getTime() ?? 0) - first) / 86_400_000))
    expect(days).toEqual(Array.from({ length: 13 }, (_, period) => period * 30))
    expect(await subscriber.postings(id)).toBe(13)
    expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
    await shop.app.sandbox.reset(call(shop.owner), { provider: 'QBITFLOW' })
  })
})

describe.each(WEBHOOK_FAULTS)('%s', (kind) => {
  test('of the webhooks of a payment settles it once all the same', async () => {
    await inject(kind, { times: 3 })
    const { id } = await shop.open()
    await play(id)
    await stands(id, 'COMPLETED')
    await expectPaidOnce(id, 3)
  })
})

test.each([
  ['UNDERPAY', 'UNDERPAID', 1],
  ['OVERPAY', 'OVERPAID', 1],
])('%s makes a payment %s, posted %s times', async (kind, status, postings) => {
  await inject(kind)
  const { id } = await shop.open()
  await play(id)
  const payment = await eventually(async () => {
    await shop.pass({ seconds: 30 })
    await shop.app.inbox.applyDue()
    await shop.poll()
    const found = await shop.payment(id)
    return found?.status === status && found
  })
  expect(await shop.app.db.prisma.ledgerTransaction.count({ where: { causeId: payment.id } })).toBe(postings)
  expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
})
