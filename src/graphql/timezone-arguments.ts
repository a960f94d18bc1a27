import { type DocumentNode, type GraphQLError, Kind, type ValueNode, visit } from 'graphql'
import { timezoneNamed } from '../kernel/timezone.ts'
import { refusal } from './refusal.ts'
import { UNKNOWN_TIMEZONE } from './timezone.ts'

const VALUES = new WeakMap<DocumentNode, readonly ValueNode[]>()

/**
 * What is wrong with the `timezone` arguments of an operation. They are looked at before it runs: a mutation would have
 * been done by the time that its answer cannot be written.
 */
export function wrongTimezone(document: DocumentNode, variables: Record<string, unknown>): GraphQLError | undefined {
  const wrong = valuesIn(document).some((node) => {
    const value = node.kind === Kind.VARIABLE ? variables[node.name.value] : node.kind === Kind.STRING && node.value
    return typeof value === 'string' && timezoneNamed(value) === undefined
  })
  return wrong ? refusal('BAD_USER_INPUT', UNKNOWN_TIMEZONE, 400) : undefined
}

function valuesIn(document: DocumentNode): readonly ValueNode[] {
  const known = VALUES.get(document)
  if (known) return known
  const values: ValueNode[] = []
  visit(document, {
    Argument({ name, value }) {
      if (name.value === 'timezone') values.push(value)
    },
  })
  VALUES.set(document, values)
  return values
}
