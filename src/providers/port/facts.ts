import type { PaymentSource, RefundStatus, SubscriptionStatus, TransactionState } from '../../db/generated/enums.ts'
import type { Money } from '../../kernel/money.ts'

/** What a provider tells, in our words, from wherever it came: a notification, a poll, a socket, an answer. */

/** What a provider calls one of its things; opaque to everyone but its adapter. */
export type Reference = string

export interface FoundCustomer {
  readonly reference: Reference
  readonly name: string
  readonly lastName?: string
  readonly email?: string
  readonly phone?: string
}

/** Where a payment stands at the provider. */
export interface ProviderStatus {
  readonly state: TransactionState
  readonly transactionHash?: string
  readonly message?: string
}

/** Where on its chain a transaction stands, as the provider tells it. */
export interface ChainFacts {
  readonly name?: string
  /** The code of the chain's own coin, where it is one we keep. */
  readonly coin?: string
  /** The number of the block or slot. */
  readonly block?: string
  /** The address of the token's contract or mint; absent for the chain's own coin. */
  readonly token?: string
  /** What one of the chain's own coins was worth then, in USD as decimal text. */
  readonly coinPriceUsd?: string
}

/** The facts of a payment that came in. */
export interface ProviderPayment {
  readonly reference: Reference
  /** In the currency of the price. */
  readonly amount: Money
  /** In the currency that the customer paid with, where it is one we keep. */
  readonly settled?: Money
  /** What the provider keeps of it, in minor units of the price's currency; absent until that is told. */
  readonly fee?: bigint
  /** What the provider pays to the organization of a seller's payment. Absent where it takes no such fee itself. */
  readonly organizationFee?: bigint
  /** The rates of both fees in basis points, where the provider tells them. */
  readonly feeBps?: number
  readonly organizationFeeBps?: number
  readonly from?: string
  readonly to?: string
  readonly transactionHash?: string
  readonly chain?: ChainFacts
  readonly customer?: FoundCustomer
  /** What the provider calls what was bought. */
  readonly description?: string
  readonly at: Date
}

/** A payment as the provider lists it. */
export interface Sighting {
  readonly reference: Reference
  readonly source: PaymentSource
  /** The checkout that it paid, where a payment has a name of its own. */
  readonly checkout?: Reference
  /** Whether the list tells the fee. Absent where every payment is told with its fee. */
  readonly hasFee?: boolean
  /** The subscription whose bill it paid. */
  readonly subscription?: Reference
  readonly amount: Money
  readonly at: Date
}

/** Where a subscription stands at the provider. What it does not say is absent, and stays as we have it. */
export interface ProviderSubscription {
  readonly status: SubscriptionStatus
  /** Whether it ends with the period that runs. */
  readonly stopped?: boolean
  readonly allowance?: Money
  /** Metered: what was used in this period, in millionths of a unit. */
  readonly unitsMillionths?: bigint
  readonly freeCredits?: Money
  readonly maxSpending?: Money
  readonly lastBillingAt?: Date
  readonly nextBillingAt?: Date
  readonly minimumCancellationAt?: Date
  readonly managementUrl?: string
  readonly createdAt?: Date
  /** Tells older news from later. */
  readonly updatedAt?: Date
}

/** The facts of a refund that a customer asked for or the merchant issued. */
export type ProviderRefund = RefundFacts & RefundedAmount

/** What goes back: minor units of the currency that the payment was settled in, or of the currency of the price. */
type RefundedAmount =
  | { readonly settledMinor: bigint; readonly amountMinor?: undefined }
  | { readonly amountMinor: bigint; readonly settledMinor?: undefined }

interface RefundFacts {
  readonly reference: Reference
  /** The id that it was issued with, where it was issued over the provider's API. */
  readonly ourId?: string
  /** The payment whose money it is. */
  readonly payment: Reference
  readonly state: RefundStatus
  /** Why the customer asks, or the merchant gives it back. */
  readonly reason?: string
  /** Why it failed, in the provider's words, and whether it may succeed later. */
  readonly failure?: RefundFailure
  readonly merchantMessage?: string
  readonly transactionHash?: string
  readonly askedAt: Date
  /** When the merchant answered. One that was issued has it as soon as the provider has the refund. */
  readonly respondedAt?: Date
  /** When it was paid back, once it is COMPLETED. */
  readonly completedAt?: Date
  /** What sending it cost the one who refunds, in minor units of the chain's own coin. */
  readonly networkFeeMinor?: bigint
  /** What is the refund's own; the chain is that of the payment. */
  readonly chain?: ChainFacts
}

