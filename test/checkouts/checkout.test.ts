import { describe, expect, test } from 'vitest'
import {
  isAbandoned,
  isBeingOpened,
  isCloseToExpiry,
  isOver,
  mayBeCancelled,
  mayBecome,
} from '../../src/checkouts/checkout.ts'
import { CheckoutStatus } from '../../src/db/generated/enums.ts'

const STATUSES = Object.values(CheckoutStatus)

/** Every move that is allowed; all others are not. */
const ALLOWED: Record<CheckoutStatus, readonly CheckoutStatus[]> = {
  OPENING: ['OPEN', 'CANCELLED', 'FAILED', 'UNKNOWN'],
  UNKNOWN: ['OPEN', 'CANCELLED', 'FAILED'],
  OPEN: ['PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'],
  PROCESSING: ['COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED'],
  FAILED: ['COMPLETED'],
  CANCELLED: ['COMPLETED'],
  EXPIRED: ['COMPLETED'],
  COMPLETED: [],
}

describe('a checkout', () => {
  test.each(STATUSES)('that is %s becomes what its table says and nothing else', (from) => {
    expect(STATUSES.filter((to) => mayBecome(from, to)).sort()).toEqual(ALLOWED[from].toSorted())
  })

  test('never stays what it is by a move', () => {
    expect(STATUSES.filter((status) => mayBecome(status, status))).toEqual([])
  })

  test('once completed is completed for good, and whatever has ended can only be completed by late money', () => {
    for (const status of STATUSES.filter(isOver)) {
      const next = STATUSES.filter((to) => mayBecome(status, to))
      expect(next).toEqual(status === 'COMPLETED' ? [] : ['COMPLETED'])
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
