import { currency } from '../../kernel/currency.ts'
import { formatDecimal, type Money, money } from '../../kernel/money.ts'
import { builder } from '../builder.ts'

export const MoneyRef = builder.objectRef<Money>('Money').implement({
  description: 'An exact amount of one currency.',
  fields: (t) => ({
    amount: t.field({
      type: 'Decimal',
      description: 'The amount in major units with all its digits: "99.99" for USD, "9999" for JPY.',
      resolve: ({ minor, currency: { exponent } }) => formatDecimal(minor, exponent),
    }),
    minor: t.field({
      type: 'BigInt',
      description: 'The amount in minor units, e.g. cents: "9999" for 99.99 USD.',
      resolve: ({ minor }) => minor,
    }),
    currency: t.field({
      type: 'CurrencyCode',
      description: 'The currency.',
      resolve: (value) => value.currency.code,
    }),
  }),
})

export const MoneyInput = builder.inputType('MoneyInput', {
  description: 'An exact amount of one currency.',
  fields: (t) => ({
    amount: t.field({ type: 'Decimal', required: true, description: 'The amount in major units, e.g. "99.99".' }),
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'The currency, e.g. USD.' }),
  }),
})

/** An amount as a row keeps it. */
export function amount(minor: bigint, code: string): Money {
  return money(minor, currency(code))
}
