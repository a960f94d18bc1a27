import { z } from 'zod'
import type { SubscriptionStatus } from '../db/generated/enums.ts'
import { inList } from '../db/in-list.ts'
import type { BillingRow, SubscriptionRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { BILLING, SUBSCRIPTION } from '../events/objects/subscriptions.ts'
import type { ObjectOf } from '../events/shape.ts'
import { encodeId } from '../kernel/id.ts'
import { decimalRule, id, optional, price, refuse } from '../kernel/input.ts'
import { formatDecimal, parseDecimal } from '../kernel/money.ts'

/** What a customer agreed to pay again and again. */

/** The moves that a provider makes. One that we look at now and then may have made several at once. */
const NEXT: Readonly<Record<SubscriptionStatus, readonly SubscriptionStatus[]>> = {
  INCOMPLETE: ['TRIAL', 'ACTIVE', 'COMPLETED', 'CANCELLED'],
  TRIAL: ['ACTIVE', 'TRIAL_EXPIRED', 'CANCELLED'],
  TRIAL_EXPIRED: ['ACTIVE', 'CANCELLED'],
  ACTIVE: ['LOW_ON_FUNDS', 'PENDING', 'PAST_DUE', 'COMPLETED', 'CANCELLED'],
  LOW_ON_FUNDS: ['ACTIVE', 'PENDING', 'PAST_DUE', 'CANCELLED'],
  PENDING: ['ACTIVE', 'CANCELLED'],
  PAST_DUE: ['ACTIVE', 'UNPAID', 'CANCELLED'],
  UNPAID: ['ACTIVE', 'CANCELLED'],
  CANCELLED: [],
  COMPLETED: [],
}

/** Whether a subscription that stood at one status may be found at the other, whatever it passed in between. */
export function mayReach(from: SubscriptionStatus, to: SubscriptionStatus): boolean {
  const reached = new Set(NEXT[from])
  for (const status of reached) for (const next of NEXT[status]) reached.add(next)
  return reached.has(to)
}

/** Those of which nothing more is billed, ever. */
export const OVER = (Object.keys(NEXT) as SubscriptionStatus[]).filter(isOver)

/** Whether nothing more is billed, ever. */
export function isOver(status: SubscriptionStatus): boolean {
  return NEXT[status].length === 0
}

export function isCancelled(status: SubscriptionStatus | undefined): boolean {
  return status === 'CANCELLED'
}

/** Whether it ended because all its periods were billed. */
export function isCompleted(status: SubscriptionStatus): boolean {
  return status === 'COMPLETED'
}

export function isTrial(status: SubscriptionStatus): boolean {
  return status === 'TRIAL'
}

/** Whether it is paid a fixed price and its first bill or its trial did not fail, as SQL over a row of that name. */
export const paysAheadSql = (row: string): string =>
  `(${row}.usage = 'LICENSED' AND ${row}.status NOT IN ('INCOMPLETE', 'TRIAL_EXPIRED'))`

/** When it ended, as SQL over a row of that name; null until then. */
export const endedAtSql = (row: string): string =>
  `CASE ${row}.status WHEN 'CANCELLED' THEN coalesce(${row}.cancelled_at, ${row}.updated_at)
    WHEN 'COMPLETED' THEN coalesce(${row}.external_updated_at, ${row}.updated_at) END`

/** Whether the bill of the period that runs could not be paid. */
export function isUnpaid(status: SubscriptionStatus): boolean {
  return status === 'PAST_DUE' || status === 'UNPAID'
}

/** Those that wait for somebody to act, so that much may happen at any moment. */
const AWAITS_ACTION: readonly SubscriptionStatus[] = ['INCOMPLETE', 'TRIAL_EXPIRED', 'PENDING', 'PAST_DUE', 'UNPAID']

/** Whether something is expected of the next check, as SQL: one with which all is well is checked once a day to be sure. */
export const CHECK_MATTERS = `(next_check_at >= next_billing_at OR cancel_requested_at IS NOT NULL
  OR status IN ${inList(AWAITS_ACTION)})`

const SETTLING_MS = 30_000
const SOON_MS = 15_000
const AWAITS_ACTION_MS = 60_000
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/**
 * When the provider is asked again: shortly after the next bill, or sooner and less and less often while something is
 * amiss or asked for; once a day at the least. Null when nothing can change any more.
 */
export function nextCheck(
  subscription: Pick<SubscriptionRow, 'status' | 'nextBillingAt' | 'cancelRequestedAt' | 'checks'>,
  now: Date,
  awaitsBill = false,
): Date | null {
  const { status, nextBillingAt, cancelRequestedAt, checks } = subscription
  if (isOver(status)) return null
  const backoff = (firstMs: number) => new Date(now.getTime() + Math.min(firstMs * 2 ** Math.min(checks, 12), HOUR_MS))
  if (cancelRequestedAt || awaitsBill) return backoff(SOON_MS)
  if (AWAITS_ACTION.includes(status)) return backoff(AWAITS_ACTION_MS)
  const billed = (nextBillingAt?.getTime() ?? Number.POSITIVE_INFINITY) + SETTLING_MS
  return billed <= now.getTime() ? backoff(SOON_MS) : new Date(Math.min(billed, now.getTime() + DAY_MS))
}

/** Units are counted in millionths. */
export const UNIT_DIGITS = 6
const UNITS_AT_MOST = 10n ** 15n

const units = z.string().transform((text, context) => {
  const millionths = parseDecimal(text, UNIT_DIGITS)
  if (millionths !== undefined && millionths > 0n && millionths <= UNITS_AT_MOST) return millionths
  if (millionths === undefined) refuse(context, 'INVALID', decimalRule(text, UNIT_DIGITS))
  else refuse(context, 'OUT_OF_RANGE', 'must be above zero and at most 1000000000')
  return z.NEVER
})

export const SubscriptionId = z.object({ id: id('Subscription') })

export const ReportUsage = z.object({ id: id('Subscription'), units })

const NEEDS_AMOUNT = ['TOP_UP', 'RAISE_MAXIMUM', 'DRAIN', 'CHANGE_PRICE']

export const SimulateSubscription = z
  .object({
    id: id('Subscription'),
    action: z.enum(['TOP_UP', 'RAISE_MAXIMUM', 'CONFIRM', 'CANCEL', 'DRAIN', 'CHANGE_PRICE']),
    amount: optional(price),
  })
  .superRefine(({ action, amount }, context) => {
    if (!NEEDS_AMOUNT.includes(action) || amount) return
    const params = { code: 'REQUIRED' }
    context.addIssue({ code: 'custom', message: `is required for ${action}`, params, path: ['amount'] })
  })

export function subscriptionEventType(status: SubscriptionStatus): EventType {
  return `subscription.${status.toLowerCase()}` as EventType
}

/** The subscription as events and webhooks show it. */
export function subscriptionObject(subscription: SubscriptionRow): ObjectOf<typeof SUBSCRIPTION> {
  const { currency, provider, status, reference, metadata, usage, stopped, completedCycles } = subscription
  const amount = (minor: bigint | null) => (minor === null ? null : { minor: minor.toString(), currency })
  const units = subscription.unitsMillionths
  return {
    id: encodeId('Subscription', subscription.id),
    provider,
    status,
    reference,
    metadata,
    usage,
    checkout: subscription.checkoutId && encodeId('Checkout', subscription.checkoutId),
    product: subscription.productId && encodeId('Product', subscription.productId),
    customer: subscription.customerId && encodeId('Customer', subscription.customerId),
    price: amount(subscription.priceMinor),
    frequency: { value: subscription.frequencyValue, unit: subscription.frequencyUnit },
    allowance: amount(subscription.allowanceMinor),
    maxSpendingPerPeriod: amount(subscription.maxSpendingMinor),
    unitsThisPeriod: units === null ? null : formatDecimal(units, UNIT_DIGITS),
    stopped,
    completedCycles,
    lastBillingAt: subscription.lastBillingAt?.toISOString() ?? null,
    nextBillingAt: subscription.nextBillingAt?.toISOString() ?? null,
    minimumCancellationDate: subscription.minimumCancellationAt?.toISOString() ?? null,
    cancelRequestedAt: subscription.cancelRequestedAt?.toISOString() ?? null,
  }
}

/** A bill as events and webhooks show it. */
export function billingObject(billing: BillingRow): ObjectOf<typeof BILLING> {
  const { sequence, trigger, status, attempts } = billing
  return {
    id: encodeId('Billing', billing.id),
    subscription: encodeId('Subscription', billing.subscriptionId),
    sequence,
    trigger,
    status,
    attempts,
    amount: { minor: billing.amountMinor.toString(), currency: billing.currency },
    billedAt: billing.billedAt?.toISOString() ?? null,
  }
}
