import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql'
import { DAY_RULE, isDay } from '../kernel/day.ts'
import { MOMENT_RULE, momentFrom } from '../kernel/moment.ts'
import { builder } from './builder.ts'
import { jsonLiteral } from './literal.ts'

/**
 * Amounts, currencies and the like are read as whatever text was sent: whether it is a good amount is the services'
 * to judge, so that a bad one becomes a userError that names its field.
 */

builder.scalarType('DateTime', {
  description:
    'A moment in RFC 3339 format, e.g. 2026-11-21T04:58:27.000Z, with millisecond precision. A moment that does not exist, such as 31 April, is refused.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : value),
  ...readBy((value) => {
    const at = typeof value === 'string' ? momentFrom(value) : undefined
    if (!at) throw new GraphQLError(`DateTime ${MOMENT_RULE}`)
    return at
  }),
})

builder.scalarType('Date', {
  description: 'A calendar day in the format YYYY-MM-DD, e.g. 2026-11-21.',
  serialize: (value) => value,
  ...readBy((value) => {
    if (typeof value !== 'string' || !isDay(value)) throw new GraphQLError(`Date ${DAY_RULE}`)
    return value
  }),
})

builder.scalarType('Decimal', {
  description: 'An exact decimal number as a string, e.g. "99.99". It is never converted to a float.',
  serialize: (value) => value,
  ...readBy((value) => textOf('Decimal', value)),
})

builder.scalarType('BigInt', {
  description: 'An integer of up to 40 digits as a string, e.g. "9999".',
  serialize: (value) => value.toString(),
  ...readBy((value) => {
    if (typeof value !== 'string' || !/^-?\d{1,40}$/.test(value))
      throw new GraphQLError('BigInt must be a whole number of at most 40 digits, as a string: "9999"')
    return BigInt(value)
  }),
})

builder.scalarType('CurrencyCode', {
  description:
    'A currency code in capital letters: an ISO 4217 code (USD, HKD, JPY), the symbol of a cryptocurrency (USDC, ETH, SOL), or the code of a currency that the merchant created.',
  serialize: (value) => value,
  ...readBy((value) => textOf('CurrencyCode', value)),
})

builder.scalarType('JSON', {
  description:
    'Any JSON value, nested at most 32 levels deep. A number that JSON parsers would round, such as an integer beyond 2^53 or one with more than 17 digits, is refused: send it as a string.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => jsonLiteral(node, variables),
})

/** A scalar holds no variables within it, and the compiler complains of a reader that would take any. */
function readBy<T>(parseValue: (value: unknown) => T) {
  return { parseValue, parseLiteral: (node: ValueNode) => parseValue(valueFromASTUntyped(node)) }
}

function textOf(scalar: string, value: unknown): string {
  if (typeof value !== 'string') throw new GraphQLError(`${scalar} must be a string, in quotes`)
  return value
}
