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

const BUILT_IN = new Set(['ID', 'String', 'Int', 'Float', 'Boolean'])

const described = Object.values(schema.getTypeMap())
  .filter(({ name }) => !name.startsWith('__') && !BUILT_IN.has(name))
  .flatMap(descriptionsOf)

test('every type, field, argument, input field and enum value is described', () => {
  expect(described.filter(({ text }) => !text).map(({ name }) => name)).toEqual([])
})

/** Words that point at something which only the reader of the code has before their eyes. */
const POINTING = /^(It|Its|They|Their|Those|Who|Whose|Which|Where|By|Of|The thing)\b/

test('every description is a sentence that names what it describes', () => {
  const poor = described.filter(
    ({ text }) => !/^[A-Z`].*[.…]$/s.test(text) || !text.includes(' ') || POINTING.test(text),
  )
  expect(poor).toEqual([])
})

interface Described {
  readonly name: string
  readonly text: string
}

function descriptionsOf(type: GraphQLNamedType): Described[] {
  const own = { name: type.name, text: type.description ?? '' }
  if (isEnumType(type)) return [own, ...type.getValues().map((value) => partOf(type.name, value))]
  if (isInputObjectType(type)) return [own, ...Object.values(type.getFields()).map((field) => partOf(type.name, field))]
  if (!isObjectType(type) && !isInterfaceType(type)) return [own]
  const fields = Object.values(type.getFields()).flatMap((field) => [
    partOf(type.name, field),
    ...field.args.map((arg) => partOf(`${type.name}.${field.name}`, arg)),
  ])
  return [own, ...fields]
}

function partOf(whole: string, part: { name: string; description?: string | null | undefined }): Described {
  return { name: `${whole}.${part.name}`, text: part.description ?? '' }
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
