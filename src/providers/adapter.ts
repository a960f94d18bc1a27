import type { Connection, Provider } from './port/provider.ts'

/** Where a description of the API has something to say of single providers. */
export type NoteTopic =
  | 'CREDENTIALS'
  | 'ITEM_TEXT'
  | 'PERIOD'
  | 'MONTHS'
  | 'YEARS'
  | 'CANCELLATION'
  | 'TEST_BILLING'
  | 'REFUND_ANSWER'
  | 'WEBHOOK_SIGNATURE'
  | 'WEBHOOK_TIMESTAMP'
  | 'WEBHOOK_AGE'

/** How a provider is spoken with, and what its accounts are reached with. */
export interface Adapter {
  /** The provider's names for its credentials. */
  readonly credentials: readonly string[]
  /** Where its API is. */
  readonly baseUrl: string
  /** Whole sentences for the descriptions of the API, each naming the provider. */
  readonly notes: Readonly<Partial<Record<NoteTopic, string>>>
  connect(connection: Connection): Provider
}
