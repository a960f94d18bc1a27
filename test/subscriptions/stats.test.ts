import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { DurationUnit, SubscriptionStatus } from '../../src/db/generated/enums.ts'
import { newId } from '../../src/kernel/id.ts'
import { type Door, openDoor } from '../graphql/door.ts'
import { newTenant } from '../support/tenant.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let tenantId: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  tenantId = (await door.house.actor()).tenantId
})
afterAll(() => door.close())

interface Life {
  readonly price: number
  readonly every?: readonly [number, DurationUnit]
  readonly began: string
  readonly ended?: string
  readonly trialEnds?: string
  readonly status?: SubscriptionStatus
  readonly currency?: string
  readonly usage?: 'METERED'
  readonly of?: string
}

async function live({ price, every = [1, 'MONTHS'], began, ended, trialEnds, ...more }: Life): Promise<void> {
  const { currency = 'USD', usage = 'LICENSED' as const, of = tenantId } = more
  const [frequencyValue, frequencyUnit] = every
  const status = more.status ?? (ended ? 'CANCELLED' : 'ACTIVE')
  const terms = { priceMinor: String(price), currency, frequencyValue, frequencyUnit, usage, status }
  const moments = {
    createdAt: began,
    ...(ended && { cancelledAt: ended }),
    ...(trialEnds && { trialEndsAt: trialEnds }),
  }
  const data = { tenantId: of, id: newId(), provider: 'QBITFLOW' as const, description: 'gym', ...terms, ...moments }
  await door.app.db.prisma.subscription.create({ data })
}

async function stats(args: string) {
  const { data, errors } = await ask(
    `{ subscriptionStats(${args}) { day month currency started churned active monthlyRecurringRevenue { amount } } }`,
  )
  expect(errors).toBeUndefined()
  return data.subscriptionStats.map(
    (one: Record<string, unknown> & { monthlyRecurringRevenue: { amount: string } }) => [
      one.day,
      one.currency,
      one.started,
      one.churned,
      one.active,
      one.monthlyRecurringRevenue.amount,
    ],
  )
}

test('months tell who is new, who left, who stays, and what they bring in a month', async () => {
  await live({ price: 1_000, began: '2027-01-31T22:59:00Z' })
  await live({ price: 12_000, every: [1, 'YEARS'], began: '2027-01-31T23:00:00Z', ended: '2027-03-28T21:59:00Z' })
  await live({ price: 500, every: [2, 'WEEKS'], began: '2027-02-10T00:00:00Z' })
  await live({ price: 100, every: [1, 'DAYS'], began: '2027-02-10T00:00:00Z', trialEnds: '2027-03-10T00:00:00Z' })
  await live({ price: 700, began: '2027-02-10T00:00:00Z', trialEnds: '2027-02-20T00:00:00Z', status: 'TRIAL_EXPIRED' })
  await live({ price: 50, began: '2027-02-11T00:00:00Z', usage: 'METERED' })
  await live({ price: 800, began: '2027-02-01T00:00:00Z', currency: 'EUR' })
  await live({ price: 9_999, began: '2027-02-01T00:00:00Z', of: (await newTenant(door.app.db, 'TEST')).tenantId })
  const months = 'period: MONTH, from: "2027-01-15", to: "2027-03-31"'
  // 5.00 every two weeks are 10.8333 a month, 1.00 a day 30.4167.
  expect(await stats(`${months}, timezone: "Europe/Berlin"`)).toEqual([
    ['2027-01-01', 'EUR', 0, 0, 0, '0.00'],
    ['2027-01-01', 'USD', 1, 0, 1, '10.00'],
    ['2027-02-01', 'EUR', 1, 0, 1, '8.00'],
    ['2027-02-01', 'USD', 5, 0, 6, '30.83'],
    ['2027-03-01', 'EUR', 0, 0, 1, '8.00'],
    ['2027-03-01', 'USD', 0, 1, 5, '51.25'],
  ])
  const [, inUtc] = await stats(`${months}, filter: { status: [ACTIVE, CANCELLED] }`)
  expect(inUtc).toEqual(['2027-01-01', 'USD', 2, 0, 2, '20.00'])
})

test('days are those of the time zone, also when its clocks change, and know all who came before', async () => {
  const days = 'period: DAY, from: "2027-03-27", to: "2027-03-29", timezone: "Europe/Berlin"'
  const usd = (await stats(days)).filter(([, currency]: unknown[]) => currency === 'USD')
  expect(usd).toEqual([
    ['2027-03-27', 'USD', 0, 0, 6, '61.25'],
    ['2027-03-28', 'USD', 0, 1, 5, '51.25'],
    ['2027-03-29', 'USD', 0, 0, 5, '51.25'],
  ])
})

test('it is asked of the database in one statement, and too many periods or days in the wrong order are refused', async () => {
  const query = vi.spyOn(door.app.db.long, 'query')
  await stats('period: MONTH, from: "2027-01-01", to: "2027-12-31"')
  expect(query).toHaveBeenCalledTimes(1)
  query.mockRestore()
  for (const [from, to, message] of [
    ['2027-02-01', '2027-01-01', /must not be before/],
    ['1900-01-01', '2027-01-01', /more than 1000 periods/],
  ] as const) {
    const { errors } = await ask(`{ subscriptionStats(period: DAY, from: "${from}", to: "${to}") { active } }`)
    expect(errors?.[0]?.message).toMatch(message)
  }
})
