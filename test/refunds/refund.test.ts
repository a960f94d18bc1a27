import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RefundStatus } from '../../src/db/generated/enums.ts'
import type { RefundRow } from '../../src/db/rows.ts'
import { EVENT_TYPES } from '../../src/events/catalogue.ts'
import {
  amountOf,
  isNews,
  isOver,
  isUnconfirmed,
  mayBecome,
  refundEventType,
  refundStatus,
} from '../../src/refunds/refund.ts'

const ENDED = ['COMPLETED', 'REFUSED', 'FAILED'] as const
const LEGAL: Record<RefundStatus, readonly RefundStatus[]> = {
  PENDING: ['PROCESSING', 'APPROVED', ...ENDED],
  PROCESSING: ['PENDING', 'APPROVED', 'UNKNOWN', ...ENDED],
  UNKNOWN: ['PENDING', 'PROCESSING', 'APPROVED', ...ENDED],
  APPROVED: ['PROCESSING', 'COMPLETED', 'FAILED'],
  COMPLETED: [],
  REFUSED: [],
  FAILED: [],
}
const STATES = Object.keys(LEGAL) as RefundStatus[]
const row = (status: RefundStatus, respondedAt: Date | null = null) => ({ status, respondedAt })
const at = new Date(0)

describe('a refund', () => {
  test.each(STATES)('that is %s moves as its table says and nowhere else', (from) => {
    expect(STATES.filter((to) => mayBecome(from, to)).toSorted()).toEqual(LEGAL[from].toSorted())
  })

  test('is over when nothing may follow, and its status page ends there', () => {
    expect(STATES.filter(isOver).toSorted()).toEqual(STATES.filter((state) => LEGAL[state].length === 0).toSorted())
    for (const status of STATES) {
      const page = refundStatus({ status, transactionHash: null } as RefundRow)
      expect(page).toMatchObject({ type: 'REFUND', final: isOver(status) })
    }
  })

  test('has an event for every status, each another', () => {
    const types = STATES.map(refundEventType)
    expect(new Set(types).size).toBe(STATES.length)
    for (const type of types) expect(EVENT_TYPES).toContain(type)
  })

  test('tells its status page nothing of what customer and merchant wrote', () => {
    const written = { status: 'REFUSED', transactionHash: null, reason: 'private', merchantMessage: 'secret' }
    expect(JSON.stringify(refundStatus(written as RefundRow))).not.toMatch(/private|secret/)
  })
})

describe('what the provider says', () => {
  test('is news when it is another status, but for a wait that our own answer is to end', () => {
    for (const status of ['PROCESSING', 'UNKNOWN', 'APPROVED'] as const) {
      expect(isNews(row(status), { state: 'PENDING' })).toBe(false)
    }
    for (const state of ENDED) expect(isNews(row('PROCESSING'), { state })).toBe(true)
    for (const state of ENDED) expect(isNews(row(state), { state })).toBe(false)
    expect(isNews(row('COMPLETED'), { state: 'PENDING' })).toBe(true)
  })

  test('is old when it is a step on the way and the refund is over', () => {
    for (const status of ENDED) {
      for (const state of ['PROCESSING', 'APPROVED'] as const) {
        expect(isNews(row(status, at), { state, respondedAt: at }), `${state} after ${status}`).toBe(false)
      }
    }
  })

  test('is news when it is the first word that our answer was heard', () => {
    expect(isNews(row('PROCESSING'), { state: 'PROCESSING', respondedAt: at })).toBe(true)
    expect(isNews(row('PROCESSING', at), { state: 'PROCESSING', respondedAt: at })).toBe(false)
  })
})

test('an answer is unconfirmed until the provider has said that it has it', () => {
  expect(STATES.filter((status) => isUnconfirmed(row(status))).toSorted()).toEqual(['PROCESSING', 'UNKNOWN'])
  expect(STATES.filter((status) => isUnconfirmed(row(status, at)))).toEqual([])
})

describe('how much goes back', () => {
  const POSITIVE = fc.bigInt({ min: 1n, max: 10n ** 30n })

  test('is the whole amount for the whole of what arrived, and a share of it for a share', () => {
    fc.assert(
      fc.property(POSITIVE, POSITIVE, fc.integer({ min: 0, max: 1_000 }), (amountMinor, settledMinor, permille) => {
        expect(amountOf({ amountMinor, settledMinor }, settledMinor)).toBe(amountMinor)
        const part = amountOf({ amountMinor, settledMinor }, (settledMinor * BigInt(permille)) / 1_000n)
        expect(part >= 0n && part <= amountMinor).toBe(true)
      }),
    )
    expect(amountOf({ amountMinor: 1_999n, settledMinor: 20_000_000n }, 10_000_000n)).toBe(1_000n)
  })

  test('is all of a payment that arrived in a currency which we do not keep', () => {
    expect(amountOf({ amountMinor: 1_999n, settledMinor: null }, 5n)).toBe(1_999n)
  })

  test('never exceeds what arrived', () => {
    expect(() => amountOf({ amountMinor: 1_999n, settledMinor: 10n }, 11n)).toThrow('exceeds')
  })
})
