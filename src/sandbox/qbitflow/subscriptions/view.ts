import { coin, currencyView } from '../currencies.ts'
import { transactionId } from '../ids.ts'
import type { Subscription, Usage } from './documents.ts'
import { secondsOf } from './duration.ts'

/** How the server's own language writes a moment that never was. */
const NEVER = '0001-01-01T00:00:00Z'

/** The subscription as the API shows it. */
export function subscriptionView(subscription: Subscription): object {
  const { usage } = subscription
  return {
    uuid: transactionId(subscription),
    from: subscription.from,
    to: subscription.to,
    productId: subscription.productId ?? 0,
    subscriptionHash: subscription.subscriptionHash,
    currencyId: subscription.currencyId,
    currency: currencyView(coin(subscription.currencyId)),
    test: true,
    customerUUID: subscription.customerUUID,
    frequency: secondsOf(subscription.plan.frequency),
    allowance: Number(subscription.allowance),
    subscriptionStatus: subscription.status,
    stopped: subscription.stopped,
    lastBillingDate: subscription.lastBillingDate ?? NEVER,
    nextBillingDate: subscription.nextBillingDate,
    minimumCancellationDate: subscription.minimumCancellationDate ?? null,
    createdAt: subscription.createdAt,
    updatedAt: subscription.updatedAt,
    organizationId: subscription.organizationId,
    userId: subscription.userId,
    ...(usage ? usageView(usage, subscription.maximum) : {}),
  }
}

function usageView({ unitsCurrentPeriod, freeCredits }: Usage, maximum: string): object {
  return {
    unitsCurrentPeriod: Number(unitsCurrentPeriod),
    maxSpendingPerPeriod: Number(maximum),
    freeCredits: Number(freeCredits),
  }
}
