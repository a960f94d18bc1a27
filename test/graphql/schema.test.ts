import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql'
import { expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { undeclaredBreaks } from './breaking-changes.ts'

const FILE = new URL('../../schema.graphql', import.meta.url)
/** The schema of the last release, which takes the place of this file at the next: `cp schema.graphql` to it. */
const RELEASED = new URL('./released-schema.graphql', import.meta.url)
/** Changes that were meant although they break clients, each as inspector words it. Emptied at each release. */
const DECLARED = new URL('./declared-breaking-changes.json', import.meta.url)

test('schema.graphql is what the code says; `npm run schema` writes it', () => {
  expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(readFileSync(FILE, 'utf8'))
})

test('every type, field, argument, input field and enum value is described', () => {
  const own = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__') && !BUILT_IN.has(name))
  expect(own.flatMap(undescribed)).toEqual([])
})

const BUILT_IN = new Set(['ID', 'String', 'Int', 'Float', 'Boolean'])

function undescribed(type: GraphQLNamedType): string[] {
  const missing = type.description ? [] : [type.name]
  if (isEnumType(type)) {
    const values = type.getValues().filter(({ description }) => !description)
    return [...missing, ...values.map(({ name }) => `${type.name}.${name}`)]
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(({ description }) => !description)
    return [...missing, ...fields.map(({ name }) => `${type.name}.${name}`)]
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return missing
  for (const field of Object.values(type.getFields())) {
    if (!field.description) missing.push(`${type.name}.${field.name}`)
    for (const arg of field.args) if (!arg.description) missing.push(`${type.name}.${field.name}(${arg.name}:)`)
  }
  return missing
}

test('nothing that clients may rely on has changed since the last release, unless it was declared', async () => {
  const released = buildSchema(readFileSync(RELEASED, 'utf8'))
  const declared: string[] = JSON.parse(readFileSync(DECLARED, 'utf8'))
  expect(await undeclaredBreaks(released, schema, declared)).toEqual([])
})

const BEFORE = 'type Query { mug(size: Int): Mug } type Mug { price: Int colour: Colour } enum Colour { BLUE GREEN }'

test.each([
  ['a field that is gone', BEFORE.replace('price: Int ', ''), ["Field 'price' was removed from object type 'Mug'"]],
  ['a field of another type', BEFORE.replace('price: Int', 'price: String'), [/price/]],
  ['an argument that is required', BEFORE.replace('size: Int', 'size: Int!'), [/size/]],
  ['an argument that is gone', BEFORE.replace('(size: Int)', ''), [/size/]],
  ['a value that is gone', BEFORE.replace(' GREEN', ''), [/GREEN/]],
  ['a type that is gone', BEFORE.replace(/colour: Colour | enum .*/g, ''), [/colour/, /Colour/]],
  ['nothing', BEFORE, []],
  ['what is only new', BEFORE.replace('price: Int', 'price: Int weight: Int').replace('GREEN', 'GREEN RED'), []],
])('a breaking change is found by the comparison: %s', async (_, after, expected) => {
  const found = await undeclaredBreaks(buildSchema(BEFORE), buildSchema(after), [])
  expect([...found].sort()).toEqual(expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))))
  expect(await undeclaredBreaks(buildSchema(BEFORE), buildSchema(after), found)).toEqual([])
})
