import type { Transaction } from '../db/database.ts'
import type { CheckoutRow, SubscriptionRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import { contradict } from '../events/contradiction.ts'
import type { Emit } from '../events/outbox.ts'
import { after, afterFixed } from '../kernel/duration.ts'
import { newId } from '../kernel/id.ts'
import { type OwnWords, wordsOf } from '../payments/sale.ts'
import type { ProviderPayment, ReadSubscription, SubscriptionFact } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { addBillings, failBilling } from './billings.ts'
import { lockSubscription } from './lock.ts'
import {
  isCancelled,
  isCompleted,
  isOver,
  isTrial,
  isUnpaid,
  mayReach,
  nextCheck,
  subscriptionEventType,
  subscriptionObject,
} from './subscription.ts'
import { termsOf } from './terms.ts'

/** What a fact makes of a subscription, wherever it came from. */

/**
 * The bills that are new, then the state, under the lock of the subscription's row. Older news than what we have brings
 * its bills and no more; a state that ours cannot have led to is refused and recorded. A repeat changes nothing.
 */
export async function applyToSubscription(
  work: Work,
  { id }: Pick<SubscriptionRow, 'id'>,
  fact: SubscriptionFact,
): Promise<SubscriptionRow> {
  return applyLocked(work, await lockSubscription(work.tx, { tenantId: work.tenantId, id }), fact)
}

/** The subscription that a completed checkout began, and its first bills. The checkout must be locked. */
export async function beginSubscription(
  work: Work,
  checkout: CheckoutRow & { readonly customerId: string | null },
  fact: ReadSubscription,
): Promise<SubscriptionRow> {
  const where = { tenantId_checkoutId: { tenantId: checkout.tenantId, checkoutId: checkout.id } }
  const existing = await work.tx.subscription.findUnique({ where })
  if (existing) return applyToSubscription(work, existing, fact)
  return applyLocked(work, await create(work, checkout, fact), fact)
}

async function applyLocked(work: Work, before: SubscriptionRow, fact: SubscriptionFact): Promise<SubscriptionRow> {
  const { state, bills, message } = fact
  const ended = before.cancelledAt ?? (isCancelled(state.status) ? state.updatedAt : undefined)
  const fresh = await addBillings(work, before, bills, ended)
  const believed = believable(before, state)
  if (believed === 'contradicted') {
    const object = { status: before.status, observed: state.status }
    await contradict(work, {
      type: 'subscription.contradicted',
      entityKind: 'Subscription',
      entityId: before.id,
      object,
    })
  }
  const facts = { ...billed(before, fresh), ...(believed === 'news' && factsOf(before, state, work.at)) }
  const changed = fresh.length > 0 || differs(before, facts)
  const checks = changed ? 0 : before.checks
  const pending = await hasPending(work.tx, before)
  const nextCheckAt = nextCheck({ ...before, ...facts, checks }, work.at, pending)
  const data = { ...stored(facts), checks, nextCheckAt, ...(changed && { updatedAt: work.at }) }
  const after = await work.tx.subscription.update({ where: keyOf(before), data })
  if (isUnpaid(after.status) || (isOver(after.status) && pending)) await failBilling(work, after)
  if (changed) announce(work.emit, after, before, message)
  return after
}

async function create(work: Work, checkout: CheckoutRow, { state, periods }: ReadSubscription) {
  const terms = termsOf(checkout)
  if (!terms) throw new Error(`checkout ${checkout.id} has no terms to subscribe to`)
  const { frequency, trialPeriod, minPeriods, freeCredits } = terms
  const began = state.createdAt ?? work.at
  const later = periods === 'CALENDAR' ? after : afterFixed
  const agreed = {
    status: state.status,
    ...(freeCredits && { freeCreditsMinor: freeCredits.minor }),
    ...(minPeriods !== undefined && { minPeriods, minimumCancellationAt: later(began, frequency, minPeriods) }),
    ...(trialPeriod && { trialEndsAt: (isTrial(state.status) && state.nextBillingAt) || later(began, trialPeriod) }),
  }
  const facts = { ...agreed, ...factsOf({}, state, work.at) }
  const { tenantId, provider, productId, userId, customerId, externalId, currency } = checkout
  const subscription = await work.tx.subscription.create({
    data: {
      ...stored(facts),
      tenantId,
      id: newId(),
      provider,
      status: state.status,
      usage: checkout.kind === 'PAY_AS_YOU_GO' ? 'METERED' : 'LICENSED',
      checkoutId: checkout.id,
      ...wordsOf(checkout),
      customerId,
      productId,
      userId,
      description: checkout.itemName,
      priceMinor: checkout.priceMinor.toString(),
      currency,
      frequencyValue: frequency.value,
      frequencyUnit: frequency.unit,
      externalId,
      nextCheckAt: nextCheck(
        { status: state.status, nextBillingAt: null, cancelRequestedAt: null, checks: 0 },
        work.at,
      ),
      createdAt: work.at,
      updatedAt: work.at,
    },
  })
  work.emit({
    type: 'subscription.created',
    entityKind: 'Subscription',
    entityId: subscription.id,
    topicId: subscription.id,
    object: subscriptionObject(subscription),
    status: {
      type: subscription.usage === 'METERED' ? 'CREATE_PAYG_SUBSCRIPTION' : 'CREATE_SUBSCRIPTION',
      state: 'COMPLETED',
      final: false,
    },
  })
  return subscription
}

function announce(emit: Emit, after: SubscriptionRow, before: SubscriptionRow, message: string | undefined): void {
  const step = stepOf(before, after)
  const status = step && { ...step, ...(message && { message }) }
  const type = before.status === after.status ? 'subscription.updated' : subscriptionEventType(after.status)
  const entity = { entityKind: 'Subscription' as const, entityId: after.id, topicId: after.id }
  const object = { ...subscriptionObject(after), ...(message && { reason: message }) }
  emit({ ...entity, type, object, ...(status && { status }) })
}

function believable(before: SubscriptionRow, state: SubscriptionFact['state']): 'news' | 'old' | 'contradicted' {
  const { externalUpdatedAt } = before
  if (externalUpdatedAt && state.updatedAt && state.updatedAt < externalUpdatedAt) return 'old'
  const { status = before.status } = state
  return status === before.status || mayReach(before.status, status) ? 'news' : 'contradicted'
}

type Facts = Partial<Omit<SubscriptionRow, keyof OwnWords>>

/** What follows from bills that are new. A licence's price is what was last billed: the provider tells it nowhere else. */
function billed(before: SubscriptionRow, fresh: readonly ProviderPayment[]): Facts {
  const last = fresh.at(-1)
  if (!last) return {}
  return {
    completedCycles: before.completedCycles + fresh.length,
    lastBillingAt: last.at,
    ...(before.usage === 'LICENSED' && { priceMinor: last.amount.minor }),
  }
}

/** What the provider says, as the row keeps it. */
function factsOf(before: Facts, state: SubscriptionFact['state'], now: Date): Facts {
  const { status, allowance, freeCredits, maxSpending } = state
  return {
    ...said('status', status),
    ...said('stopped', state.stopped),
    ...said('allowanceMinor', allowance?.minor),
    ...said('unitsMillionths', state.unitsMillionths),
    ...said('freeCreditsMinor', freeCredits?.minor),
    ...said('maxSpendingMinor', maxSpending?.minor),
    ...said('lastBillingAt', state.lastBillingAt),
    ...said('nextBillingAt', status && isOver(status) ? null : state.nextBillingAt),
    ...said('minimumCancellationAt', state.minimumCancellationAt),
    ...said('managementUrl', state.managementUrl),
    ...said('externalUpdatedAt', state.updatedAt),
    ...(isCancelled(status) && !before.cancelledAt && { cancelledAt: state.updatedAt ?? now }),
  }
}

function said<Name extends keyof Facts>(name: Name, value: Facts[Name]): Facts {
  return value === undefined ? {} : { [name]: value }
}

/** The provider's time of its news is no news. */
function differs(before: SubscriptionRow, facts: Facts): boolean {
  const names = Object.keys(facts) as (keyof Facts)[]
  return names.some((name) => name !== 'externalUpdatedAt' && !same(before[name], facts[name]))
}

function same(one: unknown, other: unknown): boolean {
  return one instanceof Date && other instanceof Date ? one.getTime() === other.getTime() : one === other
}

const AMOUNTS = ['priceMinor', 'allowanceMinor', 'unitsMillionths', 'freeCreditsMinor', 'maxSpendingMinor'] as const

/** Amounts are written as decimals. */
function stored(facts: Facts) {
  const { priceMinor, allowanceMinor, unitsMillionths, freeCreditsMinor, maxSpendingMinor, ...rest } = facts
  const amounts = { priceMinor, allowanceMinor, unitsMillionths, freeCreditsMinor, maxSpendingMinor }
  const texts: { [Name in (typeof AMOUNTS)[number]]?: string } = {}
  for (const name of AMOUNTS) {
    const value = amounts[name]
    if (value !== undefined && value !== null) texts[name] = value.toString()
  }
  return { ...rest, ...texts }
}

/** What the change is on the subscription's status page, where it is a step of something. */
function stepOf(before: SubscriptionRow, after: SubscriptionRow): Status | undefined {
  if (isCancelled(after.status)) return { type: 'CANCEL_SUBSCRIPTION', state: 'COMPLETED', final: true }
  if (isCompleted(after.status)) return { type: 'EXECUTE_SUBSCRIPTION', state: 'COMPLETED', final: true }
  const rose = (name: 'allowanceMinor' | 'maxSpendingMinor') => (after[name] ?? 0n) > (before[name] ?? 0n)
  if (rose('allowanceMinor')) return { type: 'INCREASE_ALLOWANCE', state: 'COMPLETED', final: false }
  if (rose('maxSpendingMinor')) return { type: 'UPDATE_MAX_AMOUNT', state: 'COMPLETED', final: false }
  return undefined
}

async function hasPending(tx: Transaction, { tenantId, id }: SubscriptionRow): Promise<boolean> {
  return (await tx.billing.count({ where: { tenantId, subscriptionId: id, status: 'PENDING' } })) > 0
}

function keyOf({ tenantId, id }: SubscriptionRow) {
  return { tenantId_id: { tenantId, id } }
}
