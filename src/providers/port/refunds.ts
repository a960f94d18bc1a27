import type { PaymentSource } from '../../db/generated/enums.ts'
import type { Money } from '../../kernel/money.ts'
import type { ProviderRefund, Reference } from './facts.ts'

/** A refund that the merchant issues. */
export interface WantedRefund {
  /** Our id, the same at every attempt. The provider keeps it, so that the refund is found by it. */
  readonly ourId: string
  readonly payment: Reference
  readonly source: PaymentSource
  /** In the currency of the price. */
  readonly amount: Money
  readonly reason: string
}

/** Issues refunds, of which a payment may have several. */
export interface RefundIssuing {
  /**
   * Gives money of a payment back. Repeating it with the same id gives the same refund.
   * @throws ProviderRefused, with `retryable` where the provider may accept it later
   */
  issue(wanted: WantedRefund): Promise<ProviderRefund>
  /** The refund with our id; undefined where the provider has none. */
  find(ourId: string): Promise<ProviderRefund | undefined>
}

/** Refunds at the provider: those that customers ask for, which the merchant approves or refuses, and issued ones. */
export interface Refunds {
  /**
   * Where the merchant answers when the provider's API takes no answers, for people to read. Absent where customers do
   * not ask.
   */
  readonly answeredAt?: string
  /** Absent where the provider's API issues no refunds. */
  readonly issuing?: RefundIssuing
  /** The latest refund of a payment; undefined where it has none. */
  lookup(payment: Reference, source: PaymentSource): Promise<ProviderRefund | undefined>
  /** Which refunds wait for an answer. */
  waiting(): Promise<readonly ProviderRefund[]>
  /** Which wait for no answer, the latest first, a page at a time. */
  answered(): AsyncIterable<readonly ProviderRefund[]>
}

/** What the merchant says to a refund. */
export type RefundReply = { readonly answer: 'APPROVE' } | { readonly answer: 'REFUSE'; readonly message: string }
