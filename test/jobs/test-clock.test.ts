import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { openDesk } from '../ledger/desk.ts'
import { call, eventually, openApp } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { type Subscriber, subscriberOf } from '../support/subscriber.ts'
import { newTenant } from '../support/tenant.ts'

let shop: Shop
let subscriber: Subscriber

beforeAll(async () => {
  shop = await openShop()
  subscriber = subscriberOf(shop)
})
afterAll(() => shop.close())

const now = () => shop.app.clocks.now(shop.owner.tenantId)
const advance = (input: object, key?: string, app: App = shop.app) =>
  app.testClock.advance(call(shop.owner, key, input), input)

async function timesOf(subscriptionId: string): Promise<string[]> {
  const bills = await subscriber.billings(subscriptionId)
  return bills.map((bill) => bill.billedAt?.toISOString() ?? 'open')
}

describe('a test clock that is turned', () => {
  test('by a year has billed twelve periods, each on its day, and each bill was heard before the next', async () => {
    const start = new Date('2027-01-31T09:00:00Z')
    await advance({ to: start })
    const { id } = await subscriber.subscribe()
    const allowance = await subscriber.simulate(id, 'TOP_UP', '500.00')
    expect(allowance.problems ?? []).toEqual([])
    await advance({ by: { value: 1, unit: 'YEARS' } })
    const days = (await timesOf(id)).map((at) => at.slice(0, 10))
    expect(days).toEqual([
      '2027-01-31',
      '2027-03-02',
      '2027-04-01',
      '2027-05-01',
      '2027-05-31',
      '2027-06-30',
      '2027-07-30',
      '2027-08-29',
      '2027-09-28',
      '2027-10-28',
      '2027-11-27',
      '2027-12-27',
      '2028-01-26',
    ])
    const where = { entityKind: 'Billing', type: 'billing.succeeded' }
    const heard = await shop.app.db.prisma.event.findMany({ where, orderBy: { cursor: 'asc' } })
    const bills = await subscriber.billings(id)
    expect(heard.map((event) => event.entityId)).toEqual(bills.map((bill) => bill.id))
    heard.forEach((event, index) => {
      const next = bills[index + 1]?.billedAt
      if (next) expect(event.at < next).toBe(true)
    })
    expect(await subscriber.postings(id)).toBe(13)
  })

  test('lets a hold expire at its moment', async () => {
    const desk = await openDesk(shop.app, shop.owner)
    const [payer, seller] = [await desk.account(), await desk.account()]
    await desk.fund(payer, '50.00 USD')
    const expiresAt = new Date((await now()).getTime() + 10 * 86_400_000)
    const hold = await desk.hold(payer, '20.00 USD', [[seller, '20.00 USD']], { expiresAt })
    await advance({ by: { value: 4, unit: 'WEEKS' } })
    const where = { entityId: hold, type: 'ledger.hold_expired' }
    const expired = await shop.app.db.prisma.event.findFirst({ where })
    expect(expired?.at.getTime()).toBeGreaterThanOrEqual(expiresAt.getTime())
    expect((expired?.at.getTime() ?? 0) - expiresAt.getTime()).toBeLessThan(60_000)
  })

  test('leaves the clock of every other tenant alone', async () => {
    const other = await newTenant(shop.app.db)
    const before = await shop.app.clocks.now(other.tenantId)
    await advance({ by: { value: 1, unit: 'DAYS' } })
    const apart = (await shop.app.clocks.now(other.tenantId)).getTime() - before.getTime()
    expect(apart).toBeLessThan(3_600_000)
  })

  test('by two at once stands at the later moment', async () => {
    const from = await now()
    const [sooner, later] = [2, 5].map((days) => new Date(from.getTime() + days * 86_400_000))
    await Promise.all([advance({ to: later }), advance({ to: sooner })])
    expect((await now()).getTime()).toBeGreaterThanOrEqual(later?.getTime() ?? 0)
    expect((await now()).getTime()).toBeLessThan((later?.getTime() ?? 0) + 3_600_000)
  })

  test('under the same key twice is turned once', async () => {
    const from = await now()
    const input = { by: { value: 3, unit: 'DAYS' } }
    const [first, second] = [await advance(input, 'turn-1'), await advance(input, 'turn-1')]
    expect([first.replayed, second.replayed]).toEqual([false, true])
    expect((await now()).getTime() - from.getTime()).toBeLessThan(4 * 86_400_000)
  })
})

