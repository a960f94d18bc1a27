import type { Database } from '../db/database.ts'
import type { SubscriptionRow } from '../db/rows.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { ProviderRefused } from '../providers/errors.ts'
import type { ReadSubscription, SubscriptionFact } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import { transact } from '../work/work.ts'
import { applyToSubscription } from './apply.ts'

/** Asking a provider about a subscription: its answer becomes a fact, and is applied as one. */

/** What names a subscription at its provider. */
interface Named {
  readonly tenantId: string
  readonly provider: ProviderName
  readonly externalId: string | null
}

export type SubscriptionProgress = ReturnType<typeof subscriptionProgress>

export function subscriptionProgress({ db, clocks, registry }: { db: Database; clocks: Clocks; registry: Registry }) {
  /** The state is read before the bills, so that none is missing which the state speaks of. */
  async function read({ tenantId, provider, externalId }: Named): Promise<ReadSubscription> {
    const { subscriptions } = await registry.connected(tenantId, provider)
    if (!subscriptions || externalId === null) throw new Error(`${provider} keeps no such subscription`)
    const state = await subscriptions.find(externalId)
    if (!state) {
      const message = `${provider} does not know the subscription ${externalId}`
      throw new ProviderRefused({ provider, providerCode: '404', message })
    }
    const { periods } = subscriptions
    const bills = await subscriptions.billings(externalId)
    return { noun: 'SUBSCRIPTION', proof: true, subscription: externalId, state, bills, periods }
  }

  async function apply(subscription: SubscriptionRow, fact: SubscriptionFact): Promise<SubscriptionRow> {
    const change = { tenantId: subscription.tenantId, at: await clocks.now(subscription.tenantId) }
    return transact(db, change, (work) => applyToSubscription(work, subscription, fact))
  }

  return {
    read,

    /** Applies what the provider says of a subscription. */
    apply,

    /** Who subscribed, as the provider knows them. */
    async customer({ tenantId, provider, externalId }: Named) {
      const { subscriptions } = await registry.connected(tenantId, provider)
      return externalId === null ? undefined : subscriptions?.customer(externalId)
    },

    /** Asks the provider where a subscription stands, and applies it. Repeats and old news change nothing. */
    async refresh(subscription: SubscriptionRow): Promise<SubscriptionRow> {
      return apply(subscription, await read(subscription))
    },
  }
}
