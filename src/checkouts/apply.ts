import { customerFromPage } from '../customers/payer.ts'
import type { Transaction } from '../db/database.ts'
import type { CheckoutStatus, TransactionState } from '../db/generated/enums.ts'
import { lockedRow, lockedRows } from '../db/lock.ts'
import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import type { EventType, Status } from '../events/catalogue.ts'
import { contradict } from '../events/contradiction.ts'
import { invalidState } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { applyToPayment } from '../payments/apply.ts'
import { isFinal, isLate, isSettled, isShort, moveTo } from '../payments/payment.ts'
import { saleOf } from '../payments/sale.ts'
import type {
  CheckoutFact,
  FoundCustomer,
  OpeningFact,
  ProviderPayment,
  ProviderStatus,
  ReadSubscription,
} from '../providers/port/facts.ts'
import { beginSubscription } from '../subscriptions/apply.ts'
import type { Work } from '../work/work.ts'
import {
  checkoutObject,
  isAbandoned,
  isBeingPaid,
  isCancelled,
  isInDoubt,
  isOver,
  mayBeCancelled,
  mayBecome,
  recurs,
  statusAfter,
  statusesBefore,
  transactionTypeOf,
} from './checkout.ts'

/** What a fact makes of a checkout, wherever it came from, and what is decided here. Nothing else changes its row. */

const FIRST_CHECK_MS = 60_000
const OPEN_AGAIN_MS = 5_000
const RECHECK_MS = 10_000

/** What is decided of a checkout here, without news from its provider. */
export type CheckoutDecision = { readonly noun: 'CHECKOUT' } & (
  | { readonly decision: 'CANCEL' }
  /** The merchant takes the money of this payment as if it were what was asked for. */
  | { readonly decision: 'ACCEPT'; readonly paymentId: string }
  /**
   * The provider is not asked about it again, since its link has ended there too. News that came since it was asked has
   * set the number of checks to nought, and is followed.
   */
  | { readonly decision: 'STOP_CHECKS'; readonly checks: number }
)

/**
 * Everything that happens to a checkout happens under the lock of its row, one thing after the other. Repeats and old
 * news change nothing.
 */
export async function applyToCheckout(
  work: Work,
  { id }: Pick<CheckoutRow, 'id'>,
  fact: CheckoutFact | OpeningFact | CheckoutDecision,
): Promise<void> {
  if ('opening' in fact) return open(work, id, fact.opening)
  const checkout = await lockedRow(work.tx, 'checkout', work.tenantId, id)
  if (!checkout) throw new Error(`checkout ${id} is not there`)
  if ('decision' in fact) return decide(work, checkout, fact)
  if (recurs(checkout)) return fact.began ? begin(work, checkout, fact, fact.began) : moveStart(work, checkout, fact)
  const payment = await paymentOf(work.tx, checkout, fact.received)
  if (fact.received) return settle(work, { checkout, payment }, fact, fact.received)
  return move(work, { checkout, payment }, fact)
}

/** What may change of a checkout after it was made, but for what its opening brings. */
type Changes = Partial<
  Pick<CheckoutRow, 'status' | 'startState' | 'customerId' | 'reason' | 'nextCheckAt' | 'checks' | 'updatedAt'>
>

/** @throws DomainError INVALID_STATE where it can no longer be cancelled */
async function decide(work: Work, checkout: CheckoutRow, fact: CheckoutDecision): Promise<void> {
  const { status, expiresAt } = checkout
  if (fact.decision === 'CANCEL') {
    if (isCancelled(status)) return
    if (!mayBeCancelled(status)) throw invalidState(`A checkout that is ${status} cannot be cancelled`, ['id'])
    const after = await write(work, checkout, { status: 'CANCELLED', nextCheckAt: expiresAt, updatedAt: work.at })
    announce(work, after, 'checkout.cancelled', { state: 'CANCELLED' })
  } else if (fact.decision === 'ACCEPT') {
    if (!mayBecome(status, 'COMPLETED')) return
    const data = { status: 'COMPLETED' as const, reason: null, nextCheckAt: null, updatedAt: work.at }
    const payment = encodeId('Payment', fact.paymentId)
    announce(work, await write(work, checkout, data), 'checkout.completed', undefined, { payment })
  } else if (checkout.checks === fact.checks) await write(work, checkout, { nextCheckAt: null })
}

/** A checkout and what is known of its payment, under the lock of the checkout. */
interface Locked {
  readonly checkout: CheckoutRow
  readonly payment: PaymentRow | null
}

