import { z } from 'zod'
import type { CheckoutKind, CheckoutStatus, TransactionState } from '../db/generated/enums.ts'
import { inList } from '../db/in-list.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { TransactionType } from '../events/catalogue.ts'
import type { CHECKOUT } from '../events/objects/sales.ts'
import type { ObjectOf } from '../events/shape.ts'
import { DURATION_UNITS, secondsOf } from '../kernel/duration.ts'
import { encodeId } from '../kernel/id.ts'
import { email, id, OWN_WORDS, optional, text, webUrl } from '../kernel/input.ts'
import { providerName } from '../kernel/provider-name.ts'
import { checkTerms, TERMS, termsObject } from '../subscriptions/terms.ts'
import { checkLines, LINES } from './line-input.ts'
import { linesObject, linesOf } from './lines.ts'

/** A wish to be paid through a hosted page. An attempt that fails leaves it open, until it expires or is cancelled. */

/**
 * Which status may follow which. A cancelled or expired checkout can still complete: its link may have been paid
 * before the provider knew, and money that came in is never refused. What has ended unpaid can be opened anew, on another
 * page, and money that comes over an earlier page meanwhile completes it too.
 */
const NEXT: Readonly<Record<CheckoutStatus, readonly CheckoutStatus[]>> = {
  OPENING: ['OPEN', 'FAILED', 'UNKNOWN', 'COMPLETED', 'CANCELLED'],
  UNKNOWN: ['OPEN', 'FAILED', 'COMPLETED', 'CANCELLED'],
  OPEN: ['OPENING', 'PROCESSING', 'COMPLETED', 'CANCELLED', 'EXPIRED'],
  PROCESSING: ['OPEN', 'COMPLETED', 'CANCELLED', 'EXPIRED'],
  FAILED: ['OPENING', 'COMPLETED'],
  CANCELLED: ['OPENING', 'COMPLETED'],
  EXPIRED: ['OPENING', 'COMPLETED'],
  COMPLETED: [],
}

export function mayBecome(from: CheckoutStatus, to: CheckoutStatus): boolean {
  return NEXT[from].includes(to)
}

/** Every status that this one may follow. */
export function statusesBefore(to: CheckoutStatus): CheckoutStatus[] {
  return (Object.keys(NEXT) as CheckoutStatus[]).filter((from) => mayBecome(from, to))
}

/** Whether nothing more is expected to happen. */
export function isOver(status: CheckoutStatus): boolean {
  return status === 'COMPLETED' || status === 'FAILED' || isAbandoned(status)
}

/** Whether it ended before anybody paid: what is paid after that is late. */
export function isAbandoned(status: CheckoutStatus): boolean {
  return status === 'CANCELLED' || status === 'EXPIRED'
}

export function isCancelled(status: CheckoutStatus): boolean {
  return status === 'CANCELLED'
}

/** Whether it was paid, or its subscription has begun. */
export function isCompleted(status: CheckoutStatus): boolean {
  return status === 'COMPLETED'
}

const ENDED_UNPAID: readonly CheckoutStatus[] = ['FAILED', 'CANCELLED', 'EXPIRED']

/** Whether it ended before it was paid as it was asked for, and the same as SQL over a row of that name. */
export function endedUnpaid(status: CheckoutStatus): boolean {
  return ENDED_UNPAID.includes(status)
}
export const endedUnpaidSql = (row: string): string => `${row}.status IN ${inList(ENDED_UNPAID)}`

/** Whether somebody has begun to pay, and what became of it is not known yet. */
export function isBeingPaid(status: CheckoutStatus): boolean {
  return status === 'PROCESSING'
}

/** Whether it is open after an attempt that failed. */
export function hasFailedAttempt({ status, reason }: Pick<CheckoutRow, 'status' | 'reason'>): boolean {
  return status === 'OPEN' && reason !== null
}

/** Whether it can be opened anew on another page. */
export function mayBeReopened(status: CheckoutStatus): boolean {
  return mayBecome(status, 'OPENING')
}

/** Whether the merchant can cancel it: nobody has begun to pay. */
export function mayBeCancelled(status: CheckoutStatus): boolean {
  return !isBeingPaid(status) && mayBecome(status, 'CANCELLED')
}

/** Whether the answer was lost that says what became of opening it. */
export function isInDoubt(status: CheckoutStatus): boolean {
  return status === 'UNKNOWN'
}

/** Whether the provider refused to open it, so that there never was a page. */
export function wasRefused({ status, externalId }: Pick<CheckoutRow, 'status' | 'externalId'>): boolean {
  return status === 'FAILED' && externalId === null
}

/** Those of which it is not known whether they have a page at the provider. */
export const BEING_OPENED = ['OPENING', 'UNKNOWN'] as const satisfies readonly CheckoutStatus[]

export function isBeingOpened(status: CheckoutStatus): boolean {
  return (BEING_OPENED as readonly CheckoutStatus[]).includes(status)
}

/** Those with a page at the provider on which they can be paid. */
export const PAYABLE = ['OPEN', 'PROCESSING'] as const satisfies readonly CheckoutStatus[]

/** The same as isBeingPaid and isInDoubt, and whether it can be paid and nobody has begun to, as SQL over a row of that name. */
export const isBeingPaidSql = (row: string): string => `${row}.status = 'PROCESSING'`
export const isInDoubtSql = (row: string): string => `${row}.status = 'UNKNOWN'`
export const isOpenSql = (row: string): string => `${row}.status = 'OPEN'`

