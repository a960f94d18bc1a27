import type { CheckoutRow, SubscriptionRow } from '../db/rows.ts'
import { after, afterFixed } from '../kernel/duration.ts'
import { newId } from '../kernel/id.ts'
import type { Work } from '../work/work.ts'
import { applyFound, factsOf, stored } from './application.ts'
import { lockSubscription } from './lock.ts'
import type { Found } from './progress.ts'
import { nextCheck, subscriptionObject } from './subscription.ts'
import { termsOf } from './terms.ts'

/** The subscription that a completed checkout began, and its first bills. The checkout must be locked. */
export async function startSubscription(
  work: Work,
  checkout: CheckoutRow & { readonly customerId: string | null },
  found: Found,
): Promise<SubscriptionRow> {
  const where = { tenantId_checkoutId: { tenantId: checkout.tenantId, checkoutId: checkout.id } }
  const existing = await work.tx.subscription.findUnique({ where })
  const subscription = existing ? await lockSubscription(work.tx, existing) : await create(work, checkout, found)
  return applyFound(work, subscription, found)
}

async function create(work: Work, checkout: CheckoutRow, { state, periods }: Found) {
  const terms = termsOf(checkout)
  if (!terms) throw new Error(`checkout ${checkout.id} has no terms to subscribe to`)
  const { frequency, trialPeriod, minPeriods, freeCredits } = terms
  const began = state.createdAt ?? work.at
  const later = periods === 'CALENDAR' ? after : afterFixed
  const agreed = {
    status: state.status,
    ...(freeCredits && { freeCreditsMinor: freeCredits.minor }),
    ...(minPeriods !== undefined && { minPeriods, minimumCancellationAt: later(began, frequency, minPeriods) }),
    ...(trialPeriod && { trialEndsAt: (state.status === 'TRIAL' && state.nextBillingAt) || later(began, trialPeriod) }),
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
