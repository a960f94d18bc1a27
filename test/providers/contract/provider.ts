import type { CheckoutKind, Provider as ProviderName } from '../../../src/db/generated/enums.ts'
import type { Provider } from '../../../src/providers/port/provider.ts'
import type { Shop } from '../../support/shop.ts'

/** What the contract has to know of a provider. What it leaves out, the provider cannot do. */
export interface ContractProvider {
  readonly name: ProviderName
  /** A shop that is connected with the provider's simulator. */
  openShop(): Promise<Shop>
  /** The provider as its adapter speaks with it, past the gateway: what is there, whatever the gateway believes. */
  adapter(shop: Shop): Promise<Provider>
  /** What a customer pays with, where the page asks. */
  readonly currency?: string
  readonly opening: Readonly<Partial<Record<CheckoutKind, Calls>>>
  /** How a payment is read. */
  readonly payment: Reading
  /** How a subscription is read when it begins, and with its bills from then on. */
  readonly subscription?: { readonly start: Reading; readonly life: Reading }
  readonly forceCancel?: Calls
  readonly testBilling?: Calls
  readonly reportUsage?: Calls
  readonly refund?: {
    readonly approve: Calls
    readonly refuse: Calls
    /** How the one of a payment is read, and how those are found of which nothing was heard. */
    readonly read: { readonly one: Reading; readonly all: Reading }
  }
}

/** The calls of the provider's API that an operation makes, as faults name them: `METHOD /path`, with `*` for anything. */
export interface Calls {
  /** The one that does it. */
  readonly act: string
  /** Those that are made before it. */
  readonly before?: readonly string[]
}

export type Reading = readonly string[]
