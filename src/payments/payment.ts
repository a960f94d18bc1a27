import type { TransactionState } from '../db/generated/enums.ts'
import type { PaymentRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import { encodeId } from '../kernel/id.ts'
import type { Money } from '../kernel/money.ts'

/** Money that a customer paid, once. */

const MOVING: readonly TransactionState[] = ['CREATED', 'WAITING_CONFIRMATION', 'PENDING']
const SETTLED: readonly TransactionState[] = ['COMPLETED', 'OVERPAID', 'PAID_LATE']
const UNPAID: readonly TransactionState[] = ['FAILED', 'CANCELLED', 'EXPIRED', 'UNDERPAID']

/**
 * Which state may follow which. Late money turns a payment that had failed into one that is settled, and what is
 * settled can be given back whole.
 */
const NEXT: Readonly<Partial<Record<TransactionState, readonly TransactionState[]>>> = {
  UNKNOWN: [...MOVING, ...SETTLED, ...UNPAID],
  CREATED: ['WAITING_CONFIRMATION', 'PENDING', ...SETTLED, ...UNPAID],
  WAITING_CONFIRMATION: ['PENDING', ...SETTLED, ...UNPAID],
  PENDING: [...SETTLED, ...UNPAID],
  FAILED: ['PAID_LATE'],
  CANCELLED: ['PAID_LATE'],
  EXPIRED: ['PAID_LATE'],
  UNDERPAID: ['PAID_LATE'],
  COMPLETED: ['REFUNDED'],
  OVERPAID: ['REFUNDED'],
  PAID_LATE: ['REFUNDED'],
}

export type Move = 'legal' | 'repeated' | 'stale' | 'illegal'

/** How a state that was observed relates to the one we have. News of an earlier step is stale, not wrong. */
export function moveTo(from: TransactionState | undefined, to: TransactionState): Move {
  if (from === to) return 'repeated'
  if (from === undefined || NEXT[from]?.includes(to)) return 'legal'
  return MOVING.includes(to) ? 'stale' : 'illegal'
}

export function isSettled(state: TransactionState): boolean {
  return SETTLED.includes(state)
}

/** What can still be given back: all that was not, of money that came in. */
export function refundable({ status, amountMinor, refundedMinor }: PaymentRow): bigint {
  return isSettled(status) ? amountMinor - refundedMinor : 0n
}

export function isFinal(state: TransactionState): boolean {
  return SETTLED.includes(state) || UNPAID.includes(state) || state === 'REFUNDED'
}

/** What money that has arrived makes of a payment, given what was asked and what had become of it. */
export function settledState(asked: Money, paid: Money, before: TransactionState | undefined, late: boolean) {
  if (paid.currency.code !== asked.currency.code) {
    throw new Error(`a payment of ${asked.currency.code} cannot settle in ${paid.currency.code}`)
  }
  if (late || (before !== undefined && UNPAID.includes(before))) return 'PAID_LATE'
  return paid.minor > asked.minor ? 'OVERPAID' : 'COMPLETED'
}

export function paymentEventType(state: TransactionState): EventType {
  return `payment.${state.toLowerCase()}` as EventType
}

/** The payment as events and webhooks show it. */
export function paymentObject(payment: PaymentRow): Record<string, unknown> {
  return {
    id: encodeId('Payment', payment.id),
    provider: payment.provider,
    status: payment.status,
    amount: { minor: payment.amountMinor.toString(), currency: payment.currency },
    settled: payment.settledMinor !== null && {
      minor: payment.settledMinor.toString(),
      currency: payment.settledCurrency,
    },
    refunded: { minor: payment.refundedMinor.toString(), currency: payment.currency },
    checkout: payment.checkoutId && encodeId('Checkout', payment.checkoutId),
    subscription: payment.subscriptionId && encodeId('Subscription', payment.subscriptionId),
    billing: payment.billingId && encodeId('Billing', payment.billingId),
    product: payment.productId && encodeId('Product', payment.productId),
    customer: payment.customerId && encodeId('Customer', payment.customerId),
    transactionHash: payment.transactionHash,
    message: payment.message,
    settledAt: payment.settledAt?.toISOString() ?? null,
  }
}
