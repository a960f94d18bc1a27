import type { TransactionState } from '../db/generated/enums.ts'
import { inList } from '../db/in-list.ts'
import type { PaymentRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { PAYMENT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import type { Money } from '../kernel/money.ts'

/** Money that a customer paid, once. */

const MOVING: readonly TransactionState[] = ['CREATED', 'WAITING_CONFIRMATION', 'PENDING']
const SETTLED: readonly TransactionState[] = ['COMPLETED', 'OVERPAID', 'PAID_LATE']
const UNPAID: readonly TransactionState[] = ['FAILED', 'CANCELLED', 'EXPIRED', 'UNDERPAID']

/** Whatever comes after these is late, also where what asked for it can still be paid. */
const CLOSED: readonly TransactionState[] = ['PAID_LATE', 'REFUNDED']

/**
 * Which state may follow which. Money that comes after the end of what asked for it makes a payment PAID_LATE, the rest of
 * what was asked for completes one that was UNDERPAID, and what came in can be given back whole.
 */
const NEXT: Readonly<Partial<Record<TransactionState, readonly TransactionState[]>>> = {
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

/**
 * The ends of an attempt that brought no money. Another attempt at the same payment may follow and takes it through all
 * its states anew. A payment that is UNDERPAID keeps its money, and that state until the rest is there.
 */
const CAME_TO_NOTHING: readonly TransactionState[] = ['FAILED', 'CANCELLED', 'EXPIRED']

export type Move = 'legal' | 'repeated' | 'stale' | 'illegal'

/**
 * How a state that was observed relates to the one we have. News of an earlier step is stale, not wrong; what is known to
 * be another attempt follows an attempt that came to nothing.
 */
export function moveTo(from: TransactionState | undefined, to: TransactionState, isAnother = false): Move {
  if (isAnother && from !== undefined && CAME_TO_NOTHING.includes(from)) return 'legal'
  if (from === to) return 'repeated'
  if (from === undefined || NEXT[from]?.includes(to)) return 'legal'
  return MOVING.includes(to) ? 'stale' : 'illegal'
}

export function isSettled(state: TransactionState): boolean {
  return SETTLED.includes(state)
}

/** Whether it is paid as it was asked for, or more. */
export function isPaidInFull(state: TransactionState): boolean {
  return state === 'COMPLETED' || state === 'OVERPAID'
}

/** Whether an attempt ended without being paid as was asked for. */
export function isUnpaid(state: TransactionState): boolean {
  return UNPAID.includes(state)
}

/** Whether an attempt failed, so that the customer can try again, or pay the rest, while the checkout is open. */
export function mayBeTriedAgain(state: TransactionState): boolean {
  return state === 'FAILED' || isShort(state)
}

/** Whether an attempt is under way. */
export function isMoving(state: TransactionState): boolean {
  return MOVING.includes(state)
}

/** Whether the provider says that less came in than was asked for. */
export function isShort(state: TransactionState): boolean {
  return state === 'UNDERPAID'
}

/** Whether its money came after what asked for it had ended. */
export function isLate(state: TransactionState): boolean {
  return state === 'PAID_LATE'
}

/** Whether all that came in was given back. */
export function isRefunded(state: TransactionState): boolean {
  return state === 'REFUNDED'
}

/** Whether what the provider says means that money came in, be it too little. */
export function bringsMoney(state: TransactionState): boolean {
  return isSettled(state) || isShort(state)
}

/** Whether its page ended before anybody paid. */
export function isAbandoned(state: TransactionState): boolean {
  return state === 'EXPIRED' || state === 'CANCELLED'
}

const WAS_SETTLED: readonly TransactionState[] = [...SETTLED, 'REFUNDED']

/** Whether money came in for it, be it too little. */
export function hasMoney({ status, settledAt }: Pick<PaymentRow, 'status' | 'settledAt'>): boolean {
  return WAS_SETTLED.includes(status) || (isShort(status) && settledAt != null)
}

/** What was given back of too little is missing still, whatever comes. */
export function lacksWhatWentBack({ status, refundedMinor }: Pick<PaymentRow, 'status' | 'refundedMinor'>): boolean {
  return isShort(status) && refundedMinor > 0n
}

/** The same as hasMoney, and its first half, as SQL over a row of that name. */
export const hasMoneySql = (row: string): string =>
  `(${wasSettledSql(row)} OR (${row}.status = 'UNDERPAID' AND ${row}.settled_at IS NOT NULL))`
export const wasSettledSql = (row: string): string => `${row}.status IN ${inList(WAS_SETTLED)}`

/** Whether it came to its end without the money that was asked for, as SQL over a row of that name. */
export const hasFailedSql = (row: string): string => `${row}.status IN ${inList(UNPAID)}`

/** The same as isRefunded, as SQL over a row of that name. */
export const isRefundedSql = (row: string): string => `${row}.status = 'REFUNDED'`

/** Whether a payment is underpaid by an amount that the provider did not tell, as SQL. */
export const AMOUNT_UNTOLD = `status = 'UNDERPAID' AND settled_at IS NULL`

/** Why a payment's money waits on the suspense account, as SQL. */
export const WAITS_AS = `CASE WHEN checkout_id IS NULL AND billing_id IS NULL THEN 'unclaimed' WHEN status = 'PAID_LATE' THEN 'late'
  WHEN status = 'UNDERPAID' THEN 'short' ELSE 'surplus' END`

/** Whether it is money for nothing that we know. */
export function isUnclaimed({ checkoutId, billingId }: Pick<PaymentRow, 'checkoutId' | 'billingId'>): boolean {
  return checkoutId === null && billingId === null
}

/** What can still be given back: all that was not, of money that came in. */
export function refundable(payment: PaymentRow): bigint {
  const left = payment.amountMinor - payment.refundedMinor
  return hasMoney(payment) && left > 0n ? left : 0n
}

export function isFinal(state: TransactionState): boolean {
  return SETTLED.includes(state) || UNPAID.includes(state) || isRefunded(state)
}

export interface Arrival {
  readonly asked: Money
  /** All that has come in for it, this time and before. */
  readonly paid: Money
  readonly before: TransactionState | undefined
  /** Whether what asked for it had ended. */
  readonly late: boolean
  /** Whether the provider says that it is too little. */
  readonly short: boolean
}

/** What money that has arrived makes of a payment. Whether it is enough is the provider's word. */
export function arrivedState({ asked, paid, before, late, short }: Arrival): TransactionState {
  if (paid.currency.code !== asked.currency.code) {
    throw new Error(`a payment of ${asked.currency.code} cannot settle in ${paid.currency.code}`)
  }
  if (late || (before !== undefined && CLOSED.includes(before))) return 'PAID_LATE'
  if (short) return 'UNDERPAID'
  return paid.minor > asked.minor ? 'OVERPAID' : 'COMPLETED'
}

export function paymentEventType(state: TransactionState): EventType {
  return `payment.${state.toLowerCase()}` as EventType
}

/** The payment as events and webhooks show it. */
export function paymentObject(payment: PaymentRow): ObjectOf<typeof PAYMENT> {
  return {
    id: encodeId('Payment', payment.id),
    provider: payment.provider,
    status: payment.status,
    reference: payment.reference,
    metadata: payment.metadata,
    amount: { minor: payment.amountMinor.toString(), currency: payment.currency },
    settled:
      payment.settledMinor === null
        ? null
        : { minor: payment.settledMinor.toString(), currency: payment.settledCurrency },
    refunded: { minor: payment.refundedMinor.toString(), currency: payment.currency },
    suspense: { minor: payment.suspenseMinor.toString(), currency: payment.currency },
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
