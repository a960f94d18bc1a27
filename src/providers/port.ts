import type { WebSocket } from 'ws'
import type {
  CheckoutKind,
  PaymentSource,
  Provider as ProviderName,
  RefundStatus,
  TransactionState,
} from '../db/generated/enums.ts'
import type { Money } from '../kernel/money.ts'
import type { Faults } from './faults.ts'
import type { RecurringTerms, SimulatedAction, Subscriptions } from './subscriptions.ts'

/**
 * What we ask of any provider, in our words. What a provider can do is what it carries: an absent key is an absent
 * ability. A decline is an outcome; an outage is a ProviderError; a provider's word that we do not know is a bug that
 * shows itself, never a guess.
 */

/** What a provider calls one of its things; opaque to everyone but its adapter. */
export type Reference = string

export interface WantedProduct {
  /** Ours, unique at the provider too: how a product is found again when an answer was lost. */
  readonly reference: string
  readonly name: string
  readonly description: string
  readonly price: Money
}

/** Keeps a copy of a product at the provider. Repeating `create` with the same reference gives the same product. */
export interface Products {
  create(wanted: WantedProduct): Promise<Reference>
  update(reference: Reference, wanted: WantedProduct): Promise<void>
}

export interface WantedCustomer {
  readonly reference: string
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly phone?: string
}

export interface FoundCustomer {
  readonly reference: Reference
  readonly name: string
  readonly lastName?: string
  readonly email?: string
  readonly phone?: string
}

/** Keeps a copy of a customer at the provider. Repeating `create` with the same e-mail gives the same customer. */
export interface Customers {
  create(wanted: WantedCustomer): Promise<Reference>
  update(reference: Reference, wanted: WantedCustomer): Promise<void>
}

export interface WantedCheckout {
  readonly kind: CheckoutKind
  /** Our id, the same at every attempt to open this checkout. */
  readonly idempotencyKey: string
  /** A product that the provider keeps, or else the item itself. */
  readonly product?: Reference
  readonly item: { readonly name: string; readonly description: string; readonly price: Money }
  readonly customer?: Reference
  /** For the kinds that recur. */
  readonly recurring?: RecurringTerms
  readonly successUrl?: string
  readonly cancelUrl?: string
  /** Where the provider is to notify us. */
  readonly notifyUrl: string
}

export interface OpenedCheckout {
  readonly reference: Reference
  readonly url: string
  readonly expiresAt?: Date
}

/** Hosted pages. Opening again after a lost answer is harmless: nobody holds the link of the lost one. */
export interface Checkouts {
  readonly kinds: readonly CheckoutKind[]
  /** The currencies in which a price may stand. */
  readonly currencies: readonly string[]
  /** How long a period may be, for the kinds that recur; absent where any is taken. */
  readonly periodDays?: { readonly least: number; readonly most: number }
  /** How many characters a name and a description must have at least; absent where one is enough. */
  readonly leastTextLength?: number
  open(wanted: WantedCheckout): Promise<OpenedCheckout>
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
  readonly fee: bigint
  readonly organizationFee: bigint
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
  /** The subscription whose bill it paid. */
  readonly subscription?: Reference
  readonly amount: Money
  readonly at: Date
}

/** Asking about a checkout's payment. */
export interface Status {
  /** Undefined while nobody has begun to pay. */
  lookup(checkout: Reference, kind: CheckoutKind): Promise<ProviderStatus | undefined>
  /** What came in for a checkout so far; undefined where the provider shows nothing. */
  payment(checkout: Reference): Promise<ProviderPayment | undefined>
  /** Who began to pay, where the provider tells that of a payment which came to nothing. */
  customer(checkout: Reference, kind: CheckoutKind): Promise<FoundCustomer | undefined>
  /** Everything that came in at the account, the latest first, a page at a time. */
  received?(): AsyncIterable<readonly Sighting[]>
  /** The status now and each change, until it is final or the signal aborts. */
  watch(checkout: Reference, kind: CheckoutKind, signal: AbortSignal): AsyncIterable<ProviderStatus>
}