export interface RefundFailure {
  readonly message: string
  readonly retryable: boolean
}

/** A page on which a checkout can be paid. */
export interface OpenedCheckout {
  readonly reference: Reference
  readonly url: string
  readonly expiresAt?: Date
}

/** Proof of what became of asking for a checkout's page: there is one, it was refused, or the answer was lost. */
export interface OpeningFact {
  readonly noun: 'CHECKOUT'
  readonly proof: true
  /** The number of the page. */
  readonly session: number
  readonly opening:
    | { readonly status: 'OPEN'; readonly page: OpenedCheckout }
    | { readonly status: 'FAILED' | 'UNKNOWN'; readonly reason: string }
}

/** Proof of where the transaction of a checkout stands, with what belongs to it. */
export interface CheckoutFact {
  readonly noun: 'CHECKOUT'
  readonly proof: true
  readonly checkout: Reference
  readonly status: ProviderStatus
  /** The money that came in for it so far, once there is some. */
  readonly received?: ProviderPayment
  /** The subscription that it began, once it has. */
  readonly began?: ReadSubscription
  /** Who pays, where the provider tells. */
  readonly customer?: FoundCustomer
  /**
   * Whether the provider was asked for it just now, and keeps a page open after a failed attempt: what moves then is
   * another attempt, and no old news of the failed one.
   */
  readonly mayBeAnother?: boolean
}

/** Proof of where a payment stands, or of all the money that came in for it so far. */
export type PaymentFact = {
  readonly noun: 'PAYMENT'
  readonly proof: true
} & (
  | {
      readonly status: ProviderStatus
      readonly received?: undefined
      /** Whether it is known to be about another attempt than the one that has come to its end. */
      readonly isAnother?: boolean
    }
  | { readonly status?: ProviderStatus | undefined; readonly received: ProviderPayment }
)

/** Proof of what became of a subscription. */
export interface SubscriptionFact {
  readonly noun: 'SUBSCRIPTION'
  readonly proof: true
  readonly subscription: Reference
  readonly state: Partial<ProviderSubscription>
  /** Every bill that was paid, as far as the provider tells of them, oldest first. */
  readonly bills: readonly ProviderPayment[]
  /** Why, for people to read. */
  readonly message?: string
}

/** All that a provider says of a subscription. */
export interface ReadSubscription extends SubscriptionFact {
  readonly state: ProviderSubscription
  /** How the provider counts months and years. */
  readonly periods: 'CALENDAR' | 'FIXED'
}

/** Proof of what became of a payment's refund. */
export interface RefundFact {
  readonly noun: 'REFUND'
  readonly proof: true
  readonly refund: ProviderRefund
  /** Why, for people to read. */
  readonly message?: string
}

/** Proof of what became of issuing a refund that the provider did not confirm: it was refused, or the answer was lost. */
export interface IssuingFact {
  readonly noun: 'REFUND'
  readonly proof: true
  /** The id of the refund's row. */
  readonly refundId: string
  readonly issuing:
    | { readonly status: 'FAILED'; readonly failure: RefundFailure }
    | { readonly status: 'UNKNOWN'; readonly failure?: undefined }
}

/** Only a hint that something happened: what it is about is read from the provider before anything is made of it. */
export interface Hint {
  readonly noun: 'CHECKOUT' | 'SUBSCRIPTION' | 'REFUND'
  readonly proof: false
  readonly reference: Reference
  /** Where a checkout is said to stand. */
  readonly status?: ProviderStatus
}

/** A hint that a payment came in, such as a line in the provider's list of payments. */
export interface PaymentHint {
  readonly noun: 'PAYMENT'
  readonly proof: false
  readonly reference: Reference
  readonly source: PaymentSource
  /** The checkout that it paid, where a payment has a name of its own. */
  readonly checkout?: Reference
  /** The subscription whose bill it paid. */
  readonly subscription?: Reference
}

/** Proof of all that the provider keeps of a payment, where that is not told with the payment itself. */
export interface FeeFact {
  readonly noun: 'FEE'
  readonly proof: true
  readonly payment: Reference
  readonly fee: Money
}

/** What can be told of our things without being asked for. */
export type Fact = CheckoutFact | SubscriptionFact | RefundFact | FeeFact | Hint | PaymentHint