/** Those that may still be paid, as SQL. */
export const AWAITS_PAYMENT = `status IN ${inList(['OPENING', ...PAYABLE])}`

/** Whether a payment is likely at a moment: while the page is new, and before it expires. As SQL over a row and a moment. */
export const likelyToBePaid = (row: string, now: string): string =>
  `(${now} < ${row}.created_at + interval '15 minutes' OR ${now} > ${row}.expires_at - interval '15 minutes')`

/** Whether something is expected of the next check, as SQL: an open page is checked now and then to be sure. */
export const CHECK_MATTERS = `(status <> 'OPEN' OR next_check_at >= expires_at)`

const AFTER: Readonly<Partial<Record<TransactionState, CheckoutStatus>>> = {
  CREATED: 'PROCESSING',
  WAITING_CONFIRMATION: 'PROCESSING',
  PENDING: 'PROCESSING',
  FAILED: 'OPEN',
  UNDERPAID: 'OPEN',
  CANCELLED: 'CANCELLED',
  EXPIRED: 'EXPIRED',
}

/** What a checkout that is not yet paid becomes when its transaction stands there, before it expires and after that. */
export function statusAfter(state: TransactionState, isExpired: boolean): CheckoutStatus {
  const status = AFTER[state] === 'OPEN' && isExpired ? 'EXPIRED' : AFTER[state]
  if (!status) throw new Error(`a checkout cannot follow the state ${state}`)
  return status
}

const TYPES: Readonly<Record<CheckoutKind, TransactionType>> = {
  PAYMENT: 'PAYMENT',
  SUBSCRIPTION: 'CREATE_SUBSCRIPTION',
  PAY_AS_YOU_GO: 'CREATE_PAYG_SUBSCRIPTION',
  SETUP: 'PAYMENT',
}

/** What moves on a checkout's status page. */
export function transactionTypeOf({ kind }: Pick<CheckoutRow, 'kind'>): TransactionType {
  return TYPES[kind]
}

/** Whether a checkout is the start of something that is billed again and again. */
export function recurs({ kind }: Pick<CheckoutRow, 'kind'>): boolean {
  return kind === 'SUBSCRIPTION' || kind === 'PAY_AS_YOU_GO'
}

export const LIFETIME_HOURS = 24
const SHORTEST_LIFETIME_SECONDS = 600
const CLOSE_TO_EXPIRY_MS = 5 * 60_000

/** Whether its link has expired. */
export function isExpired({ expiresAt }: Pick<CheckoutRow, 'expiresAt'>, now: Date): boolean {
  return now >= expiresAt
}

/** Whether the link expires within five minutes, or has. */
export function isCloseToExpiry(checkout: Pick<CheckoutRow, 'expiresAt'>, now: Date): boolean {
  return checkout.expiresAt.getTime() - now.getTime() <= CLOSE_TO_EXPIRY_MS
}

const lifetime = z
  .object({ value: z.int().min(1), unit: z.enum(DURATION_UNITS) })
  .transform(secondsOf)
  .refine((seconds) => seconds >= SHORTEST_LIFETIME_SECONDS && seconds <= LIFETIME_HOURS * 3_600, {
    error: `must be 10 minutes to ${LIFETIME_HOURS} hours`,
    params: { code: 'OUT_OF_RANGE' },
  })

export const CreateCheckout = z
  .object({
    kind: z.enum(['PAYMENT', 'SUBSCRIPTION', 'PAY_AS_YOU_GO', 'SETUP']),
    ...OWN_WORDS,
    provider: optional(providerName),
    ...LINES,
    currency: optional(text(12)),
    expiresIn: optional(lifetime),
    customerId: optional(id('Customer')),
    successUrl: optional(webUrl),
    cancelUrl: optional(webUrl),
    webhookUrl: optional(webUrl),
    ...TERMS,
  })
  .superRefine((wanted, context) => checkTerms(context, wanted))
  .superRefine((wanted, context) => checkLines(wanted, context))

export type WantedCheckoutInput = z.output<typeof CreateCheckout>

export const CheckoutId = z.object({ id: id('Checkout') })

export const SimulateCheckout = z.object({
  id: id('Checkout'),
  outcome: z.enum(['PAY', 'FAIL', 'UNDERPAY', 'OVERPAY', 'EXPIRE', 'CANCEL']),
  currency: optional(text(12)),
  customer: optional(z.object({ name: text(100), lastName: text(100), email, phone: optional(text(30)) })),
})

/** The checkout as events and webhooks show it. */
export function checkoutObject(checkout: CheckoutRow): ObjectOf<typeof CHECKOUT> {
  const { provider, kind, status, reference, metadata, url, reason } = checkout
  return {
    id: encodeId('Checkout', checkout.id),
    provider,
    kind,
    status,
    reference,
    metadata,
    url,
    reason,
    product: checkout.productId && encodeId('Product', checkout.productId),
    customer: checkout.customerId && encodeId('Customer', checkout.customerId),
    price: { minor: checkout.priceMinor.toString(), currency: checkout.currency },
    ...linesObject(linesOf(checkout)),
    ...termsObject(checkout),
    expiresAt: checkout.expiresAt.toISOString(),
  }
}
