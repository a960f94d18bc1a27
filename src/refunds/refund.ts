import { z } from 'zod'
import type { RefundStatus, TransactionState } from '../db/generated/enums.ts'
import type { RefundRow } from '../db/rows.ts'
import type { EventType, Status } from '../events/catalogue.ts'
import type { REFUND } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import { id, text } from '../kernel/input.ts'
import { divideHalfEven } from '../kernel/money.ts'
import type { ProviderRefund } from '../providers/port/facts.ts'

/** Money of a payment that goes back: a customer asked for it, or the merchant gives it. */

const ENDED: readonly RefundStatus[] = ['COMPLETED', 'REFUSED', 'FAILED']
/** The merchant has answered or issued it, and the provider works on it. */
const MOVING: readonly RefundStatus[] = ['PROCESSING', 'APPROVED']

/**
 * Which status may follow which. An answer given here, and a refund issued here, is PROCESSING until the provider says
 * what came of it; one whose own answer was lost is UNKNOWN. Both may turn out never to have arrived.
 */
const NEXT: Readonly<Record<RefundStatus, readonly RefundStatus[]>> = {
  PENDING: ['PROCESSING', 'APPROVED', ...ENDED],
  PROCESSING: ['PENDING', 'APPROVED', 'UNKNOWN', ...ENDED],
  UNKNOWN: ['PENDING', 'PROCESSING', 'APPROVED', ...ENDED],
  APPROVED: ['PROCESSING', 'COMPLETED', 'FAILED'],
  COMPLETED: [],
  REFUSED: [],
  FAILED: [],
}

export function mayBecome(from: RefundStatus, to: RefundStatus): boolean {
  return NEXT[from].includes(to)
}

/**
 * Whether what the provider says of a refund is more than we know. An answer of ours that it has not heard is no less
 * given because it still waits for one, and a step on the way that is told after the end is old.
 */
export function isNews(
  { status, respondedAt }: Pick<RefundRow, 'status' | 'respondedAt'>,
  seen: Pick<ProviderRefund, 'state' | 'respondedAt'>,
): boolean {
  if (seen.state === status) return !isOver(status) && respondedAt === null && seen.respondedAt !== undefined
  return isOver(status) ? !MOVING.includes(seen.state) : !awaitsAnswer(seen.state)
}

/** Whether an answer was given or a refund issued here of which the provider has not said that it has it. */
export function isUnconfirmed({ status, respondedAt }: Pick<RefundRow, 'status' | 'respondedAt'>): boolean {
  return (status === 'PROCESSING' || status === 'UNKNOWN') && respondedAt === null
}

/** Whether it was issued here and the provider has never shown it: what it says first is true, whatever we believed. */
export function isUnseen({ issued, externalId, id }: Pick<RefundRow, 'issued' | 'externalId' | 'id'>): boolean {
  return issued && externalId === id
}

/** Whether it waits for the merchant's answer. */
export function awaitsAnswer(status: RefundStatus): boolean {
  return status === 'PENDING'
}

/** Whether its answer was lost, so that nobody knows what became of it. */
export function isInDoubt(status: RefundStatus): boolean {
  return status === 'UNKNOWN'
}

export function isRefused(status: RefundStatus): boolean {
  return status === 'REFUSED'
}

/** Whether it could not be paid back. */
export function hasFailed(status: RefundStatus): boolean {
  return status === 'FAILED'
}

/** Whether the money is back with the customer. */
export function isPaidBack(status: RefundStatus): boolean {
  return status === 'COMPLETED'
}

/** The same, as SQL over a row of that name. */
export const isPaidBackSql = (row: string): string => `${row}.status = 'COMPLETED'`

/** Those that are not over. */
export const OPEN_REFUNDS = (Object.keys(NEXT) as RefundStatus[]).filter((status) => !isOver(status))

/** Whether nothing more is expected to happen. */
export function isOver(status: RefundStatus): boolean {
  return ENDED.includes(status)
}

const EVENT: Readonly<Record<RefundStatus, EventType>> = {
  PENDING: 'refund.requested',
  PROCESSING: 'refund.processing',
  APPROVED: 'refund.approved',
  COMPLETED: 'refund.completed',
  REFUSED: 'refund.refused',
  FAILED: 'refund.failed',
  UNKNOWN: 'refund.unknown',
}

export function refundEventType(status: RefundStatus): EventType {
  return EVENT[status]
}

const STATE: Readonly<Record<RefundStatus, TransactionState>> = {
  PENDING: 'CREATED',
  PROCESSING: 'PENDING',
  APPROVED: 'PENDING',
  COMPLETED: 'COMPLETED',
  REFUSED: 'CANCELLED',
  FAILED: 'FAILED',
  UNKNOWN: 'UNKNOWN',
}

/** What its status page shows. The words of the customer and of the merchant are for the two of them. */
export function refundStatus({ status, transactionHash }: RefundRow): Status {
  const state = STATE[status]
  return { type: 'REFUND', state, final: isOver(status), ...(transactionHash && { transactionHash }) }
}

/**
 * How much of a payment goes back, in the currency of its price, when so much of what arrived does. A payment whose
 * currency of arrival we do not keep can only go back whole.
 */
export function amountOf(payment: { amountMinor: bigint; settledMinor: bigint | null }, settledMinor: bigint): bigint {
  const { amountMinor, settledMinor: arrived } = payment
  if (arrived === null || arrived === settledMinor) return amountMinor
  if (settledMinor > arrived) throw new Error(`a refund of ${settledMinor} exceeds what arrived, ${arrived}`)
  return divideHalfEven(amountMinor * settledMinor, arrived)
}

export const ApproveRefund = z.object({ id: id('Refund') })

export const RefuseRefund = z.object({ id: id('Refund'), message: text(500) })

export const RequestRefund = z.object({ paymentId: id('Payment'), reason: text(500) })

/** The refund as events and webhooks show it. */
export function refundObject(refund: RefundRow): ObjectOf<typeof REFUND> {
  return {
    id: encodeId('Refund', refund.id),
    provider: refund.provider,
    status: refund.status,
    reference: refund.reference,
    metadata: refund.metadata,
    payment: encodeId('Payment', refund.paymentId),
    customer: refund.customerId && encodeId('Customer', refund.customerId),
    amount: { minor: refund.amountMinor.toString(), currency: refund.currency },
    settled:
      refund.settledMinor === null ? null : { minor: refund.settledMinor.toString(), currency: refund.settledCurrency },
    reason: refund.reason,
    merchantMessage: refund.merchantMessage,
    issued: refund.issued,
    failureMessage: refund.failureMessage,
    retryable: refund.retryable,
    transactionHash: refund.transactionHash,
    respondedAt: refund.respondedAt?.toISOString() ?? null,
  }
}
