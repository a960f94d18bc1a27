import type { TransactionState } from '../db/generated/enums.ts'

/** Every kind of fact that is announced. */
export const EVENT_TYPES = [
  'product.created',
  'product.updated',
  'product.deleted',
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'checkout.created',
  'checkout.opened',
  'checkout.failed',
  'checkout.unknown',
  'checkout.processing',
  'checkout.completed',
  'checkout.cancelled',
  'checkout.expired',
  'checkout.contradicted',
  'payment.created',
  'payment.pending',
  'payment.waiting_confirmation',
  'payment.completed',
  'payment.underpaid',
  'payment.overpaid',
  'payment.paid_late',
  'payment.failed',
  'payment.cancelled',
  'payment.expired',
  'payment.contradicted',
  'payment.accepted',
  'payment.refunded',
  'refund.requested',
  'refund.processing',
  'refund.approved',
  'refund.refused',
  'refund.completed',
  'refund.failed',
  'refund.unknown',
  'refund.contradicted',
  'subscription.created',
  'subscription.trial',
  'subscription.trial_expired',
  'subscription.active',
  'subscription.low_on_funds',
  'subscription.pending',
  'subscription.past_due',
  'subscription.unpaid',
  'subscription.incomplete',
  'subscription.cancel_requested',
  'subscription.cancelled',
  'subscription.completed',
  'subscription.updated',
  'subscription.contradicted',
  'subscription.usage_reported',
  'subscription.usage_refused',
  'subscription.usage_unknown',
  'billing.succeeded',
  'billing.failed',
  'account.created',
  'account.updated',
  'account.frozen',
  'account.unfrozen',
  'currency.created',
  'rate.set',
  'ledger.transaction_posted',
  'ledger.transaction_rolled_back',
  'ledger.transaction_refunded',
  'ledger.hold_created',
  'ledger.hold_updated',
  'ledger.hold_completed',
  'ledger.hold_declined',
  'ledger.hold_expired',
  'user.created',
  'user.updated',
  'user.deleted',
  'user.invited',
  'user.claimed',
  'claim_funds.created',
  'claim_funds.lowered',
  'claim_funds.settled',
  'provider.connected',
  'sandbox.reset',
  'test_clock.advanced',
  'api_key.created',
  'api_key.updated',
  'api_key.deleted',
  'data_removal.requested',
  'data_removal.cancelled',
  'organization.renamed',
  'organization.client_authentication_set',
  'organization.unique_references_set',
  'webhook_endpoint.created',
  'webhook_endpoint.updated',
  'webhook_endpoint.deleted',
  'webhook_endpoint.disabled',
  'webhook_endpoint.secret_rotated',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** What kind of thing moves. */
export type TransactionType =
  | 'PAYMENT'
  | 'CREATE_SUBSCRIPTION'
  | 'CREATE_PAYG_SUBSCRIPTION'
  | 'EXECUTE_SUBSCRIPTION'
  | 'CANCEL_SUBSCRIPTION'
  | 'INCREASE_ALLOWANCE'
  | 'UPDATE_MAX_AMOUNT'
  | 'REFUND'

/** What a status page shows: a step of something with a status that moves. Public, so nothing personal. */
export interface Status {
  readonly type: TransactionType
  readonly state: TransactionState
  readonly final: boolean
  readonly transactionHash?: string
  readonly message?: string
}

export interface NewEvent {
  readonly type: EventType
  readonly entityKind:
    | 'Organization'
    | 'Product'
    | 'Customer'
    | 'Checkout'
    | 'Payment'
    | 'Refund'
    | 'Subscription'
    | 'Billing'
    | 'Account'
    | 'Currency'
    | 'Rate'
    | 'LedgerTransaction'
    | 'ApiKey'
    | 'Organization'
    | 'WebhookEndpoint'
    | 'User'
    | 'ClaimFunds'
  readonly entityId: string
  /** The checkout, subscription, billing … whose status page shows this event. */
  readonly topicId?: string
  readonly status?: Status
  /** The entity as it stands after the change, as JSON. */
  readonly object: Readonly<Record<string, unknown>>
}
