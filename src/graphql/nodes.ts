import { brandWithType } from '@pothos/core'
import { decodeId, type IdKind } from '../kernel/id.ts'
import { isDeleted, type Loaders } from './loaders.ts'
import {
  AccountRef,
  ApiKeyRef,
  BillingRef,
  CheckoutRef,
  ClaimFundsRef,
  CurrencyRef,
  CustomerRef,
  EntryRef,
  EventRef,
  LedgerTransactionRef,
  OrganizationRef,
  PaymentRef,
  ProductRef,
  RateRef,
  RefundRef,
  SubscriptionRef,
  UserRef,
  WebhookDeliveryRef,
  WebhookEndpointRef,
} from './refs.ts'
import type { Rows } from './rows.ts'
import type { Table } from './visibility.ts'

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

/** What deleting only archives: it is left out of lists, and its id still names it. */
const ARCHIVED: readonly IdKind[] = ['Customer', 'Product']

/** The object that an id of the API names, of any type. Null when it is deleted, or the caller may not see it. */
export async function readNode(loaders: Loaders, id: string): Promise<object | null> {
  const decoded = decodeId(id)
  return decoded ? readEntity(loaders, decoded.kind, decoded.uuid) : null
}

/** The same by its kind and UUID. It carries its type, so that the interface it is read through can tell it. */
export async function readEntity(loaders: Loaders, kind: IdKind, uuid: string): Promise<object | null> {
  const { table, ref } = NODES[kind]
  const row = await loaders.one(table, uuid)
  if (!row || (isDeleted(row) && !ARCHIVED.includes(kind))) return null
  brandWithType(row, ref)
  return row
}
