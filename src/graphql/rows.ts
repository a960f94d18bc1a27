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

/** The tables that the API reads row by row, with what a row has. */
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
