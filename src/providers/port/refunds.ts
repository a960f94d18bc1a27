import type { PaymentSource } from '../../db/generated/enums.ts'
import type { ProviderRefund, Reference } from './facts.ts'

/** Refunds that customers ask for at the provider, which the merchant approves or refuses. */
export interface Refunds {
  /** Where the merchant answers when the provider's API takes no answers, for people to read. */
  readonly answeredAt: string
  /** The latest refund of a payment; undefined when none was asked for. */
  lookup(payment: Reference, source: PaymentSource): Promise<ProviderRefund | undefined>
  /** Which refunds wait for an answer. */
  waiting(): Promise<readonly ProviderRefund[]>
  /** Which were answered, the latest first, a page at a time. */
  answered(): AsyncIterable<readonly ProviderRefund[]>
}

/** What the merchant says to a refund. */
export type RefundReply = { readonly answer: 'APPROVE' } | { readonly answer: 'REFUSE'; readonly message: string }
