import type { TransactionState } from '../db/generated/enums.ts'
import { ACCOUNT, CURRENCY, HOLD, POSTING, RATE, RETURN, ROLLBACK } from './objects/ledger.ts'
import {
  API_KEY,
  CLAIM_FUNDS,
  CLIENT_AUTHENTICATION,
  CONNECTION,
  DATA_REMOVAL,
  ORGANIZATION_NAME,
  SANDBOX_RESET,
  TEST_CLOCK,
  UNIQUE_REFERENCES,
  USER,
  WEBHOOK_ENDPOINT,
} from './objects/organization.ts'
import { CHECKOUT, CONTRADICTION, CUSTOMER_OBJECT, PAYMENT, PRODUCT, REFUND } from './objects/sales.ts'
import { BILLING, SUBSCRIPTION, USAGE_REPORT } from './objects/subscriptions.ts'
import type { Shape } from './shape.ts'

interface Described {
  readonly object: Shape
  readonly description: string
}

/** Every kind of fact that is announced, and what its object looks like. Events are kept, so no type is ever taken away. */
export const EVENTS = {
  'product.created': { object: PRODUCT, description: 'A product was created.' },
  'product.updated': { object: PRODUCT, description: 'A product was changed.' },
  'product.deleted': { object: PRODUCT, description: 'A product was deleted, and is archived.' },
  'product.restored': { object: PRODUCT, description: 'A product was taken back out of the archive.' },
  'customer.created': { object: CUSTOMER_OBJECT, description: 'A customer was created.' },
  'customer.updated': { object: CUSTOMER_OBJECT, description: 'A customer was changed.' },
  'customer.deleted': { object: CUSTOMER_OBJECT, description: 'A customer was deleted, and is archived.' },
  'customer.restored': { object: CUSTOMER_OBJECT, description: 'A customer was taken back out of the archive.' },
  'customer.merged': {
    object: CUSTOMER_OBJECT,
    description:
      'A customer was merged into another, who has what they had. Payments and the like are not announced again.',
  },
  'checkout.created': { object: CHECKOUT, description: 'A checkout was created. Its payment page is not open yet.' },
  'checkout.opened': { object: CHECKOUT, description: 'The payment page of a checkout is open.' },
  'checkout.failed': {
    object: CHECKOUT,
    description: 'The provider refused to open a checkout.',
  },
  'checkout.unknown': {
    object: CHECKOUT,
    description: 'The provider did not answer whether it opened the checkout. The gateway asks again.',
  },
  'checkout.processing': {
    object: CHECKOUT,
    description: 'The customer has begun a subscription or has paid the rest, and the provider works on it.',
  },
  'checkout.attempt_failed': {
    object: CHECKOUT,
    description: 'An attempt to pay has failed. The checkout stays open for another, unless it has expired.',
  },
  'checkout.reopened': {
    object: CHECKOUT,
    description: 'The merchant retried a checkout: another payment page is being opened for it.',
  },
  'checkout.completed': { object: CHECKOUT, description: 'A checkout was paid, or its subscription has begun.' },
  'checkout.cancelled': { object: CHECKOUT, description: 'A checkout was cancelled.' },
  'checkout.expired': { object: CHECKOUT, description: 'A checkout expired before it was paid.' },
  'checkout.contradicted': {
    object: CONTRADICTION,
    description: 'The provider tells a status of the start of a subscription that cannot follow the known one.',
  },
  'payment.created': { object: PAYMENT, description: 'A customer has begun to pay.' },
  'payment.pending': { object: PAYMENT, description: 'A payment is being processed.' },
  'payment.waiting_confirmation': {
    object: PAYMENT,
    description: 'The transfer is on the blockchain and waits for confirmations.',
  },
  'payment.completed': { object: PAYMENT, description: 'A payment arrived as requested.' },
  'payment.underpaid': { object: PAYMENT, description: 'Less than the requested amount arrived.' },
  'payment.overpaid': { object: PAYMENT, description: 'More than the requested amount arrived.' },
  'payment.paid_late': {
    object: PAYMENT,
    description: 'Money arrived after the checkout or billing had ended, or nothing had asked for it.',
  },
  'payment.failed': { object: PAYMENT, description: 'A payment failed.' },
  'payment.cancelled': { object: PAYMENT, description: 'A payment was cancelled.' },
  'payment.expired': { object: PAYMENT, description: 'A payment expired.' },
  'payment.contradicted': {
    object: CONTRADICTION,
    description: 'The provider tells a status or a fee of a payment that cannot be true.',
  },
  'payment.accepted': {
    object: PAYMENT,
    description: 'The merchant accepted money that was held on the suspense account.',
  },
  'payment.refunded': { object: PAYMENT, description: 'The whole amount of a payment was refunded.' },
  'refund.requested': { object: REFUND, description: 'A customer asked for a refund.' },
  'refund.processing': {
    object: REFUND,
    description: 'A refund was approved or issued, and the provider works on it.',
  },
  'refund.approved': {
    object: REFUND,
    description: 'The provider has accepted a refund and has not paid it back yet.',
  },
  'refund.refused': { object: REFUND, description: 'The merchant refused a refund.' },
  'refund.completed': { object: REFUND, description: 'The customer has the money back.' },
  'refund.failed': { object: REFUND, description: 'A refund failed.' },
  'refund.unknown': {
    object: REFUND,
    description: 'The provider did not answer what became of a refund. The gateway asks again.',
  },
  'refund.contradicted': {
    object: CONTRADICTION,
    description: 'The provider tells a status of a refund that cannot follow the known one.',
  },
  'subscription.created': { object: SUBSCRIPTION, description: 'A subscription has begun.' },
  'subscription.trial': { object: SUBSCRIPTION, description: 'The trial of a subscription has begun.' },
  'subscription.trial_expired': {
    object: SUBSCRIPTION,
    description: 'The trial of a subscription ended, and the customer did not confirm.',
  },
  'subscription.active': { object: SUBSCRIPTION, description: 'A subscription is active.' },
  'subscription.low_on_funds': {
    object: SUBSCRIPTION,
    description: 'The allowance of the customer does not suffice for the next billing.',
  },
  'subscription.pending': { object: SUBSCRIPTION, description: 'A billing of a subscription is being processed.' },
  'subscription.past_due': {
    object: SUBSCRIPTION,
    description: 'A billing of a subscription failed and is tried again.',
  },
  'subscription.unpaid': {
    object: SUBSCRIPTION,
    description: 'The billings of a subscription failed, and are not tried again.',
  },
  'subscription.cancel_requested': {
    object: SUBSCRIPTION,
    description: 'The merchant asked the provider to cancel a subscription.',
  },
  'subscription.cancelled': { object: SUBSCRIPTION, description: 'A subscription was cancelled.' },
  'subscription.completed': { object: SUBSCRIPTION, description: 'A subscription ended after its last period.' },
  'subscription.updated': {
    object: SUBSCRIPTION,
    description: 'A subscription was changed, and its status stayed the same.',
  },
  'subscription.contradicted': {
    object: CONTRADICTION,
    description: 'The provider tells a status of a subscription that cannot follow the known one.',
  },
  'subscription.usage_reported': { object: USAGE_REPORT, description: 'The provider accepted a report of usage.' },
  'subscription.usage_refused': { object: USAGE_REPORT, description: 'The provider refused a report of usage.' },
  'subscription.usage_unknown': {
    object: USAGE_REPORT,
    description: 'The provider never answered whether it counted a report of usage.',
  },
  'billing.succeeded': { object: BILLING, description: 'A billing was paid.' },
  'billing.failed': { object: BILLING, description: 'A billing failed.' },
  'account.created': { object: ACCOUNT, description: 'An account was created.' },
  'account.updated': { object: ACCOUNT, description: 'An account was changed.' },
  'account.frozen': { object: ACCOUNT, description: 'An account was frozen.' },
  'account.unfrozen': { object: ACCOUNT, description: 'An account was unfrozen.' },
  'currency.created': { object: CURRENCY, description: "A currency of the organization's own was created." },
  'rate.set': { object: RATE, description: 'An exchange rate was set.' },
  'ledger.transaction_posted': { object: POSTING, description: 'A ledger transaction was posted.' },
  'ledger.transaction_rolled_back': { object: ROLLBACK, description: 'A ledger transaction was rolled back.' },
  'ledger.transaction_refunded': {
    object: RETURN,
    description: 'A part of a ledger transaction, or all of it, was given back.',
  },
  'ledger.hold_created': { object: HOLD, description: 'An amount was put on hold.' },
  'ledger.hold_updated': { object: HOLD, description: 'The amount of a hold was changed.' },
  'ledger.hold_completed': { object: HOLD, description: 'A hold was completed: the amount was charged.' },
  'ledger.hold_declined': { object: HOLD, description: 'A hold was declined: the amount is available again.' },
  'ledger.hold_expired': { object: HOLD, description: 'A hold expired: the amount is available again.' },
  'user.created': { object: USER, description: 'A user was created.' },
  'user.updated': { object: USER, description: 'A user was changed.' },
  'user.deleted': { object: USER, description: 'A user was deleted.' },
  'user.invited': { object: USER, description: 'A user was invited to claim the account.' },
  'user.claimed': { object: USER, description: 'A user claimed the account.' },
  'claim_funds.created': { object: CLAIM_FUNDS, description: 'An amount is owed to a seller.' },
  'claim_funds.lowered': {
    object: CLAIM_FUNDS,
    description: 'An amount that is owed to a seller was lowered by a refund.',
  },
  'claim_funds.settled': { object: CLAIM_FUNDS, description: 'An amount that was owed to a seller was paid.' },
  'provider.connected': { object: CONNECTION, description: 'A provider was connected.' },
  'sandbox.reset': { object: SANDBOX_RESET, description: 'A simulator was reset.' },
  'test_clock.advanced': { object: TEST_CLOCK, description: 'The test clock was advanced.' },
  'api_key.created': { object: API_KEY, description: 'An API key was created.' },
  'api_key.updated': { object: API_KEY, description: 'An API key was changed.' },
  'api_key.deleted': { object: API_KEY, description: 'An API key was deleted.' },
  'data_removal.requested': { object: DATA_REMOVAL, description: 'The removal of all data was requested.' },
  'data_removal.cancelled': { object: DATA_REMOVAL, description: 'The removal of all data was cancelled.' },
  'organization.renamed': { object: ORGANIZATION_NAME, description: 'The organization was renamed.' },
  'organization.client_authentication_set': {
    object: CLIENT_AUTHENTICATION,
    description: 'The authentication of clients was set or turned off.',
  },
  'organization.unique_references_set': {
    object: UNIQUE_REFERENCES,
    description: 'The merchant decided whether the references of checkouts must be unique.',
  },
  'webhook_endpoint.created': { object: WEBHOOK_ENDPOINT, description: 'A webhook endpoint was created.' },
  'webhook_endpoint.updated': { object: WEBHOOK_ENDPOINT, description: 'A webhook endpoint was changed.' },
  'webhook_endpoint.deleted': { object: WEBHOOK_ENDPOINT, description: 'A webhook endpoint was deleted.' },
  'webhook_endpoint.disabled': { object: WEBHOOK_ENDPOINT, description: 'The gateway disabled a webhook endpoint.' },
  'webhook_endpoint.secret_rotated': { object: WEBHOOK_ENDPOINT, description: 'A webhook endpoint has a new secret.' },
} as const satisfies Readonly<Record<string, Described>>

export type EventType = keyof typeof EVENTS

export const EVENT_TYPES = Object.keys(EVENTS) as readonly EventType[]

export function isEventType(type: string): type is EventType {
  return Object.hasOwn(EVENTS, type)
}

/** The name of an event type in GraphQL: PAYMENT_COMPLETED for payment.completed. */
export function enumNameOf(type: EventType): string {
  return type.replaceAll('.', '_').toUpperCase()
}

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
