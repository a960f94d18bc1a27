import type { Transaction } from '../db/database.ts'
import { lockedRow, lockedRows } from '../db/lock.ts'
import type { CheckoutRow } from '../db/rows.ts'
import { invalidState } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { applyToPayment } from '../payments/apply.ts'
import { hasMoney, isLate, isMoving, isRefunded, isSettled, isShort, mayBeTriedAgain } from '../payments/payment.ts'
import { saleOf } from '../payments/sale.ts'
import { applyUnclaimed } from '../payments/unclaimed.ts'
import type { CheckoutFact, OpeningFact, ProviderPayment, ProviderStatus } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { announce } from './announce.ts'
import {
  hasFailedAttempt,
  isAbandoned,
  isBeingOpened,
  isBeingPaid,
  isCancelled,
  isExpired,
  isOver,
  LIFETIME_HOURS,
  mayBeCancelled,
  mayBecome,
  mayBeReopened,
  recurs,
  statusAfter,
} from './checkout.ts'
import { customerOf } from './payer.ts'
import { become, type Changes, earlier, later, open, reopen, write } from './row.ts'
import { applyToStart } from './starting.ts'
import { isDenied, type Locked, placeOf } from './step.ts'

/** What a fact makes of a checkout, wherever it came from, and what is decided here. */

/** Of what is on its way, or may follow soon. */
const RECHECK_MS = 10_000

/** What is decided of a checkout here, without news from its provider. */
export type CheckoutDecision = { readonly noun: 'CHECKOUT' } & (
  | { readonly decision: 'CANCEL' }
  /** Another page is opened, unless the one that there is can still be paid. */
  | { readonly decision: 'RETRY'; readonly triesAgain: boolean }
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
  if ('opening' in fact) return open(work, id, fact)
  const checkout = await lockedRow(work.tx, 'checkout', work.tenantId, id)
  if (!checkout) throw new Error(`checkout ${id} is not there`)
  if ('decision' in fact) return decide(work, checkout, fact)
  // Of an earlier page only money is news, and the beginning of a subscription.
  if (fact.checkout !== checkout.externalId && !fact.received && !fact.began) return
  if (recurs(checkout)) return applyToStart(work, checkout, fact)
  const payment = await paymentOf(work.tx, checkout, fact.received)
  if (fact.received) return settle(work, { checkout, payment }, fact, fact.received)
  return move(work, { checkout, payment }, fact)
}

/** @throws DomainError INVALID_STATE where it can no longer be cancelled */
async function decide(work: Work, checkout: CheckoutRow, fact: CheckoutDecision): Promise<void> {
  const { status, expiresAt } = checkout
  if (fact.decision === 'CANCEL') {
    if (isCancelled(status)) return
    if (!mayBeCancelled(status)) throw invalidState(`A checkout that is ${status} cannot be cancelled`, ['id'])
    const after = await write(work, checkout, { status: 'CANCELLED', nextCheckAt: expiresAt, updatedAt: work.at })
    announce(work, after, 'checkout.cancelled', { state: 'CANCELLED' })
  } else if (fact.decision === 'RETRY') await retry(work, checkout, fact.triesAgain)
  else if (fact.decision === 'ACCEPT') {
    if (!mayBecome(status, 'COMPLETED')) return
    const data = { status: 'COMPLETED' as const, reason: null, nextCheckAt: null, updatedAt: work.at }
    const payment = encodeId('Payment', fact.paymentId)
    announce(work, await write(work, checkout, data), 'checkout.completed', undefined, { payment })
  } else if (checkout.checks === fact.checks) await write(work, checkout, { nextCheckAt: null })
}

/** @throws DomainError INVALID_STATE where it is paid, is being paid, or money came in for it */
async function retry(work: Work, checkout: CheckoutRow, triesAgain: boolean): Promise<void> {
  const { status, expiresInSeconds } = checkout
  if (isBeingOpened(status)) return
  if (!mayBeReopened(status)) throw invalidState(`A checkout that is ${status} cannot be retried`, ['id'])
  const payment = await paymentOf(work.tx, checkout, undefined)
  if (payment && hasMoney(payment)) {
    const isOnThisPage = payment.externalId === checkout.externalId && payment.refundedMinor === 0n
    // The rest can be paid on the page where too little was paid.
    if (!isOver(status) && triesAgain && isShort(payment.status) && isOnThisPage) return
    const rule = isRefunded(payment.status)
      ? 'all of it was refunded, so create another checkout'
      : 'accept it with acceptPayment, or refund it and create another checkout'
    throw invalidState(`The checkout has received money, so that it cannot be retried: ${rule}`, ['id'])
  }
  if (!isOver(status) && (triesAgain || !hasFailedAttempt(checkout))) return
  await reopen(work, checkout, (expiresInSeconds ?? LIFETIME_HOURS * 3_600) * 1_000)
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
  // Somebody has paid twice, over two pages: the second payment is one of its own, which nobody asked for.
  if (payment && hasMoney(payment) && payment.externalId !== paid.reference) {
    return applyUnclaimed(work, checkout.provider, 'ONE_TIME', paid)
  }
  const customerId = await customerOf(work, checkout, paid.customer)
  const asked = saleOf(checkout)
  const over = asked.over || paid.at > checkout.expiresAt
  const paying = { sale: { ...asked, customerId, over }, payment }
  const settled = await applyToPayment(work, paying, { noun: 'PAYMENT', proof: true, status: seen, received: paid })
  if (!settled) return leave(work, { checkout, payment }, seen, customerId)
  // What came too late leaves the checkout's end as it is.
  if (isLate(settled.status) && isOver(checkout.status)) {
    const late = { customerId, nextCheckAt: null }
    await write(work, checkout, late)
  } else if (isShort(settled.status)) await fail(work, checkout, seen, { customerId })
  else {
    const status = isLate(settled.status) ? 'EXPIRED' : 'COMPLETED'
    await become(work, checkout, status, { customerId, nextCheckAt: null, checks: 0, reason: null })
  }
}

