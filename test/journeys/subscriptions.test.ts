import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import type { Api } from '../support/api.ts'
import { call } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { MONTHLY, type Subscriber, subscriberOf } from '../support/subscriber.ts'

/** Whole lives of subscriptions, on a clock that the test turns. */

const JOURNEY_MS = 60_000
const DAY_MS = 86_400_000

let shop: Shop
let customer: Subscriber
beforeAll(async () => {
  shop = await openShop()
  customer = subscriberOf(shop)
})
afterAll(() => shop.close())

async function settled(): Promise<void> {
  const { databaseUrl } = shop
  const { balanced, breaks } = await shop.app.ledger.proof(shop.owner.tenantId)
  const api = { ask: async () => ({ ledger: { proof: { balanced, breaks } } }) } as Pick<Api, 'ask'> as Api
  await expectAllSettled({ api, databaseUrl })
}

/** Lets time pass up to this moment and a minute more, so that what is due then is done. */
async function until(at: Date | null): Promise<void> {
  if (!at) throw new Error('there is no such moment')
  await shop.pass({ seconds: (at.getTime() - shop.clock.now().getTime()) / 1_000 + 60 })
}

const THIRTY_DAYS_APART = Array.from({ length: 13 }, (_, period) => period * 30)

/** When its bills were made, in days after the first. */
async function daysOfBills(subscriptionId: string): Promise<number[]> {
  const moments = (await customer.billings(subscriptionId)).map(({ billedAt }) => billedAt?.getTime() ?? 0)
  return moments.map((at) => Math.round((at - (moments[0] ?? 0)) / DAY_MS))
}

const day = (at: Date | null) => at?.toISOString().slice(0, 10)

async function end(id: string): Promise<void> {
  await shop.app.subscriptions.forceCancel(call(shop.owner), { id: encodeId('Subscription', id) })
  await shop.pass({ seconds: 60 })
  await customer.stands(id, 'CANCELLED')
}

test('trial, active, low on funds, past due, topped up, active, and cancelled after the least periods', {
  timeout: JOURNEY_MS,
}, async () => {
  const begun = await customer.subscribe({ trialPeriod: { value: 7, unit: 'DAYS' }, minPeriods: 3 })
  const { id } = begun
  expect(begun).toMatchObject({ status: 'TRIAL', completedCycles: 0, minPeriods: 3 })
  expect((begun.trialEndsAt?.getTime() ?? 0) - begun.createdAt.getTime()).toBeGreaterThan(6.9 * 86_400_000)
  expect(await customer.billings(id)).toEqual([])

  await customer.simulate(id, 'CONFIRM')
  await customer.stands(id, 'ACTIVE')
  await until((await customer.row(id)).nextBillingAt)
  await customer.billed(id, 1)

  await customer.simulate(id, 'DRAIN', '12.00')
  await until((await customer.row(id)).nextBillingAt)
  expect(await customer.stands(id, 'LOW_ON_FUNDS')).toMatchObject({ allowanceMinor: 200n, completedCycles: 2 })
  expect(await refusals(customer.simulate(id, 'CANCEL'))).toEqual(['PROVIDER_REFUSED'])

  await until((await customer.row(id)).nextBillingAt)
  await customer.stands(id, 'PAST_DUE')
  expect((await customer.billings(id)).at(-1)).toMatchObject({ sequence: 3, status: 'FAILED', attempts: 1 })
  expect(await customer.postings(id)).toBe(2)

  await customer.simulate(id, 'TOP_UP', '100.00')
  await customer.stands(id, 'ACTIVE')
  const bills = await customer.billed(id, 3)
  expect(bills.at(-1)).toMatchObject({ sequence: 3, status: 'COMPLETED', attempts: 2 })

  await until((await customer.row(id)).minimumCancellationAt)
  await customer.settle()
  await customer.simulate(id, 'CANCEL')
  expect(await customer.row(id)).toMatchObject({ stopped: true })
  await until((await customer.row(id)).nextBillingAt)
  await customer.stands(id, 'CANCELLED')

  const paid = (await customer.billings(id)).length
  await shop.pass({ hours: 24 * 70 })
  await customer.settle()
  expect(await customer.billings(id)).toHaveLength(paid)
  expect(await customer.postings(id)).toBe(paid)
  const states = (await shop.announced(id)).filter((type) => type !== 'subscription.updated')
  expect(states).toEqual([
    'subscription.created',
    'subscription.active',
    'subscription.low_on_funds',
    'subscription.past_due',
    'subscription.active',
    'subscription.cancelled',
  ])
  await settled()
})

