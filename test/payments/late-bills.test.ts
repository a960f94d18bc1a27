import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import { ADA, openShop, type Shop } from '../support/shop.ts'
import { type Subscriber, subscriberOf } from '../support/subscriber.ts'
import { suspenseDesk } from '../support/suspense.ts'

/** Money that comes for what has ended here, or before we know what it is for, as the provider's list tells of it. */

const MONTH = { hours: 31 * 24 }

let shop: Shop
let gym: Subscriber
let books: ReturnType<typeof suspenseDesk>
beforeEach(async () => {
  // Each test in a shop of its own, since subscriptions go on being billed.
  shop = await openShop()
  gym = subscriberOf(shop)
  books = suspenseDesk(shop)
  await books.begin()
})
afterEach(() => shop.close())

/** Looks through what the provider has received, twice: the second look finds nothing new. */
async function look(): Promise<void> {
  for (let time = 0; time < 2; time++) {
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
  }
}

const payments = (where: object): Promise<PaymentRow[]> =>
  shop.app.db.prisma.payment.findMany({ where, orderBy: { settledAt: 'asc' } })

/** Opens a page at the provider as another program with the same account would, and pays it. */
async function paidElsewhere(kind: 'payment' | 'subscription', more: object = {}): Promise<string> {
  const item = { productName: 'A poster', description: 'Sold by another program', price: 12, ...more }
  const { uuid } = await books.atProvider(`/v1/transaction/session-checkout/new/${kind}`, item)
  const externalId = uuid.slice(uuid.indexOf('@') + 1)
  const customer = { ...ADA, email: `${externalId}@y.example` }
  await books.atProvider(`/_sandbox/sessions/${externalId}/play`, { outcome: 'PAY', customer })
  await shop.pass({ seconds: 15 })
  return externalId
}

describe('a bill of a subscription', () => {
  test('that had ended here is late: its money waits in suspense, once, until it is accepted', async () => {
    const { id, tenantId } = await gym.subscribe()
    await books.begin()
    // We heard that it had ended, and the provider bills on all the same.
    const now = shop.clock.now()
    const ended = { status: 'CANCELLED' as const, cancelledAt: now, nextBillingAt: null, nextCheckAt: null }
    await shop.app.db.prisma.subscription.update({ where: { tenantId_id: { tenantId, id } }, data: ended })
    await shop.pass(MONTH)
    await look()
    const [, late, ...more] = await payments({ subscriptionId: id })
    expect([late, more]).toMatchObject([{ status: 'PAID_LATE', amountMinor: 1_000n, suspenseMinor: 985n }, []])
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1_000n,
      'fees:qbitflow': 15n,
      'suspense:qbitflow': 985n,
    })
    expect((await gym.row(id)).status).toBe('CANCELLED')
    expect(await books.notifications()).toContain('after the checkout or billing had ended')
    await books.accept(late as PaymentRow)
    expect((await books.gained())['organization:qbitflow']).toBe(985n)
    await books.expectProven()
  })

  test('that nothing here knows waits in suspense, and so does each one after it', async () => {
    await paidElsewhere('subscription', { frequency: { value: 1, unit: 'months' } })
    await look()
    expect(await books.gained()).toMatchObject({ 'suspense:qbitflow': 1_182n })
    await shop.pass(MONTH)
    await look()
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -2_400n,
      'fees:qbitflow': 36n,
      'suspense:qbitflow': 2_364n,
    })
    const found = await payments({ description: 'A poster' })
    expect(found).toMatchObject([1, 2].map(() => ({ source: 'SUBSCRIPTION', subscriptionId: null, billingId: null })))
    await books.expectProven()
  })
})

test('a checkout whose page was paid before we knew the page takes the payment over', async () => {
  const externalId = await paidElsewhere('payment')
  await look()
  const [before] = await payments({ externalId })
  expect(before).toMatchObject({ checkoutId: null, suspenseMinor: 1_182n })
  const item = { name: 'A poster', description: 'Sold here', price: { amount: '12', currency: 'USD' } }
  const { id } = await shop.open({ item })
  const where = { tenantId_id: { tenantId: shop.owner.tenantId, id } }
  // The answer that named the page came only now.
  await shop.app.db.prisma.checkout.update({ where, data: { externalId } })
  await shop.poll()
  expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
  const taken = await payments({ externalId })
  expect(taken).toMatchObject([{ id: before?.id, checkoutId: id, status: 'COMPLETED', suspenseMinor: 0n }])
  expect(await books.gained()).toEqual({
    'customers:qbitflow': -1_200n,
    'fees:qbitflow': 18n,
    'organization:qbitflow': 1_182n,
  })
  await look()
  expect((await books.gained())['organization:qbitflow']).toBe(1_182n)
  await books.expectProven()
})