/** The facts of a refund that a customer asked for. */
export interface ProviderRefund {
  readonly reference: Reference
  /** The payment whose money it is. */
  readonly payment: Reference
  readonly state: RefundStatus
  /** What goes back, in minor units of the currency that the payment was settled in. */
  readonly settledMinor: bigint
  /** Why the customer asks. */
  readonly reason?: string
  readonly merchantMessage?: string
  readonly transactionHash?: string
  readonly askedAt: Date
  readonly respondedAt?: Date
  /** When it was paid back, once it is COMPLETED. */
  readonly completedAt?: Date
  /** What sending it cost the one who refunds, in minor units of the chain's own coin. */
  readonly networkFeeMinor?: bigint
  /** What is the refund's own; the chain is that of the payment. */
  readonly chain?: ChainFacts
}

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

/** A notification that proved to be the provider's. */
export interface Notification {
  /** What it is about. */
  readonly checkout?: Reference
  /** What it says, where that can be trusted without asking again. */
  readonly status?: ProviderStatus
  /** The page on which the customer manages what the checkout began. */
  readonly managementUrl?: string
  /** A subscription that it is about instead. */
  readonly subscription?: Reference
  /** A refund that it is about instead. */
  readonly refund?: Reference
}

/** A notification in the parts that its signature covers, as somebody received it. */
export interface SignedNotification {
  readonly rawBody: string
  readonly signature: string
  readonly timestamp: string
}

/** Reads what the provider sends us. */
export interface Notifications {
  /**
   * @returns a key that is the same for a repeat of the same notification
   * @throws ForgedNotification when the signature or the time is wrong
   */
  prove(headers: Headers, rawBody: string, now: Date): string
  /** Checks a signature and nothing else. @throws ForgedNotification when it or the time is wrong */
  verify(signed: SignedNotification, now: Date): void
  /** Undefined when a proven body is about nothing of ours, such as a trial of the address. */
  read(rawBody: string): Notification | undefined
}

export type SimulatedOutcome = 'PAY' | 'FAIL' | 'UNDERPAY' | 'OVERPAY' | 'EXPIRE' | 'CANCEL'

/** What they pay with, and who they are where the checkout names nobody. */
type PlayOptions = { currency?: string | undefined; customer?: Omit<WantedCustomer, 'reference'> | undefined }

/** Test mode: doing what the customer would do on the page, and breaking things. What has an act's id is done once under it. */
export interface Simulation {
  readonly faults: Faults
  play(actId: string, checkout: Reference, outcome: SimulatedOutcome, options: PlayOptions): Promise<void>
  /** Does what the customer would do on the management page, or what happens to their wallet. */
  subscription(actId: string, subscription: Reference, action: SimulatedAction, amount?: Money): Promise<void>
  /** Asks for a payment's money back. */
  requestRefund(actId: string, payment: Reference, source: PaymentSource, reason: string): Promise<void>
  /** Answers a refund as the merchant would in the dashboard. */
  answerRefund(refund: Reference, reply: RefundReply): Promise<void>
}

/** What the API calls what a connection can do. A provider's servers may differ in these from version to version. */
export const CAPABILITY_NAMES = [
  'CHECKOUTS',
  'SUBSCRIPTIONS',
  'PAY_AS_YOU_GO',
  'REFUNDS',
  'STATUS',
  'PAYMENT_LIST',
] as const

export type CapabilityName = (typeof CAPABILITY_NAMES)[number]

/** Which routes the provider's server has. */
export interface Routes {
  /** What some versions of the server lack, so that it is asked for before each use. */
  readonly differing: readonly CapabilityName[]
  /**
   * Those of the capabilities whose routes the server lacks. Asking changes nothing there. One that cannot be asked at
   * this moment counts as there, since only the server's own word shows that it is not.
   */
  missing(of: readonly CapabilityName[]): Promise<readonly CapabilityName[]>
}

/** A cheap question that shows whether the provider answers us. */
export interface Health {
  probe(): Promise<void>
}

export interface Capabilities {
  readonly health: Health
  readonly routes: Routes
  readonly products: Products
  readonly customers: Customers
  readonly checkouts: Checkouts
  readonly status: Status
  readonly refunds: Refunds
  readonly subscriptions: Subscriptions
  readonly notifications: Notifications
  readonly simulation: Simulation
}

export type Capability = keyof Capabilities

/** One tenant's connection with a provider. */
export type Provider = { readonly name: ProviderName } & Partial<Capabilities>

/** What an adapter is made of: where its provider answers, and how to reach it. */
export interface Connection {
  readonly baseUrl: string
  readonly credentials: Readonly<Record<string, string>>
  readonly fetch: typeof fetch
  /** Opens a WebSocket at a path below the base URL. */
  readonly openSocket: (path: string, headers: Readonly<Record<string, string>>) => WebSocket
}
