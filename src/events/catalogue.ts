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
  'checkout.completed',
  'checkout.cancelled',
  'checkout.expired',
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
  'api_key.created',
  'api_key.updated',
  'api_key.deleted',
  'data_removal.requested',
  'data_removal.cancelled',
  'organization.client_authentication_set',
  'webhook_endpoint.created',
  'webhook_endpoint.updated',
  'webhook_endpoint.deleted',
  'webhook_endpoint.disabled',
  'webhook_endpoint.secret_rotated',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** What a status page shows: a step of something with a status that moves. Public, so nothing personal. */
export interface Status {
  readonly type: 'PAYMENT'
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
    | 'Account'
    | 'Currency'
    | 'Rate'
    | 'LedgerTransaction'
    | 'ApiKey'
    | 'Organization'
    | 'WebhookEndpoint'
  readonly entityId: string
  /** The checkout whose status page shows this event. */
  readonly topicId?: string
  readonly status?: Status
  /** The entity as it stands after the change, as JSON. */
  readonly object: Readonly<Record<string, unknown>>
}
