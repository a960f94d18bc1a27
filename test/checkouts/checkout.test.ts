import { describe, expect, test } from 'vitest'
import {
  isAbandoned,
  isBeingOpened,
  isCloseToExpiry,
  isOver,
  mayBeCancelled,
  mayBecome,
  statusAfter,
} from '../../src/checkouts/checkout.ts'
import { CheckoutStatus } from '../../src/db/generated/enums.ts'

const STATUSES = Object.values(CheckoutStatus)

/** Every move that is allowed; all others are not. */
const ALLOWED: Record<CheckoutStatus, readonly CheckoutStatus[]> = {
  OPENING: ['OPEN', 'COMPLETED', 'CANCELLED', 'FAILED', 'UNKNOWN'],
  UNKNOWN: ['OPEN', 'COMPLETED', 'CANCELLED', 'FAILED'],
  OPEN: ['OPENING', 'PROCESSING', 'COMPLETED', 'CANCELLED', 'EXPIRED'],
  PROCESSING: ['OPEN', 'COMPLETED', 'CANCELLED', 'EXPIRED'],
  FAILED: ['OPENING', 'COMPLETED'],
  CANCELLED: ['OPENING', 'COMPLETED'],
  EXPIRED: ['OPENING', 'COMPLETED'],
  COMPLETED: [],
}

describe('a checkout', () => {
  test.each(STATUSES)('that is %s becomes what its table says and nothing else', (from) => {
    expect(STATUSES.filter((to) => mayBecome(from, to)).sort()).toEqual(ALLOWED[from].toSorted())
  })

  test('never stays what it is by a move', () => {
    expect(STATUSES.filter((status) => mayBecome(status, status))).toEqual([])
  })

  test('once completed is completed for good, and what has ended is completed by late money or opened anew', () => {
    for (const status of STATUSES.filter(isOver)) {
      const next = STATUSES.filter((to) => mayBecome(status, to))
      expect(next.sort()).toEqual(status === 'COMPLETED' ? [] : ['COMPLETED', 'OPENING'])
    }
  })

  test('stays open after an attempt that failed, until it expires', () => {
    for (const state of ['FAILED', 'UNDERPAID'] as const) {
      expect([statusAfter(state, false), statusAfter(state, true)]).toEqual(['OPEN', 'EXPIRED'])
    }
  })

  test('is over when nothing more is expected of it', () => {
    expect(STATUSES.filter(isOver).sort()).toEqual(['CANCELLED', 'COMPLETED', 'EXPIRED', 'FAILED'])
  })

  test('can be called off by the merchant until somebody begins to pay', () => {
    expect(STATUSES.filter(mayBeCancelled).sort()).toEqual(['OPEN', 'OPENING', 'UNKNOWN'])
  })

  test('is being opened until its page is known, and abandoned when it ended unpaid', () => {
    expect(STATUSES.filter(isBeingOpened).sort()).toEqual(['OPENING', 'UNKNOWN'])
    expect(STATUSES.filter(isAbandoned).sort()).toEqual(['CANCELLED', 'EXPIRED'])
  })

  test('is close to expiry for its last five minutes and after them', () => {
    const expiresAt = new Date('2026-03-31T12:00:00Z')
    const at = (time: string) => isCloseToExpiry({ expiresAt }, new Date(`2026-03-31T${time}Z`))
    expect([at('11:54:59.999'), at('11:55:00'), at('12:00:00'), at('12:30:00')]).toEqual([false, true, true, true])
  })
})