const OPENING_EVENT = { OPEN: 'checkout.opened', FAILED: 'checkout.failed', UNKNOWN: 'checkout.unknown' } as const

/** One statement, which locks the row as well: the first answer that is recorded stands. */
async function open(work: Work, id: string, opening: OpeningFact['opening']): Promise<void> {
  const { status } = opening
  const where = { tenantId: work.tenantId, id, status: { in: statusesBefore(status) } }
  const data = { ...openedAs(opening, work.at), updatedAt: work.at }
  const [after] = await work.tx.checkout.updateManyAndReturn({ where, data })
  // It was cancelled meanwhile, or somebody else has opened it.
  if (!after) return
  announce(work, after, OPENING_EVENT[status], 'page' in opening ? undefined : { state: opening.status })
}

function openedAs(opening: OpeningFact['opening'], now: Date) {
  if (!('page' in opening)) {
    return { ...opening, nextCheckAt: isInDoubt(opening.status) ? later(now, OPEN_AGAIN_MS) : null }
  }
  const { reference: externalId, url, expiresAt } = opening.page
  const nextCheckAt = later(now, FIRST_CHECK_MS)
  return {
    status: opening.status,
    externalId,
    url,
    reason: null,
    checks: 0,
    nextCheckAt,
    ...(expiresAt && { expiresAt }),
  }
}

/** Its money may have come before we knew what the provider calls the checkout. */
const PAYMENT_OF = `tenant_id = $1::uuid AND (checkout_id = $2::uuid
  OR (provider = $3 AND external_id = $4 AND checkout_id IS NULL AND billing_id IS NULL))`

async function paymentOf(tx: Transaction, checkout: CheckoutRow, received: ProviderPayment | undefined) {
  const { tenantId, id, provider } = checkout
  const externalId = received?.reference ?? checkout.externalId
  const found = await lockedRows(tx, 'payment', PAYMENT_OF, [tenantId, id, provider, externalId])
  return found.find(({ checkoutId }) => checkoutId === id) ?? found[0] ?? null
}

async function settle(
  work: Work,
  { checkout, payment }: Locked,
  { status: seen }: CheckoutFact,
  paid: ProviderPayment,
) {
  const customerId = await customerOf(work, checkout, paid.customer)
  const asked = saleOf(checkout)
  const over = asked.over || paid.at > checkout.expiresAt
  const paying = { sale: { ...asked, customerId, over }, payment }
  const settled = await applyToPayment(work, paying, { noun: 'PAYMENT', proof: true, status: seen, received: paid })
  if (!settled) return
  const short = isShort(seen.state)
  // The rest may come as long as the page can be paid.
  const nextCheckAt = short && work.at < checkout.expiresAt ? later(work.at, RECHECK_MS) : null
  const reason = seen.message !== undefined && { reason: seen.message }
  const data = { customerId, nextCheckAt, checks: 0, ...(short ? reason : { reason: null }) }
  // What came too late leaves the checkout's end as it is.
  if (isLate(settled.status) && isOver(checkout.status)) {
    const late = { customerId, nextCheckAt: null }
    await write(work, checkout, late)
  } else await become(work, checkout, ENDS[settled.status] ?? 'COMPLETED', data)
}

/** What a checkout comes to by the money that came in for it. */
const ENDS: Readonly<Partial<Record<TransactionState, CheckoutStatus>>> = { UNDERPAID: 'FAILED', PAID_LATE: 'EXPIRED' }

async function move(work: Work, { checkout, payment }: Locked, { status: seen, customer }: CheckoutFact) {
  if (isSettled(seen.state)) {
    throw new Error(`${checkout.provider} shows no payment for checkout ${checkout.id}, which is paid`)
  }
  const status = statusAfter(seen.state)
  // Nobody had begun to pay a link that expired or was left: there is a checkout that ended, and no payment.
  const never = payment === null && isAbandoned(status)
  const customerId = await customerOf(work, checkout, never ? undefined : customer)
  const paying = { sale: { ...saleOf(checkout), customerId }, payment }
  if (!never && !(await applyToPayment(work, paying, { noun: 'PAYMENT', proof: true, status: seen }))) return
  const nextCheckAt = isBeingPaid(status) ? later(work.at, RECHECK_MS) : null
  const reason = isOver(status) && seen.message !== undefined ? { reason: seen.message } : {}
  const data = { customerId, nextCheckAt, checks: 0, ...reason }
  await become(work, checkout, status, data, never ? { state: seen.state } : undefined)
}

