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
import { builder } from './builder.ts'

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
