import type { CheckoutKind } from '../../db/generated/enums.ts'
import type { Money } from '../../kernel/money.ts'
import type { OpenedCheckout, Reference } from './facts.ts'
import type { RecurringTerms } from './subscriptions.ts'

export interface WantedCheckout {
  readonly kind: CheckoutKind
  /** Our id, the same at every attempt to open this page. */
  readonly idempotencyKey: string
  /** A product that the provider keeps, or else the item itself. */
  readonly product?: Reference
  /** The whole checkout as one item, for a provider without lines: its price is what is to be paid. */
  readonly item: { readonly name: string; readonly description: string; readonly price: Money }
  /** The same, line by line. */
  readonly lines: WantedLines
  readonly customer?: Reference
  /** For the kinds that recur. */
  readonly recurring?: RecurringTerms
  /** When the page is to end, where the merchant wants it to be open for a shorter time than usual. */
  readonly expiresAt?: Date
  readonly successUrl?: string
  readonly cancelUrl?: string
  /** Where the provider is to notify us. */
  readonly notifyUrl: string
}

/** The items less the discounts and with the taxes come to the price of the checkout, in one currency. */
export interface WantedLines {
  readonly items: readonly WantedLine[]
  readonly discounts: readonly { readonly name: string; readonly amount: Money }[]
  readonly taxes: readonly { readonly name: string; readonly amount: Money }[]
}

export interface WantedLine {
  readonly name: string
  readonly description?: string | undefined
  /** Of one piece. */
  readonly price: Money
  readonly quantity: number
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
  /** The most that a checkout may come to, in whole units of its currency; absent where any amount is taken. */
  readonly highestPrice?: bigint
  /** Whether a page can be paid again after a failed or underpaid attempt. Where it cannot, a new page is opened for that. */
  readonly triesAgain?: true
  open(wanted: WantedCheckout): Promise<OpenedCheckout>
}
