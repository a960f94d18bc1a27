import { Collection } from '../../collection.ts'
import type { Payment, StatusChange } from '../documents.ts'
import type { Plan } from './plan.ts'

export type SubscriptionStatus =
  | 'trial'
  | 'trial_expired'
  | 'active'
  | 'low_on_funds'
  | 'pending'
  | 'past_due'
  | 'cancelled'

/** What a customer agreed to pay again and again. USD amounts are decimal text. */
export interface Subscription {
  /** Bare, and that of the session it came from. */
  readonly uuid: string
  readonly kind: 'subscription' | 'payAsYouGo'
  readonly plan: Plan
  readonly from: string
  readonly to: string
  readonly productId?: number
  readonly productName: string
  readonly description: string
  /** Per period, or per unit of what is paid as it goes. */
  readonly price: string
  readonly subscriptionHash: string
  readonly currencyId: number
  readonly customerUUID: string
  readonly organizationId: number
  readonly userId?: number
  readonly feeBps: number
  readonly organizationFeeBps?: number
  readonly webhookUrl?: string
  readonly status: SubscriptionStatus
  /** Ends with the period that is paid. */
  readonly stopped: boolean
  /** What the customer still lets be taken. */
  readonly allowance: string
  /** The most that one bill may take. */
  readonly maximum: string
  /** Where the periods are counted from. */
  readonly anchor: string
  /** The next bill is due so many periods after the anchor. */
  readonly nextBill: number
  readonly nextBillingDate: string
  readonly lastBillingDate?: string
  readonly minimumCancellationDate?: string
  /** When the server looks at it next by itself; absent while a bill is on its way, and at the end. */
  readonly wakesAt?: string
  /** When a customer who does not pay, or does not confirm, has lost it. */
  readonly graceEndsAt?: string
  /** The bill on its way. */
  readonly billing?: string
  readonly usage?: Usage
  readonly createdAt: string
  readonly updatedAt: string
}

/** Kept for what is paid as it goes. */
export interface Usage {
  readonly unitsCurrentPeriod: string
  /** USD that are not billed yet for free. */
  readonly freeCredits: string
  /** What a period that is over costs, until it is paid. */
  readonly owed?: string
}

/** A bill that was paid. */
export interface HistoryEntry extends Payment {
  readonly kind: 'subscriptionHistory'
  readonly subscription: string
  readonly subscriptionKind: Subscription['kind']
}

export type OperationType =
  | 'executeSubscription'
  | 'cancelSubscription'
  | 'cancelPAYGSubscription'
  | 'increaseAllowance'
  | 'updateMaxAmount'

/** A transaction on the chain about a subscription that exists. */
export interface Operation {
  readonly type: OperationType
  /** Bare: a bill's own, otherwise the subscription's. */
  readonly uuid: string
  readonly subscription: string
  readonly subscriptionKind: Subscription['kind']
  readonly txHash: string
  /** What it is about: USD to bill, to add or to allow. */
  readonly amount?: string
  /** Whether a cancellation waits for the end of the period. */
  readonly atPeriodEnd?: boolean
  readonly history: readonly StatusChange[]
}

export const subscriptions = new Collection<Subscription>('subscription')
export const subscriptionHistory = new Collection<HistoryEntry>('subscriptionHistory')

/** The last one of a type about a subscription; of the bills every one. */
export const operations = new Collection<Operation>('operation')

export function operationId({ type, uuid }: Pick<Operation, 'type' | 'uuid'>): string {
  return `${type}:${uuid}`
}
