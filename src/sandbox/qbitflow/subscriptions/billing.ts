import { divideHalfEven, parseDecimal } from '../../../kernel/money.ts'
import { centsOf, usdOf } from '../usd.ts'
import type { Subscription, SubscriptionStatus, Usage } from './documents.ts'
import { after } from './duration.ts'

/** Units and prices have six decimals; their product has twelve, ten more than a cent. */
const FINE_EXPONENT = 6
const FINE_PER_CENT = 10n ** 10n

/** Fewer bills than this left in the allowance are a reason to warn. */
const BILLS_IN_RESERVE = 2n

/** What so many units cost before credits and maximum, in cents. */
export function costOf(units: string, price: string): bigint {
  return divideHalfEven(fine(units) * fine(price), FINE_PER_CENT)
}

/** The sum of two counts of units. */
export function addUnits(a: string, b: string): string {
  const sum = (fine(a) + fine(b)).toString().padStart(FINE_EXPONENT + 1, '0')
  return `${sum.slice(0, -FINE_EXPONENT)}.${sum.slice(-FINE_EXPONENT)}`.replace(/\.?0+$/, '')
}

function fine(text: string): bigint {
  const parsed = parseDecimal(text, FINE_EXPONENT)
  if (parsed === undefined) throw new Error(`${text} has too many decimals`)
  return parsed
}

/**
 * Turns the units of a period that is over into what is owed for it: cost less free credits, and no more than the
 * customer's maximum. A period that is owed already stays as it is, so that a bill which failed is not reckoned anew.
 */
export function closePeriod(subscription: Subscription): Subscription {
  const { usage, price, maximum } = subscription
  if (!usage || usage.owed !== undefined) return subscription
  const cost = costOf(usage.unitsCurrentPeriod, price)
  const credits = centsOf(usage.freeCredits)
  const used = smaller(cost, credits)
  const owed = smaller(cost - used, centsOf(maximum))
  return {
    ...subscription,
    usage: { unitsCurrentPeriod: '0', freeCredits: usdOf(credits - used), owed: usdOf(owed) },
  }
}

/** The next bill in cents. What is paid as it goes has one when its period is closed. */
export function amountDue({ price, usage }: Subscription): bigint {
  return usage ? centsOf(usage.owed ?? '0') : centsOf(price)
}

/** Why a bill of so many cents cannot be taken, as the status that says so; undefined when it can. */
export function obstacleTo(subscription: Subscription, cents: bigint): 'pending' | 'past_due' | undefined {
  if (cents > centsOf(subscription.maximum)) return 'pending'
  return cents > centsOf(subscription.allowance) ? 'past_due' : undefined
}

/** What one bill may come to, in cents: usage is not known before, so the customer's maximum stands for it. */
export function likelyBill({ price, usage, maximum }: Pick<Subscription, 'price' | 'usage' | 'maximum'>): bigint {
  return usage ? centsOf(maximum) : centsOf(price)
}

/** How a subscription stands whose bills are paid. */
export function standing(subscription: Subscription): 'active' | 'low_on_funds' {
  const reserve = likelyBill(subscription) * BILLS_IN_RESERVE
  return centsOf(subscription.allowance) < reserve ? 'low_on_funds' : 'active'
}

const UNPAID: ReadonlySet<SubscriptionStatus> = new Set(['past_due', 'pending'])

export function isUnpaid({ status }: Pick<Subscription, 'status'>): boolean {
  return UNPAID.has(status)
}

const UNCONFIRMED: ReadonlySet<SubscriptionStatus> = new Set(['trial', 'trial_expired'])

/** Until when the customer has agreed to stay; undefined when they may leave. A trial binds nobody. */
export function boundUntil({ status, minimumCancellationDate }: Subscription, now: Date): string | undefined {
  if (!minimumCancellationDate || UNCONFIRMED.has(status)) return undefined
  return now < new Date(minimumCancellationDate) ? minimumCancellationDate : undefined
}

/** The date of the bill that comes so many periods after the anchor. */
export function billingDate({ anchor, plan }: Pick<Subscription, 'anchor' | 'plan'>, count: number): Date {
  return after(new Date(anchor), plan.frequency, count)
}

/** The subscription with its bill settled: the next period runs. A bill that is overdue already comes at once. */
export function nextPeriod(subscription: Subscription, at: Date): Subscription {
  const nextBill = subscription.nextBill + 1
  const date = billingDate(subscription, nextBill)
  return {
    ...subscription,
    nextBill,
    nextBillingDate: date.toISOString(),
    wakesAt: (date > at ? date : at).toISOString(),
    graceEndsAt: undefined,
    billing: undefined,
    usage: subscription.usage && withoutDebt(subscription.usage),
    status: standing(subscription),
  }
}

function withoutDebt({ unitsCurrentPeriod, freeCredits }: Usage): Usage {
  return { unitsCurrentPeriod, freeCredits }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
