import { builder } from './builder.ts'
import type { Rows } from './rows.ts'

/** The types by name, so that two files in types/ can speak of each other. Each is a table's row, shown. */
export const OrganizationRef = builder.objectRef<Rows['organization']>('Organization')
export const UserRef = builder.objectRef<Rows['app_user']>('User')
export const ApiKeyRef = builder.objectRef<Rows['api_key']>('ApiKey')
export const ClaimFundsRef = builder.objectRef<Rows['claim_funds']>('ClaimFunds')
export const ProductRef = builder.objectRef<Rows['product']>('Product')
export const CustomerRef = builder.objectRef<Rows['customer']>('Customer')
export const CheckoutRef = builder.objectRef<Rows['checkout']>('Checkout')
export const PaymentRef = builder.objectRef<Rows['payment']>('Payment')
export const SubscriptionRef = builder.objectRef<Rows['subscription']>('Subscription')
export const BillingRef = builder.objectRef<Rows['billing']>('Billing')
export const RefundRef = builder.objectRef<Rows['refund']>('Refund')
export const AccountRef = builder.objectRef<Rows['account']>('Account')
export const LedgerTransactionRef = builder.objectRef<Rows['ledger_transaction']>('LedgerTransaction')
export const EntryRef = builder.objectRef<Rows['entry']>('Entry')
export const CurrencyRef = builder.objectRef<Rows['currency']>('Currency')
export const RateRef = builder.objectRef<Rows['rate']>('Rate')
export const EventRef = builder.objectRef<Rows['event']>('Event')
export const WebhookEndpointRef = builder.objectRef<Rows['webhook_endpoint']>('WebhookEndpoint')
export const WebhookDeliveryRef = builder.objectRef<Rows['webhook_delivery']>('WebhookDelivery')
