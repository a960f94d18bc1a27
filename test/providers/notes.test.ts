import { type GraphQLSchema, printSchema } from 'graphql'
import { expect, test } from 'vitest'
import { schema, schemaWith } from '../../src/graphql/schema.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP_ADAPTER } from './made-up/adapter/index.ts'
import { MADE_UP } from './made-up/row.ts'

const NOTES = {
  WEBHOOK_TIMESTAMP: 'The made-up provider sends no timestamp.',
  YEARS: 'The made-up provider has no years.',
  REFUND_ANSWER: 'The made-up provider takes no answers.',
}

test('the descriptions of the API say what each provider of the gateway has to say, and of no other gateway', () => {
  const before = printSchema(schema)
  const adapter = { ...MADE_UP_ADAPTER, notes: NOTES }
  const extended = schemaWith({ ...PROVIDERS, MADE_UP: { ...MADE_UP, adapter } })
  // In a field of an input, in a value of an enum and in a mutation, behind what the others have to say.
  for (const note of Object.values(NOTES)) expect(times(extended, note)).toBe(1)
  expect(printSchema(schema)).toBe(before)
  for (const note of Object.values(NOTES)) expect(before).not.toContain(note)
})

function times(of: GraphQLSchema, text: string): number {
  return printSchema(of).replaceAll(/\s+/g, ' ').split(text).length - 1
}