async function move(work: Work, locked: Locked, fact: CheckoutFact) {
  const { checkout, payment } = locked
  const { status: seen, customer } = fact
  if (isSettled(seen.state)) {
    throw new Error(`${checkout.provider} shows no payment for checkout ${checkout.id}, which is paid`)
  }
  const { isAnother, isIdle, keepsMoney } = placeOf(locked, fact)
  // Nobody was paying on a page that ended: there is a checkout that ended, and its payment, if any, stays as it is.
  const never = isIdle && isAbandoned(statusAfter(seen.state, false))
  const customerId = await customerOf(work, checkout, never ? undefined : customer)
  if (never || (keepsMoney && !isDenied(locked, seen))) return leave(work, locked, seen, customerId, isAnother)
  const paying = { sale: { ...saleOf(checkout), customerId }, payment }
  if (!(await applyToPayment(work, paying, { noun: 'PAYMENT', proof: true, status: seen, isAnother }))) return
  const status = statusAfter(seen.state, isExpired(checkout, work.at))
  if (mayBeTriedAgain(seen.state)) return fail(work, checkout, seen, { customerId })
  const nextCheckAt = isBeingPaid(status) ? later(work.at, RECHECK_MS) : null
  const told = isOver(status) && seen.message !== undefined ? { reason: seen.message } : {}
  const reason = isAnother ? { reason: null } : told
  await become(work, checkout, status, { customerId, nextCheckAt, checks: 0, ...reason })
}

/** A step of a checkout that leaves its payment as it is. */
async function leave(
  work: Work,
  { checkout, payment }: Locked,
  seen: ProviderStatus,
  customerId: string | null,
  isAnother = false,
) {
  if (mayBeTriedAgain(seen.state)) {
    // What failed is the attempt to pay the rest, unless it is old news of the first one.
    const isOld = seen.transactionHash !== undefined && seen.transactionHash === payment?.transactionHash
    if (isBeingPaid(checkout.status) && !isOld) await fail(work, checkout, seen, { customerId }, seen)
    return
  }
  if (isMoving(seen.state)) {
    if (!isAnother || !mayBecome(checkout.status, 'PROCESSING')) return
    const data = { status: 'PROCESSING' as const, nextCheckAt: later(work.at, RECHECK_MS), checks: 0 }
    const after = await write(work, checkout, { ...data, reason: null, updatedAt: work.at })
    announce(work, after, 'checkout.processing', seen)
    return
  }
  if (isSettled(seen.state)) return
  const reason = payment === null && seen.message !== undefined ? { reason: seen.message } : {}
  const status = statusAfter(seen.state, true)
  await become(work, checkout, status, { customerId, nextCheckAt: null, checks: 0, ...reason }, { state: seen.state })
}

/** An attempt has failed. The checkout stays open for another, as long as its page can be paid. */
async function fail(
  work: Work,
  checkout: CheckoutRow,
  seen: ProviderStatus,
  data: Changes,
  step?: ProviderStatus,
): Promise<void> {
  const expired = isExpired(checkout, work.at)
  const reason = { reason: seen.message ?? 'The payment failed' }
  if (isOver(checkout.status)) {
    await write(work, checkout, { ...data, nextCheckAt: null })
    return
  }
  const status = expired ? ('EXPIRED' as const) : ('OPEN' as const)
  const nextCheckAt = expired ? null : earlier(later(work.at, RECHECK_MS), checkout.expiresAt)
  const after = await write(work, checkout, { ...data, ...reason, status, nextCheckAt, checks: 0, updatedAt: work.at })
  announce(work, after, 'checkout.attempt_failed', step)
  if (expired) announce(work, after, 'checkout.expired', { state: 'EXPIRED' })
}
