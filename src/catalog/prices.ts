import { z } from 'zod'
import type { ProductRow } from '../db/rows.ts'
import { currency } from '../kernel/currency.ts'
import { optional, price, refuse } from '../kernel/input.ts'
import { type Money, money } from '../kernel/money.ts'

/** What a product costs: one price for each currency, of which the first is the default. */

const PRICES_AT_MOST = 30

const prices = z
  .array(price)
  .min(1)
  .max(PRICES_AT_MOST)
  .superRefine((all, context) => {
    const codes = all.map((each) => each.currency.code)
    for (const [index, code] of codes.entries()) {
      if (codes.indexOf(code) < index) refuse(context, 'INVALID', `there is a price in ${code} before`, [`${index}`])
    }
  })

/** One price, or several. */
export const PRICES = { price: optional(price), prices: optional(prices) }

interface PricesInput {
  readonly price?: Money | undefined
  readonly prices?: readonly Money[] | undefined
}

export function checkPrices({ price, prices }: PricesInput, context: z.core.$RefinementCtx): void {
  if (price && prices) refuse(context, 'INVALID', 'cannot be combined with `price`', ['prices'])
}

interface KeptPrice {
  readonly minor: string
  readonly currency: string
}

/** What a product keeps of its prices. */
export interface Priced extends Pick<ProductRow, 'currency'> {
  readonly priceMinor: bigint
  readonly furtherPrices: unknown
}

export function pricesOf(product: Priced): readonly [Money, ...Money[]] {
  const further = product.furtherPrices as readonly KeptPrice[]
  return [
    money(product.priceMinor, currency(product.currency)),
    ...further.map((each) => money(BigInt(each.minor), currency(each.currency))),
  ]
}

/** The prices that are asked for, as a product keeps them. A price alone takes the place of the default. */
export function pricesData({ price, prices }: PricesInput, before?: Priced) {
  const others = before ? pricesOf(before).slice(1) : []
  const all = price ? [price, ...others.filter((each) => each.currency.code !== price.currency.code)] : (prices ?? [])
  const [first, ...further] = all
  if (!first) return undefined
  return {
    priceMinor: first.minor.toString(),
    currency: first.currency.code,
    furtherPrices: further.map((each) => ({ minor: each.minor.toString(), currency: each.currency.code })),
  }
}
