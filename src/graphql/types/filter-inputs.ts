import { builder } from '../builder.ts'

/** What filters of several lists have in common. */

export const AmountRange = builder.inputType('AmountRange', {
  description: 'Amounts of one currency, within all the bounds that are given.',
  fields: (t) => ({
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'The currency.' }),
    equals: t.field({ type: 'Decimal', description: 'Exactly this, in major units.' }),
    atLeast: t.field({ type: 'Decimal', description: 'This or more.' }),
    above: t.field({ type: 'Decimal', description: 'More than this.' }),
    atMost: t.field({ type: 'Decimal', description: 'This or less.' }),
    below: t.field({ type: 'Decimal', description: 'Less than this.' }),
  }),
})

export const MetadataFilter = builder.inputType('MetadataFilter', {
  description: 'A key of the own data, and its value.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The key.' }),
    value: t.string({
      required: true,
      description: 'The value as text: a number as its digits, a boolean as true or false.',
    }),
  }),
})
