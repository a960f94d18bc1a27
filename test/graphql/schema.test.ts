import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
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

const FILE = new URL('../../schema.graphql', import.meta.url)
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

test('nothing that clients may rely on has changed since the last commit, unless it was declared', async () => {
  const committed = committedSchema()
  if (committed === undefined) return
  const declared: string[] = JSON.parse(readFileSync(DECLARED, 'utf8'))
  const changes = await diff(buildSchema(committed), schema)
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
  expect(breaking.map(({ message }) => message).filter((message) => !declared.includes(message))).toEqual([])
})

/** Undefined before the first commit, and where there is no git. */
function committedSchema(): string | undefined {
  try {
    return execFileSync('git', ['show', 'HEAD:./schema.graphql'], {
      cwd: new URL('.', FILE),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return undefined
  }
}
