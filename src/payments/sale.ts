import { isAbandoned } from '../checkouts/checkout.ts'
import type { PaymentSource } from '../db/generated/enums.ts'
import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import { currency } from '../kernel/currency.ts'
import type { Metadata } from '../kernel/input.ts'
import { type Money, money } from '../kernel/money.ts'
import type { ProviderName } from '../kernel/provider-name.ts'

/** What asked for a payment; nothing that we know of where only the provider says what it is. */
export type Origin =
  | { readonly checkoutId: string }
  | { readonly subscriptionId: string; readonly billingId: string }
  | { readonly unclaimed: PaymentSource }

export interface OwnWords {
  readonly reference: string | null
  readonly metadata: Metadata
}

export const NO_WORDS: OwnWords = { reference: null, metadata: {} }

/** What a payment is for: a checkout, or a bill of a subscription. */
export interface Sale {
  readonly tenantId: string
  readonly provider: ProviderName
  readonly productId: string | null
  /** The seller whose payment it is. */
  readonly userId: string | null
  readonly customerId: string | null
  readonly description: string
  /** The merchant's own words on what asked for the payment, which become those of the payment. */
  readonly words: OwnWords
  readonly price: Money
  /** What the provider calls the payment. */
  readonly externalId: string | null
  readonly origin: Origin
  /** Whether it had ended before the money came. */
  readonly over: boolean
}

/** A sale and its payment as it stands, under the lock of what asked for it and that of the payment. */
export interface Paying {
  readonly sale: Sale
  readonly payment: PaymentRow | null
}

export function saleOf(checkout: CheckoutRow): Sale {
  const { tenantId, provider, productId, userId, customerId, externalId, status } = checkout
  return {
    tenantId,
    provider,
    productId,
    userId,
    customerId,
    externalId,
    description: checkout.itemName,
    words: wordsOf(checkout),
    price: money(checkout.priceMinor, currency(checkout.currency)),
    origin: { checkoutId: checkout.id },
    over: isAbandoned(status),
  }
}

/** The words on a checkout or subscription, which go down to what comes of it. */
export function wordsOf({ reference, metadata }: Pick<CheckoutRow, 'reference' | 'metadata'>): OwnWords {
  return { reference, metadata: metadata as Metadata }
}

/** What it is for, as the payment's row keeps it. */
export function placeOf({ origin }: Sale): { checkoutId?: string; subscriptionId?: string; billingId?: string } {
  return 'unclaimed' in origin ? {} : origin
}

export function sourceOf({ origin }: Sale): PaymentSource {
  if ('unclaimed' in origin) return origin.unclaimed
  return 'checkoutId' in origin ? 'ONE_TIME' : 'SUBSCRIPTION'
}