const ENDED: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  COMPLETED: 'checkout.completed',
  FAILED: 'checkout.failed',
  CANCELLED: 'checkout.cancelled',
  EXPIRED: 'checkout.expired',
}

interface Changed {
  readonly customerId: string | null
  readonly nextCheckAt: Date | null
  readonly checks: number
  readonly reason?: string | null
}

async function become(work: Work, before: CheckoutRow, status: CheckoutStatus, data: Changed, step?: ProviderStatus) {
  if (!mayBecome(before.status, status)) {
    // A payment that was begun on a checkout which is over is still asked about until its end is known.
    const { customerId, nextCheckAt, checks } = data
    if (isOver(before.status)) await write(work, before, { customerId, nextCheckAt, checks })
    return
  }
  const after = await write(work, before, { ...data, status, updatedAt: work.at })
  const type = ENDED[status]
  if (type) announce(work, after, type, step)
}

/** A step of the start of a subscription: no payment moves on its page, but the start itself. */
async function moveStart(work: Work, checkout: CheckoutRow, { status: seen, customer }: CheckoutFact): Promise<void> {
  if (isSettled(seen.state)) {
    throw new Error(`${checkout.provider} shows no subscription for checkout ${checkout.id}, which began one`)
  }
  const customerId = await customerOf(work, checkout, customer)
  const found = moveTo(checkout.startState ?? undefined, seen.state)
  if (found === 'illegal') {
    const object = { status: checkout.startState, observed: seen.state }
    await contradict(work, { type: 'checkout.contradicted', entityKind: 'Checkout', entityId: checkout.id, object })
  }
  if (found !== 'legal') return
  const status = statusAfter(seen.state)
  // Nobody had begun on a page that was over already: there is nothing to tell.
  const never = checkout.startState === null && isAbandoned(status)
  if (never && isOver(checkout.status)) return void (await write(work, checkout, { nextCheckAt: null }))
  const after = await write(work, checkout, {
    startState: seen.state,
    customerId,
    ...(mayBecome(checkout.status, status) && { status }),
    ...(seen.message !== undefined && { reason: seen.message }),
    nextCheckAt: isBeingPaid(status) ? later(work.at, RECHECK_MS) : null,
    checks: 0,
    updatedAt: work.at,
  })
  announce(work, after, ENDED[status] ?? 'checkout.processing', seen)
}

/** The subscription is there with what it was billed so far, and the checkout that began it is COMPLETED. */
async function begin(
  work: Work,
  checkout: CheckoutRow,
  { status: seen, customer }: CheckoutFact,
  began: ReadSubscription,
) {
  const customerId = await customerOf(work, checkout, customer)
  await beginSubscription(work, { ...checkout, customerId }, began)
  if (!mayBecome(checkout.status, 'COMPLETED')) return
  const data = { status: 'COMPLETED' as const, startState: seen.state, customerId, reason: null, nextCheckAt: null }
  const after = await write(work, checkout, { ...data, updatedAt: work.at })
  announce(work, after, 'checkout.completed', seen)
}

function announce(
  { emit }: Work,
  checkout: CheckoutRow,
  type: EventType,
  step: ProviderStatus | undefined,
  more: object = {},
): void {
  const { id } = checkout
  const status = step && statusOf(checkout, step)
  const object = { ...checkoutObject(checkout), ...more }
  emit({ type, entityKind: 'Checkout', entityId: id, topicId: id, object, ...(status && { status }) })
}

function statusOf(checkout: CheckoutRow, { state, transactionHash, message }: ProviderStatus): Status {
  const told = { ...(transactionHash && { transactionHash }), ...(message && { message }) }
  return { type: transactionTypeOf(checkout), state, final: isFinal(state), ...told }
}

/** The checkout's customer, or else the one whom the provider found. */
async function customerOf(work: Work, checkout: CheckoutRow, found: FoundCustomer | undefined): Promise<string | null> {
  if (checkout.customerId !== null || !found) return checkout.customerId
  const { tenantId, provider, userId } = checkout
  const link = await work.tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  const there = [{ deletedAt: null }, { mergedIntoId: { not: null } }]
  const linked =
    link && (await work.tx.customer.findFirst({ where: { tenantId, id: link.entityId, userId, OR: there } }))
  return linked?.mergedIntoId ?? linked?.id ?? customerFromPage(work, checkout, found, work.at)
}

function write(work: Work, { id }: CheckoutRow, data: Changes): Promise<CheckoutRow> {
  return work.tx.checkout.update({ where: keyOf(work, id), data })
}

function keyOf({ tenantId }: Work, id: string) {
  return { tenantId_id: { tenantId, id } }
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}
