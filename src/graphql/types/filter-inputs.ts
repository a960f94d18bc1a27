import type { InputFieldBuilder } from '@pothos/core'
import { builder, type ResolvedTypes } from '../builder.ts'

/** What filters of several lists have in common. */

export const ARCHIVED_FILTER = 'True: those that are archived, which deleting does. False or null: those that are not.'

export const AmountRange = builder.inputType('AmountRange', {
  description: 'A range of amounts in one currency. An amount must match all bounds that are given, in major units.',
  fields: (t) => ({
    currency: t.field({ type: 'CurrencyCode', required: true, description: 'The currency of the amounts.' }),
    equals: t.field({ type: 'Decimal', description: 'Exactly this amount, in major units.' }),
    atLeast: t.field({ type: 'Decimal', description: 'This amount or more, in major units.' }),
    above: t.field({ type: 'Decimal', description: 'More than this amount, in major units.' }),
    atMost: t.field({ type: 'Decimal', description: 'This amount or less, in major units.' }),
    below: t.field({ type: 'Decimal', description: 'Less than this amount, in major units.' }),
  }),
})

export const MetadataFilter = builder.inputType('MetadataFilter', {
  description: 'A key in the metadata and its value.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'The key.' }),
    value: t.string({
      required: true,
      description: 'The value as a string: a number in decimal notation, a boolean as true or false.',
    }),
  }),
})

/** Conditions on the merchant's own words on the objects of a list. */
export function wordsFilter(t: InputFieldBuilder<ResolvedTypes, 'InputObject'>, nouns: string) {
  return {
    reference: t.string({ description: `${nouns} with this reference. Case counts.` }),
    metadata: t.field({ type: [MetadataFilter], description: `${nouns} with all of these metadata values.` }),
  }
}
