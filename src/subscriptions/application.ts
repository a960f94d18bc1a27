import type { Transaction } from '../db/database.ts'
import type { SubscriptionRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import type { ProviderPayment, ProviderSubscription } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { addBillings, failBilling } from './billings.ts'
import type { Found } from './progress.ts'
import { isOver, isUnpaid, mayReach, nextCheck, subscriptionEventType, subscriptionObject } from './subscription.ts'

/**
 * What the provider's news makes of a subscription whose row is locked: the bills that are new, then the state. Older
 * news than what we have brings its bills and no more; a state that ours cannot have led to is refused and recorded.
 */
export async function applyFound(
  work: Work,
  before: SubscriptionRow,
  { state, paid }: Found,
): Promise<SubscriptionRow> {
  const ended = before.cancelledAt ?? (state.status === 'CANCELLED' ? state.updatedAt : undefined)
  const fresh = await addBillings(work, before, paid, ended)
  const believed = believable(before, state)
  if (believed === 'contradicted') {
    const object = { status: before.status, observed: state.status }
    work.emit({ type: 'subscription.contradicted', entityKind: 'Subscription', entityId: before.id, object })
  }
  const facts = { ...billed(before, fresh), ...(believed === 'news' && factsOf(before, state, work.at)) }
  const changed = fresh.length > 0 || differs(before, facts)
  const checks = changed ? 0 : before.checks
  const pending = await hasPending(work.tx, before)
  const nextCheckAt = nextCheck({ ...before, ...facts, checks }, work.at, pending)
  const data = { ...stored(facts), checks, nextCheckAt, ...(changed && { updatedAt: work.at }) }
  const after = await work.tx.subscription.update({ where: keyOf(before), data })
  if (isUnpaid(after.status) || (isOver(after.status) && pending)) await failBilling(work, after)
  if (changed) announceSubscription(work.emit, after, before)
  return after
}

export function announceSubscription(emit: Emit, after: SubscriptionRow, before?: SubscriptionRow): void {
  const status = before && stepOf(before, after)
  const type = before?.status === after.status ? 'subscription.updated' : subscriptionEventType(after.status)
  const entity = { entityKind: 'Subscription' as const, entityId: after.id, topicId: after.id }
  emit({ ...entity, type, object: subscriptionObject(after), ...(status && { status }) })
}

function believable(before: SubscriptionRow, state: ProviderSubscription): 'news' | 'old' | 'contradicted' {
  const { externalUpdatedAt } = before
  if (externalUpdatedAt && state.updatedAt && state.updatedAt < externalUpdatedAt) return 'old'
  return state.status === before.status || mayReach(before.status, state.status) ? 'news' : 'contradicted'
}

type Facts = Partial<SubscriptionRow>

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
export function factsOf(before: Facts, state: ProviderSubscription, now: Date): Facts {
  const { status, allowance, freeCredits, maxSpending } = state
  return {
    status,
    ...said('stopped', state.stopped),
    ...said('allowanceMinor', allowance?.minor),
    ...said('unitsMillionths', state.unitsMillionths),
    ...said('freeCreditsMinor', freeCredits?.minor),
    ...said('maxSpendingMinor', maxSpending?.minor),
    ...said('lastBillingAt', state.lastBillingAt),
    ...said('nextBillingAt', isOver(status) ? null : state.nextBillingAt),
    ...said('minimumCancellationAt', state.minimumCancellationAt),
    ...said('managementUrl', state.managementUrl),
    ...said('externalUpdatedAt', state.updatedAt),
    ...(status === 'CANCELLED' && !before.cancelledAt && { cancelledAt: state.updatedAt ?? now }),
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
export function stored(facts: Facts) {
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
  if (after.status === 'CANCELLED') return { type: 'CANCEL_SUBSCRIPTION', state: 'COMPLETED', final: true }
  if (after.status === 'COMPLETED') return { type: 'EXECUTE_SUBSCRIPTION', state: 'COMPLETED', final: true }
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