describe('a test clock is refused', () => {
  test.each([
    ['a moment that has passed', { to: new Date('2020-01-01T00:00:00Z') }, 'OUT_OF_RANGE to'],
    ['a moment beyond the year 2099', { to: new Date('2100-01-01T00:00:01Z') }, 'OUT_OF_RANGE to'],
    ['the last year there is', { to: new Date('9999-06-01T00:00:00Z') }, 'OUT_OF_RANGE to'],
    ['a step beyond the year 2099', { by: { value: 80, unit: 'YEARS' } }, 'OUT_OF_RANGE by'],
    ['no time', { by: { value: 0, unit: 'DAYS' } }, 'OUT_OF_RANGE by.value'],
    ['a step back', { by: { value: -1, unit: 'DAYS' } }, 'OUT_OF_RANGE by.value'],
    ['more years than there are', { by: { value: 2_000_000_000, unit: 'YEARS' } }, 'OUT_OF_RANGE by'],
    ['neither a moment nor a duration', {}, 'REQUIRED to'],
    ['both', { to: new Date('2090-01-01T00:00:00Z'), by: { value: 1, unit: 'DAYS' } }, 'REQUIRED to'],
  ])('%s', async (_what, input, refusal) => {
    const before = await now()
    expect(await refusals(advance(input))).toEqual([refusal])
    expect((await now()).getTime() - before.getTime()).toBeLessThan(60_000)
  })

  test('in live mode', async () => {
    const live = await shop.actor('LIVE')
    const input = { by: { value: 1, unit: 'DAYS' } }
    expect(await refusals(shop.app.testClock.advance(call(live), input))).toEqual(['UNSUPPORTED'])
  })
})

test('a clock whose node has died half way is turned on by the next one', async () => {
  const { tenantId } = shop.owner
  const target = new Date((await now()).getTime() + 40 * 86_400_000)
  const leased = new Date(shop.clock.now().getTime() + 30_000)
  // As a node leaves it that was killed: on its way, and leased.
  const data = { clockTargetAt: target, clockLeasedUntil: leased }
  await shop.app.db.prisma.tenant.update({ where: { id: tenantId }, data })
  const next = await openApp(shop.databaseUrl, { clock: shop.clock })
  try {
    const schedule = next.schedules.find(({ name }) => name === 'test clock')
    await schedule?.run()
    expect(await next.clocks.now(tenantId)).toBeInstanceOf(Date)
    expect((await next.clocks.now(tenantId)) < target).toBe(true)
    shop.clock.turn({ seconds: 31 })
    await schedule?.run()
    const tenant = () => next.db.prisma.tenant.findUniqueOrThrow({ where: { id: tenantId } })
    await eventually(async () => (await tenant()).clockTargetAt === null, 15_000)
    expect((await next.clocks.now(tenantId)) >= target).toBe(true)
  } finally {
    await next.close()
  }
})

test('a node that closes leaves the clock where it is, and the next one goes on from there', async () => {
  const first = await openApp(shop.databaseUrl, { clock: shop.clock })
  const target = new Date((await now()).getTime() + 3_000 * 86_400_000)
  await subscriber.subscribe()
  const asked = first.testClock.advance(call(shop.owner), { to: target }).catch(() => {})
  await eventually(async () => (await tenant()).clockTargetAt !== null)
  await sleep(100)
  await first.close()
  await asked
  const left = await now()
  expect(left < target).toBe(true)
  const { clockTargetAt, clockLeasedUntil } = await tenant()
  expect([clockTargetAt?.getTime(), clockLeasedUntil]).toEqual([target.getTime(), null])
  await shop.app.db.prisma.tenant.update({
    where: { id: shop.owner.tenantId },
    data: { clockTargetAt: new Date(left.getTime() + 35 * 86_400_000) },
  })
  await shop.app.schedules.find(({ name }) => name === 'test clock')?.run()
  await eventually(async () => (await tenant()).clockTargetAt === null, 15_000)
  expect((await now()).getTime() - left.getTime()).toBeGreaterThanOrEqual(35 * 86_400_000)

  function tenant() {
    return shop.app.db.prisma.tenant.findUniqueOrThrow({ where: { id: shop.owner.tenantId } })
  }
})
