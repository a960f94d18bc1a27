import type { InputFieldBuilder } from '@pothos/core'
import type { ResolvedTypes } from '../builder.ts'

/** What a merchant may say of a thing when it is made. */
export function ownWords(t: InputFieldBuilder<ResolvedTypes, 'InputObject'>, noun: string, more = '') {
  return {
    reference: t.string({
      description: `The merchant's own identifier of the ${noun}: 1 to 100 characters. ${more}`.trim(),
    }),
    metadata: t.field({
      type: 'JSON',
      description:
        `Key-value pairs of the merchant: at most 24 keys, each with a string, number or boolean. ${more}`.trim(),
    }),
  }
}
