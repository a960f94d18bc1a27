import { describe, expect, test } from 'vitest'
import { TransactionState } from '../../src/db/generated/enums.ts'
import type { PaymentRow } from '../../src/db/rows.ts'
import { EVENT_TYPES } from '../../src/events/catalogue.ts'
import { currency } from '../../src/kernel/currency.ts'
import { money } from '../../src/kernel/money.ts'
import {
  arrivedState,
  hasMoney,
  isFinal,
  isSettled,
  moveTo,
  paymentEventType,
  refundable,
} from '../../src/payments/payment.ts'

const STATES = Object.values(TransactionState)
const MOVING = ['CREATED', 'WAITING_CONFIRMATION', 'PENDING'] as const
const SETTLED = ['COMPLETED', 'OVERPAID', 'PAID_LATE'] as const
const UNPAID = ['FAILED', 'CANCELLED', 'EXPIRED', 'UNDERPAID'] as const

const LEGAL: Record<TransactionState, readonly TransactionState[]> = {
  UNKNOWN: [...MOVING, ...SETTLED, ...UNPAID],
  CREATED: ['WAITING_CONFIRMATION', 'PENDING', ...SETTLED, ...UNPAID],
  WAITING_CONFIRMATION: ['PENDING', ...SETTLED, ...UNPAID],
  PENDING: [...SETTLED, ...UNPAID],
  FAILED: [...SETTLED, 'UNDERPAID'],
  CANCELLED: [...SETTLED, 'UNDERPAID'],
  EXPIRED: [...SETTLED, 'UNDERPAID'],
  UNDERPAID: ['COMPLETED', 'OVERPAID', 'PAID_LATE', 'REFUNDED'],
  COMPLETED: ['OVERPAID', 'REFUNDED'],
  OVERPAID: ['REFUNDED'],
  PAID_LATE: ['REFUNDED'],
  REFUNDED: ['PAID_LATE'],
}

describe('a payment', () => {
  test.each(STATES)('that is %s moves as its table says and nowhere else', (from) => {
    expect(STATES.filter((to) => moveTo(from, to) === 'legal').sort()).toEqual(LEGAL[from].toSorted())
    expect(moveTo(from, from)).toBe('repeated')
  })

  test('begins in any state', () => {
    for (const state of STATES) expect(moveTo(undefined, state)).toBe('legal')
  })

  test('takes news of an earlier step as stale, and of another end as a contradiction', () => {
    for (const from of STATES.filter(isFinal)) {
      for (const to of MOVING) expect(moveTo(from, to)).toBe('stale')
      for (const to of UNPAID) {
        if (to !== from && !LEGAL[from].includes(to)) expect(moveTo(from, to)).toBe('illegal')
      }
    }
    expect(moveTo('PENDING', 'CREATED')).toBe('stale')
    expect(moveTo('COMPLETED', 'FAILED')).toBe('illegal')
  })

  test('follows another attempt through all its states once the last came to nothing, unless it has money', () => {
    for (const from of ['FAILED', 'CANCELLED', 'EXPIRED'] as const) {
      for (const to of [...MOVING, ...SETTLED, ...UNPAID]) expect(moveTo(from, to, true)).toBe('legal')
    }
    for (const from of ['UNDERPAID', 'COMPLETED', 'REFUNDED'] as const) {
      for (const to of MOVING) expect(moveTo(from, to, true)).toBe('stale')
    }
  })

  test('is final when settled, unpaid or refunded', () => {
    expect(STATES.filter((state) => !isFinal(state)).sort()).toEqual([...MOVING, 'UNKNOWN'].sort())
    expect(STATES.filter(isSettled).sort()).toEqual(SETTLED.toSorted())
  })

  test('has an event for every state that it can be in', () => {
    for (const state of [...MOVING, ...SETTLED, ...UNPAID, 'REFUNDED' as const])
      expect(EVENT_TYPES).toContain(paymentEventType(state))
  })
})

describe('what can be given back', () => {
  const of = (status: TransactionState, refundedMinor = 0n) =>
    refundable({ status, amountMinor: 100n, refundedMinor } as PaymentRow)

  test('is what was not given back yet, of money that came in', () => {
    for (const state of SETTLED) expect([of(state), of(state, 40n), of(state, 100n)]).toEqual([100n, 60n, 0n])
    for (const state of [...MOVING, ...UNPAID]) expect(of(state)).toBe(0n)
    expect([of('REFUNDED', 100n), of('REFUNDED', 130n)]).toEqual([0n, 0n])
  })

  test('is of too little money what came in, and nothing where the provider did not say how much', () => {
    const short = { status: 'UNDERPAID', amountMinor: 90n, refundedMinor: 0n } as PaymentRow
    expect(refundable({ ...short, settledAt: new Date() })).toBe(90n)
    expect(refundable({ ...short, settledAt: null })).toBe(0n)
    expect(hasMoney({ ...short, settledAt: null })).toBe(false)
  })
})

describe('money that has arrived', () => {
  const usd = (minor: bigint) => money(minor, currency('USD'))

  const arrived = (paid: bigint, before?: TransactionState, more: { late?: boolean; short?: boolean } = {}) =>
    arrivedState({ asked: usd(100n), paid: usd(paid), before, late: false, short: false, ...more })

  test('completes a payment, or overpays it, or falls short, or comes late', () => {
    expect(arrived(100n)).toBe('COMPLETED')
    expect(arrived(101n, 'PENDING')).toBe('OVERPAID')
    expect(arrived(90n, 'PENDING', { short: true })).toBe('UNDERPAID')
    expect(arrived(100n, 'CREATED', { late: true })).toBe('PAID_LATE')
    for (const before of UNPAID) {
      expect([arrived(100n, before), arrived(100n, before, { late: true })]).toEqual(['COMPLETED', 'PAID_LATE'])
    }
    expect(arrived(101n, 'REFUNDED')).toBe('PAID_LATE')
  })

  test('is enough where the provider says so', () => {
    expect(arrived(99n)).toBe('COMPLETED')
  })

  test('in another currency than was asked is a bug, never a settlement', () => {
    const wrong = { asked: usd(1n), paid: money(1n, currency('EUR')), before: undefined, late: false, short: false }
    expect(() => arrivedState(wrong)).toThrow('cannot settle')
  })
})