test('monthly for a year: twelve bills more, 30 days apart as the provider counts', {
  timeout: JOURNEY_MS,
}, async () => {
  await until(new Date(Date.UTC(shop.clock.now().getUTCFullYear() + 1, 0, 31, 12)))
  const { id } = await customer.subscribe()
  await customer.simulate(id, 'TOP_UP', '100.00')
  for (let month = 1; month <= 12; month++) {
    await until((await customer.row(id)).nextBillingAt)
    await customer.billed(id, month + 1)
  }
  expect(await daysOfBills(id)).toEqual(THIRTY_DAYS_APART)
  await end(id)
  await settled()
})

test('a year in one leap brings its twelve bills, each dated at its own moment', { timeout: JOURNEY_MS }, async () => {
  const { id } = await customer.subscribe()
  await customer.simulate(id, 'TOP_UP', '100.00')
  const first = await customer.row(id)
  await shop.pass({ hours: 24 * 366 })
  await customer.billed(id, 13)
  expect(await daysOfBills(id)).toEqual(THIRTY_DAYS_APART)
  expect(day((await customer.billings(id))[0]?.billedAt ?? null)).toBe(day(first.lastBillingAt))
  expect(await customer.postings(id)).toBe(13)
  await end(id)
  await settled()
})

test('pay as you go: free credits first, then what was used, up to a maximum that the customer raises', {
  timeout: JOURNEY_MS,
}, async () => {
  const calls = { name: 'Calls', description: 'By the call', price: { amount: '0.50', currency: 'USD' } }
  const terms = { kind: 'PAY_AS_YOU_GO', item: calls, frequency: MONTHLY, freeCredits: '5.00' }
  const begun = await customer.subscribe(terms)
  const { id } = begun
  expect(begun).toMatchObject({ usage: 'METERED', status: 'ACTIVE', priceMinor: 50n, freeCreditsMinor: 500n })
  const maximum = begun.maxSpendingMinor ?? 0n
  expect(maximum).toBe(10_000n)

  const report = (units: string) =>
    shop.app.subscriptions.reportUsage(call(shop.owner), { id: encodeId('Subscription', id), units })
  async function period(...units: string[]): Promise<void> {
    for (const each of units) expect(await report(each)).toMatchObject({ problems: [] })
    await until((await customer.row(id)).nextBillingAt)
    await customer.settle()
  }

  await period('4', '2')
  expect(await customer.billings(id)).toEqual([])
  await period('10')
  expect((await customer.billed(id, 1)).map(({ amountMinor }) => amountMinor)).toEqual([300n])
  await period('299.5', '0.5')
  expect((await customer.billed(id, 2)).map(({ amountMinor }) => amountMinor)).toEqual([300n, maximum])
  await customer.simulate(id, 'RAISE_MAXIMUM', '200.00')
  expect(await customer.row(id)).toMatchObject({ maxSpendingMinor: 20_000n })
  await period('300')
  expect((await customer.billed(id, 3)).map(({ amountMinor }) => amountMinor)).toEqual([300n, maximum, 15_000n])
  await period()
  expect(await customer.billings(id)).toHaveLength(3)
  expect(await customer.row(id)).toMatchObject({ unitsMillionths: 0n, completedCycles: 3 })
  await end(id)
  await settled()
})
