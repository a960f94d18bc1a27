import { describe, expect, test } from 'vitest'
import type { SubscriptionStatus } from '../../src/db/generated/enums.ts'
import { after, secondsOf } from '../../src/kernel/duration.ts'
import { amountDue } from '../../src/subscriptions/billing.ts'
import { isOver, mayReach, nextCheck } from '../../src/subscriptions/subscription.ts'

const ALL: SubscriptionStatus[] = [
  'INCOMPLETE',
  'TRIAL',
  'TRIAL_EXPIRED',
  'ACTIVE',
  'LOW_ON_FUNDS',
  'PENDING',
  'PAST_DUE',
  'UNPAID',
  'CANCELLED',
  'COMPLETED',
]

describe('a subscription', () => {
  test('never comes back from its end, nor to its beginning', () => {
    for (const status of ALL) {
      expect(mayReach('CANCELLED', status), status).toBe(false)
      expect(mayReach('COMPLETED', status), status).toBe(false)
      expect(mayReach(status, 'INCOMPLETE'), status).toBe(false)
      if (status !== 'INCOMPLETE') expect(mayReach(status, 'TRIAL'), status).toBe(false)
      if (!isOver(status)) expect(mayReach(status, 'CANCELLED'), status).toBe(true)
    }
    expect(mayReach('ACTIVE', 'TRIAL_EXPIRED')).toBe(false)
  })

  test('is found wherever the provider’s moves can have led, however many we missed', () => {
    for (const [from, to] of [
      ['TRIAL', 'ACTIVE'],
      ['TRIAL', 'PAST_DUE'],
      ['TRIAL_EXPIRED', 'LOW_ON_FUNDS'],
      ['LOW_ON_FUNDS', 'PAST_DUE'],
      ['PAST_DUE', 'ACTIVE'],
      ['PAST_DUE', 'PENDING'],
      ['PENDING', 'LOW_ON_FUNDS'],
      ['UNPAID', 'ACTIVE'],
    ] as const) {
      expect(mayReach(from, to), `${from} → ${to}`).toBe(true)
    }
  })

  test('is asked about after its bill, daily at the least, soon when something is amiss, and never after its end', () => {
    const now = new Date('2026-01-31T12:00:00Z')
    const check = (status: SubscriptionStatus, changes: object = {}) => {
      const at = nextCheck({ status, nextBillingAt: null, cancelRequestedAt: null, checks: 0, ...changes }, now)
      return at && (at.getTime() - now.getTime()) / 1_000
    }
    expect(check('ACTIVE')).toBe(86_400)
    expect(check('ACTIVE', { nextBillingAt: new Date(now.getTime() + 60_000) })).toBe(90)
    expect(check('ACTIVE', { nextBillingAt: new Date(now.getTime() - 60_000) })).toBe(15)
    expect(check('ACTIVE', { cancelRequestedAt: now })).toBe(15)
    expect(check('PAST_DUE')).toBe(60)
    expect(check('PAST_DUE', { checks: 3 })).toBe(480)
    expect(check('PAST_DUE', { checks: 1_000 })).toBe(3_600)
    expect(check('CANCELLED')).toBeNull()
    expect(check('COMPLETED', { cancelRequestedAt: now })).toBeNull()
  })
})

describe('what is due', () => {
  const due = (changes: object) =>
    amountDue({
      usage: 'METERED',
      priceMinor: 50n,
      unitsMillionths: null,
      freeCreditsMinor: null,
      maxSpendingMinor: null,
      ...changes,
    })

  test('is the price of a licence, whatever was used', () => {
    expect(due({ usage: 'LICENSED', unitsMillionths: 9_000_000n })).toBe(50n)
  })

  test('is what was used, less the free credits, and the maximum at the most', () => {
    expect(due({})).toBe(0n)
    expect(due({ unitsMillionths: 3_000_000n })).toBe(150n)
    expect(due({ unitsMillionths: 3_000_000n, freeCreditsMinor: 100n })).toBe(50n)
    expect(due({ unitsMillionths: 3_000_000n, freeCreditsMinor: 200n })).toBe(0n)
    expect(due({ unitsMillionths: 3_000_000n, maxSpendingMinor: 120n })).toBe(120n)
    expect(due({ unitsMillionths: 3_000_000n, freeCreditsMinor: 100n, maxSpendingMinor: 120n })).toBe(50n)
  })

  test('of a part of a unit is rounded half to even', () => {
    expect(due({ unitsMillionths: 10_000n })).toBe(0n)
    expect(due({ unitsMillionths: 30_000n })).toBe(2n)
    expect(due({ unitsMillionths: 50_000n })).toBe(2n)
    expect(due({ unitsMillionths: 50_001n })).toBe(3n)
  })
})

describe('a length of time', () => {
  const day = (from: string, value: number, unit: 'MONTHS' | 'YEARS' | 'DAYS' | 'WEEKS', times?: number) =>
    after(new Date(`${from}T10:00:00.000Z`), { value, unit }, times)
      .toISOString()
      .slice(0, 10)

  test('in months keeps the day of the month, or the last that there is', () => {
    expect([1, 2, 3, 4, 12, 13].map((times) => day('2026-01-31', 1, 'MONTHS', times))).toEqual([
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
      '2026-05-31',
      '2027-01-31',
      '2027-02-28',
    ])
    expect(day('2027-11-30', 3, 'MONTHS')).toBe('2028-02-29')
    expect(day('2028-02-29', 1, 'YEARS')).toBe('2029-02-28')
    expect(day('2028-02-29', 1, 'YEARS', 4)).toBe('2032-02-29')
  })

  test('in days and weeks is so many hours', () => {
    expect(day('2026-01-31', 1, 'DAYS')).toBe('2026-02-01')
    expect(day('2026-01-31', 2, 'WEEKS', 2)).toBe('2026-02-28')
    expect(secondsOf({ value: 2, unit: 'MONTHS' })).toBe(5_184_000)
  })
})
