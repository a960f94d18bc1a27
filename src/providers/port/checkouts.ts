import type { CheckoutKind } from '../../db/generated/enums.ts'
import type { Money } from '../../kernel/money.ts'
import type { OpenedCheckout, Reference } from './facts.ts'
import type { RecurringTerms } from './subscriptions.ts'

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
