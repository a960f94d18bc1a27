import type { CheckoutKind } from '../../../src/db/generated/enums.ts'
import type { ProviderName } from '../../../src/kernel/provider-name.ts'
import type { Connection } from '../../../src/providers/port/provider.ts'
import type { ProviderRow } from '../../../src/providers/providers.ts'
import type { CallFault, NotificationFault, PaymentFault } from './faults.ts'

/** What the contract has to know of a provider: one object for each. What it leaves out, the provider cannot do. */
export interface ContractProvider {
  readonly name: ProviderName
  /** With an adapter and a simulator. */
  readonly row: ProviderRow
  /** What everything costs: 1000 minor units of a currency that the provider takes. */
  readonly price: { readonly amount: string; readonly currency: string }
  /** What a customer pays with, where the page asks. */
  readonly paysWith?: string
  /** Changes a new account at the simulator to what the contract needs. */
  prepare?(account: Connection): Promise<void>
  /** What its simulator can be made to do wrong. */
  readonly faults: {
    readonly calls: readonly CallFault[]
    readonly notifications: readonly NotificationFault[]
    readonly payments: readonly PaymentFault[]
  }
  readonly opening: Readonly<Partial<Record<CheckoutKind, Calls>>>
  /** How a payment is read. */
  readonly payment: Reading
  /** Fees that the provider tells only after the payment. */
  readonly lateFees?: {
    /** What it keeps of so much. */
    feeOf(amountMinor: bigint): bigint
    /** How long after a payment they are told at the latest. */
    readonly afterSeconds: number
    /** How the fee of a payment is read where no notification told of it. */
    readonly read: Reading
  }
  readonly subscriptions?: {
    /** How one is read when it begins, and with its bills from then on. */
    readonly read: { readonly start: Reading; readonly life: Reading }
    readonly forceCancel?: Calls
    readonly testBilling?: Calls
  }
  readonly reportUsage?: Calls
  /** Refunds that customers ask for and the merchant approves or refuses. */
  readonly customerRefunds?: {
    readonly approve: Calls
    readonly refuse: Calls
    /** How the one of a payment is read, and how those are found of which nothing was heard. */
    readonly read: { readonly one: Reading; readonly all: Reading }
  }
  /** Refunds that the merchant issues. */
  readonly issuedRefunds?: {
    readonly issue: Calls
    /** How one is read by our id, and how those are found of which nothing was heard. */
    readonly read: { readonly one: Reading; readonly all: Reading }
    /** Has the simulator end the refunds so that are issued from now on. */
    decide(account: Connection, end: RefundEnd): Promise<void>
  }
}

/** It is paid, it fails afterwards (and may succeed later, or never), or it is refused at once for the moment. */
export type RefundEnd = 'PAID' | 'FAILED_FOR_NOW' | 'FAILED_FOR_GOOD' | 'REFUSED_FOR_NOW'

/** The calls of the provider's API that an operation makes, as faults name them: `METHOD /path`, with `*` for anything. */
export interface Calls {
  /** The one that does it. */
  readonly act: string
  /** Those that are made before it. */
  readonly before?: readonly string[]
}

export type Reading = readonly string[]
