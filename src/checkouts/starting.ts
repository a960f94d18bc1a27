import type { CheckoutRow } from '../db/rows.ts'
import { contradict } from '../events/contradiction.ts'
import { isMoving, isSettled, mayBeTriedAgain, moveTo } from '../payments/payment.ts'
import { applyUnclaimed } from '../payments/unclaimed.ts'
import type { CheckoutFact, ReadSubscription } from '../providers/port/facts.ts'
import { beginSubscription } from '../subscriptions/apply.ts'
import type { Work } from '../work/work.ts'
import { announce, ENDED } from './announce.ts'
import { isAbandoned, isCompleted, isExpired, isOver, mayBecome, statusAfter } from './checkout.ts'
import { customerOf } from './payer.ts'
import { earlier, later, write } from './row.ts'

/** What a fact makes of a checkout that is the start of a subscription. The checkout must be locked. */

/** Of what is on its way, or may follow soon. */
const RECHECK_MS = 10_000

export async function applyToStart(work: Work, checkout: CheckoutRow, fact: CheckoutFact): Promise<void> {
  if (fact.began) return begin(work, checkout, fact, fact.began)
  // Its subscription may have begun on another page: how this one ends is no news.
  if (checkout.session > 1 && isCompleted(checkout.status)) return
  return moveStart(work, checkout, fact)
}

/** A step of the start of a subscription: no payment moves on its page, but the start itself. */
async function moveStart(work: Work, checkout: CheckoutRow, fact: CheckoutFact): Promise<void> {
  const { status: seen, customer, mayBeAnother = false } = fact
  if (isSettled(seen.state)) {
    throw new Error(`${checkout.provider} shows no subscription for checkout ${checkout.id}, which began one`)
  }
  const customerId = await customerOf(work, checkout, customer)
  const before = checkout.startState ?? undefined
  const ends = before !== undefined && mayBeTriedAgain(before) && isAbandoned(statusAfter(seen.state, false))
  const isAnother = ends || (mayBeAnother && isMoving(seen.state))
  const found = moveTo(before, seen.state, isAnother)
  if (found === 'illegal') {
    const object = { status: checkout.startState, observed: seen.state }
    await contradict(work, { type: 'checkout.contradicted', entityKind: 'Checkout', entityId: checkout.id, object })
  }
  if (found !== 'legal') return
  const status = statusAfter(seen.state, isExpired(checkout, work.at))
  // Nobody had begun on a page that was over already: there is nothing to tell.
  const never = checkout.startState === null && isAbandoned(status)
  if (never && isOver(checkout.status)) return void (await write(work, checkout, { nextCheckAt: null }))
  const after = await write(work, checkout, {
    startState: seen.state,
    customerId,
    ...(mayBecome(checkout.status, status) && { status }),
    ...(seen.message !== undefined && { reason: seen.message }),
    nextCheckAt: isOver(status) ? null : earlier(later(work.at, RECHECK_MS), checkout.expiresAt),
    checks: 0,
    updatedAt: work.at,
  })
  const failed = mayBeTriedAgain(seen.state) && 'checkout.attempt_failed'
  announce(work, after, failed || ENDED[status] || 'checkout.processing', seen)
}

/**
 * The subscription is there with what it was billed so far, and the checkout that began it is COMPLETED. On whichever of
 * its pages that was: the subscription is called at the provider as that page is.
 */
async function begin(
  work: Work,
  checkout: CheckoutRow,
  { checkout: externalId, status: seen, customer }: CheckoutFact,
  began: ReadSubscription,
): Promise<void> {
  const where = { tenantId_checkoutId: { tenantId: work.tenantId, checkoutId: checkout.id } }
  const existing = await work.tx.subscription.findUnique({ where })
  if (existing && existing.externalId !== externalId) return keepSecond(work, checkout, began)
  const customerId = await customerOf(work, checkout, customer)
  await beginSubscription(work, { ...checkout, externalId, customerId }, began)
  if (!mayBecome(checkout.status, 'COMPLETED')) return
  const data = { status: 'COMPLETED' as const, startState: seen.state, customerId, reason: null, nextCheckAt: null }
  const after = await write(work, checkout, { ...data, updatedAt: work.at })
  announce(work, after, 'checkout.completed', seen)
}

/**
 * The customer has subscribed twice, over two pages. The checkout keeps its first subscription. What the other one bills is
 * booked as money that nothing of ours asked for, and it is told that there is another one.
 */
async function keepSecond(work: Work, checkout: CheckoutRow, { subscription, bills }: ReadSubscription): Promise<void> {
  const object = { status: checkout.status, observed: `a second subscription, ${subscription}` }
  await contradict(work, { type: 'checkout.contradicted', entityKind: 'Checkout', entityId: checkout.id, object })
  for (const bill of bills) await applyUnclaimed(work, checkout.provider, 'SUBSCRIPTION', bill)
}
