import { findCurrency } from '../../kernel/currency.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { builder } from '../builder.ts'
import { exponentOf } from '../relations.ts'

/** An amount as it is shown. A currency of the tenant's own comes by its code alone; how many digits it has is looked up. */
interface Shown {
  readonly minor: bigint
  readonly currency: { readonly code: string; readonly exponent?: number | undefined }
}

export const MoneyRef = builder.objectRef<Shown>('Money').implement({
  description: 'An exact amount of money in one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description:
        'The amount in major units with all decimal places of the currency: "99.99" for USD, "9999" for JPY.',
      resolve: ({ minor, currency: { code, exponent } }, _args, { loaders }) =>
        exponent === undefined
          ? exponentOf(loaders, code).then((found) => formatDecimal(minor, found))
          : formatDecimal(minor, exponent),
    }),
    minor: t.field({
      type: 'BigInt',
      description: 'The amount in minor units, e.g. cents: "9999" for 99.99 USD.',
      resolve: ({ minor }) => minor,
    }),
    currency: t.field({
      type: 'CurrencyCode',
      description: 'The currency of the amount.',
      resolve: (value) => value.currency.code,
    }),
  }),
})

export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An exact amount of money in one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      required: true,
      description:
        'The amount in major units, e.g. "99.99". It can have at most as many decimal places as the currency.',
    }),
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'The currency of the amount, e.g. USD.' }),
  }),
})

/** A rate without the zeros that a column of fixed scale puts at its end. */
export function rateText(rate: string | bigint | { toFixed(): string }): string {
  const text = typeof rate === 'object' ? rate.toFixed() : String(rate)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** An amount as a row keeps it. */
export function amount(minor: bigint, code: string): Shown {
  return { minor, currency: findCurrency(code) ?? { code } }
}
