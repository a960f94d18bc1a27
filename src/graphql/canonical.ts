import { type GraphQLInputType, isInputObjectType, isListType, isNonNullType } from 'graphql'
import { normalText } from '../kernel/input.ts'

/** What a mutation takes a field for that is not given, or given as null. */
export interface Meaning {
  /** The values that stand in for fields that are left out. */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** The fields that null says something about, other than leaving them out does. */
  readonly nulls?: readonly string[]
}

/**
 * The same text for inputs that mean the same: null or left out, a default given or not, 12.5 or 12.50, a letter in one
 * Unicode spelling or another, and however the fields were arranged.
 */
export function canonicalInput(type: GraphQLInputType, input: object, { defaults = {}, nulls = [] }: Meaning): string {
  const plain = plainInput(type, input) as Record<string, unknown>
  for (const [field, value] of Object.entries(defaults)) {
    if (canonical(plain[field]) === canonical(value)) delete plain[field]
  }
  for (const field of nulls) if ((input as Record<string, unknown>)[field] === null) plain[field] = null
  return canonical(plain)
}

/** JSON with the keys of every object in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item.toString()
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** A value without what is not given, with decimals in their shortest form and text as it is kept. Free JSON stays as it is. */
function plainInput(type: GraphQLInputType, value: unknown): unknown {
  if (isNonNullType(type)) return plainInput(type.ofType, value)
  if (value === null || value === undefined) return value
  if (isListType(type)) return Array.isArray(value) ? value.map((item) => plainInput(type.ofType, item)) : value
  if (isInputObjectType(type)) {
    const given = Object.values(type.getFields()).flatMap((field) => {
      const item = plainInput(field.type, (value as Record<string, unknown>)[field.name])
      return item === null || item === undefined ? [] : [[field.name, item] as const]
    })
    return Object.fromEntries(given)
  }
  if (typeof value !== 'string') return value
  if (type.name === 'Decimal') return shortest(value)
  return type.name === 'String' ? normalText(value) : value
}

function shortest(decimal: string): string {
  const match = /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(decimal)
  if (!match) return decimal
  const [, sign, whole, fraction] = match
  return `${sign === '-' ? sign : ''}${whole}${fraction ? `.${fraction}` : ''}`
}
