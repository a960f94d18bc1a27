import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createGraphql } from '../../src/graphql/yoga.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { openDoorTo } from '../graphql/door.ts'
import { type Api, apiOf } from '../support/api.ts'
import { call } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'
import { tellingDesk } from '../support/telling.ts'

/** What payments brought by day and month, held against the entries of the books. Berlin's clocks change on 2027-03-28. */

let shop: Shop
let api: Api
let door: Awaited<ReturnType<typeof openDoorTo>>
let desk: ReturnType<typeof tellingDesk>
let books: ReturnType<typeof suspenseDesk>

/** Lets time pass up to a moment. */
function until(moment: string): void {
  shop.clock.turn({ seconds: (new Date(moment).getTime() - shop.clock.now().getTime()) / 1_000 })
}

beforeAll(async () => {
  shop = await openShop()
  desk = tellingDesk(shop)
  books = suspenseDesk(shop)
  const { secret: key = '' } = await shop.app.keys.create(call(shop.owner), { name: 'reader', role: 'OWNER' })
  const options = { corsOrigins: [], publicUrl: 'http://tollgate.test', graphiql: false, introspection: true }
  door = await openDoorTo(createGraphql(shop.app, options))
  api = apiOf(door.url.replace('/graphql', ''), key)
  await mixedHistory()
})
afterAll(async () => {
  await door?.close()
  await shop?.close()
})

/** 23:59 and 0:00 of Berlin's days around the change of its clocks, each with money that comes, goes and waits. */
async function mixedHistory(): Promise<void> {
  until('2027-03-27T22:59:00Z')
  const first = await desk.arrive(await desk.open(), 1_999n, 30n)
  until('2027-03-27T23:00:00Z')
  const over = await desk.arrive(await desk.open(), 2_500n, 38n)
  await books.accept(over)
  const short = await desk.open()
  await desk.arrive(short, 500n, 8n)
  until('2027-03-28T21:59:00Z')
  await desk.arrive(short, 1_999n, 30n)
  until('2027-03-28T22:00:00Z')
  const seller = await shop.seller(1_000)
  const late = await desk.open(seller)
  await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', late) })
  await desk.arrive(late, 1_999n)
  await books.giveBack(first, { amount: { amount: '5.00', currency: 'USD' } })
  until('2027-03-31T22:30:00Z')
  await desk.tell(first, 45n)
  await desk.unclaimed('nobody-asked', 700n)
}

const SUMS = 'gross { amount } refunded { amount } fees { amount } organizationFees { amount } net { amount }'

interface Stat {
  readonly day?: string
  readonly month?: string
  readonly gross: readonly { readonly amount: string }[]
  readonly refunded: readonly { readonly amount: string }[]
  readonly fees: readonly { readonly amount: string }[]
  readonly organizationFees: readonly { readonly amount: string }[]
  readonly net: readonly { readonly amount: string }[]
}

async function stats(args: string, selection = ''): Promise<Stat[]> {
  return (await api.ask<{ revenueStats: Stat[] }>(`{ revenueStats(${args}) { ${selection} ${SUMS} } }`)).revenueStats
}

const shown = (one: Stat) => [one.gross, one.refunded, one.fees, one.net].map(([sum]) => sum?.amount)

test('each day of a time zone has its own money, also on the day on which its clocks change', async () => {
  const days = await stats('groupBy: [DAY], timezone: "Europe/Berlin"', 'day')
  expect(days.map((one) => [one.day, ...shown(one)])).toEqual([
    ['2027-03-27', '19.99', '0.00', '0.30', '19.69'],
    ['2027-03-28', '44.99', '0.00', '0.68', '44.31'],
    ['2027-03-29', '19.99', '5.00', '0.00', '14.99'],
    ['2027-04-01', '7.00', '0.00', '0.15', '6.85'],
  ])
})

test('months add up to the whole, in each time zone', async () => {
  const [whole] = await stats('groupBy: []')
  expect(whole && shown(whole)).toEqual(['91.97', '5.00', '1.13', '85.84'])
  const berlin = await stats('groupBy: [MONTH], timezone: "Europe/Berlin"', 'month')
  expect(berlin.map((one) => [one.month, one.net[0]?.amount])).toEqual([
    ['2027-03', '78.99'],
    ['2027-04', '6.85'],
  ])
  const utc = await stats('groupBy: [MONTH, PROVIDER, CURRENCY], provider: QBITFLOW', 'month')
  expect(utc.map((one) => [one.month, one.net[0]?.amount])).toEqual([['2027-03', '85.84']])
})

test('every amount is the sum of the entries of its accounts, and of the payments and refunds that they are for', async () => {
  const { db, ledger } = shop.app
  expect((await ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  const accounts = await db.prisma.account.findMany({ where: { tenantId: shop.owner.tenantId, currency: 'USD' } })
  const balance = (name: string) =>
    accounts.find(({ externalId }) => externalId === `${name}:qbitflow:USD`)?.balance ?? 0n
  const [whole] = await stats('groupBy: []')
  const minor = (sums: readonly { readonly amount: string }[] = []) => BigInt((sums[0]?.amount ?? '0').replace('.', ''))
  expect(minor(whole?.gross) - minor(whole?.refunded)).toBe(-balance('customers'))
  expect(minor(whole?.fees)).toBe(balance('fees'))
  expect(minor(whole?.organizationFees)).toBe(balance('organization-fees'))
  const payments = await db.prisma.payment.findMany({ where: { tenantId: shop.owner.tenantId } })
  const sum = (of: (payment: (typeof payments)[number]) => bigint | null) =>
    payments.reduce((total, payment) => total + (of(payment) ?? 0n), 0n)
  expect([minor(whole?.gross), minor(whole?.refunded), minor(whole?.fees)]).toEqual([
    sum(({ amountMinor }) => amountMinor),
    sum(({ refundedMinor }) => refundedMinor),
    sum(({ providerFeeMinor }) => providerFeeMinor),
  ])
})

test('a part of time is counted alone, in one statement, and what the merchant moves otherwise is not', async () => {
  const query = vi.spyOn(shop.app.db.long, 'query')
  const args = 'groupBy: [], from: "2027-03-27T23:00:00Z", before: "2027-03-28T22:00:00Z"'
  const [part] = await stats(args)
  expect(query).toHaveBeenCalledOnce()
  query.mockRestore()
  expect(part && shown(part)).toEqual(['44.99', '0.00', '0.68', '44.31'])
})

test('payments are counted by provider and by why they failed', async () => {
  const before = (await stats('groupBy: []'))[0]
  const { id } = await shop.open()
  await shop.play(id, 'FAIL')
  await shop.poll()
  const failed = await shop.reaches(id, 'FAILED')
  const { paymentStats } = await api.ask<{ paymentStats: object[] }>(
    '{ paymentStats(groupBy: [PROVIDER, REASON]) { provider reason count succeeded failed successRate } }',
  )
  expect(paymentStats).toEqual(
    expect.arrayContaining([
      { provider: 'QBITFLOW', reason: failed.message ?? 'FAILED', count: 1, succeeded: 0, failed: 1, successRate: 0 },
      { provider: 'QBITFLOW', reason: null, count: 5, succeeded: 5, failed: 0, successRate: 1 },
    ]),
  )
  expect((await stats('groupBy: []'))[0]).toEqual(before)
})
