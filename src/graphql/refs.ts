import type { AccountingRow } from '../accounting/event.ts'
import type {
  AccountRow,
  ApiKeyRow,
  BillingRow,
  CheckoutRow,
  ClaimFundsRow,
  CurrencyRow,
  CustomerRow,
  EntryRow,
  EventRow,
  LedgerTransactionRow,
  OrganizationRow,
  PaymentRow,
  ProductRow,
  RateRow,
  RefundRow,
  SubscriptionRow,
  UserRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
} from '../db/rows.ts'
import type { IdKind } from '../kernel/id.ts'
import { builder } from './builder.ts'
import type { Table } from './visibility.ts'

/** The types by name, so that two files in types/ can speak of each other. Each is a table's row, shown. */
export const OrganizationRef = builder.objectRef<OrganizationRow>('Organization')
export const UserRef = builder.objectRef<UserRow>('User')
export const ApiKeyRef = builder.objectRef<ApiKeyRow>('ApiKey')
export const ClaimFundsRef = builder.objectRef<ClaimFundsRow>('ClaimFunds')
export const ProductRef = builder.objectRef<ProductRow>('Product')
export const CustomerRef = builder.objectRef<CustomerRow>('Customer')
export const CheckoutRef = builder.objectRef<CheckoutRow>('Checkout')
export const PaymentRef = builder.objectRef<PaymentRow>('Payment')
export const SubscriptionRef = builder.objectRef<SubscriptionRow>('Subscription')
export const BillingRef = builder.objectRef<BillingRow>('Billing')
export const RefundRef = builder.objectRef<RefundRow>('Refund')
export const AccountRef = builder.objectRef<AccountRow>('Account')
export const LedgerTransactionRef = builder.objectRef<LedgerTransactionRow>('LedgerTransaction')
export const EntryRef = builder.objectRef<EntryRow>('Entry')
export const CurrencyRef = builder.objectRef<CurrencyRow>('Currency')
export const RateRef = builder.objectRef<RateRow>('Rate')
export const EventRef = builder.objectRef<EventRow>('Event')
export const WebhookEndpointRef = builder.objectRef<WebhookEndpointRow>('WebhookEndpoint')
export const WebhookDeliveryRef = builder.objectRef<WebhookDeliveryRow>('WebhookDelivery')

export interface Rows {
  organization: OrganizationRow
  app_user: UserRow
  api_key: ApiKeyRow
  claim_funds: ClaimFundsRow
  product: ProductRow
  customer: CustomerRow
  checkout: CheckoutRow
  payment: PaymentRow
  subscription: SubscriptionRow
  billing: BillingRow
  refund: RefundRow
  accounting_event: AccountingRow
  account: AccountRow
  ledger_transaction: LedgerTransactionRow
  entry: EntryRow
  currency: CurrencyRow
  rate: RateRow
  event: EventRow
  webhook_endpoint: WebhookEndpointRow
  webhook_delivery: WebhookDeliveryRow
}

/** Each kind of id: where its rows are kept, and the type that shows them. */
export const NODES = {
  Organization: { table: 'organization', ref: OrganizationRef },
  User: { table: 'app_user', ref: UserRef },
  ApiKey: { table: 'api_key', ref: ApiKeyRef },
  ClaimFunds: { table: 'claim_funds', ref: ClaimFundsRef },
  Product: { table: 'product', ref: ProductRef },
  Customer: { table: 'customer', ref: CustomerRef },
  Checkout: { table: 'checkout', ref: CheckoutRef },
  Payment: { table: 'payment', ref: PaymentRef },
  Subscription: { table: 'subscription', ref: SubscriptionRef },
  Billing: { table: 'billing', ref: BillingRef },
  Refund: { table: 'refund', ref: RefundRef },
  Account: { table: 'account', ref: AccountRef },
  LedgerTransaction: { table: 'ledger_transaction', ref: LedgerTransactionRef },
  Entry: { table: 'entry', ref: EntryRef },
  Currency: { table: 'currency', ref: CurrencyRef },
  Rate: { table: 'rate', ref: RateRef },
  Event: { table: 'event', ref: EventRef },
  WebhookEndpoint: { table: 'webhook_endpoint', ref: WebhookEndpointRef },
  WebhookDelivery: { table: 'webhook_delivery', ref: WebhookDeliveryRef },
} as const satisfies Record<IdKind, { table: Table & keyof Rows; ref: object }>
