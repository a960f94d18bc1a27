import type { Database } from './database.ts'

type Models = Database['prisma']
type RowOf<Model extends { findFirstOrThrow: (args: never) => Promise<unknown> }> = Awaited<
  ReturnType<Model['findFirstOrThrow']>
>

/** What a table's row looks like in the house: camelCase, bigint amounts, dates. */
export type OrganizationRow = RowOf<Models['organization']>
export type UserRow = RowOf<Models['user']>
export type ClaimRequestRow = RowOf<Models['claimRequest']>
export type ClaimFundsRow = RowOf<Models['claimFunds']>
export type ApiKeyRow = RowOf<Models['apiKey']>
export type ProviderConnectionRow = RowOf<Models['providerConnection']>
export type ProductRow = RowOf<Models['product']>
export type CustomerRow = RowOf<Models['customer']>
export type ProviderLinkRow = RowOf<Models['providerLink']>
export type CheckoutRow = RowOf<Models['checkout']>
export type PaymentRow = RowOf<Models['payment']>
export type RefundRow = RowOf<Models['refund']>
export type SubscriptionRow = RowOf<Models['subscription']>
export type BillingRow = RowOf<Models['billing']>
export type UsageReportRow = RowOf<Models['usageReport']>
export type AccountRow = RowOf<Models['account']>
export type LedgerTransactionRow = RowOf<Models['ledgerTransaction']>
export type EntryRow = RowOf<Models['entry']>
export type CurrencyRow = RowOf<Models['currency']>
export type RateRow = RowOf<Models['rate']>
export type EventRow = RowOf<Models['event']>
export type InboxMessageRow = RowOf<Models['inboxMessage']>
export type WebhookEndpointRow = RowOf<Models['webhookEndpoint']>
export type WebhookDeliveryRow = RowOf<Models['webhookDelivery']>
export type WebhookAttemptRow = RowOf<Models['webhookAttempt']>
