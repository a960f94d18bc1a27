import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { getNamedType, isObjectType, isRequiredArgument, lexicographicSortSchema, printSchema } from 'graphql'
import { afterAll, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'

const require = createRequire(import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'tollgate-relay-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Paginated {
  readonly parent: string
  readonly field: string
  /** What it cannot be asked without. */
  readonly required: string
  readonly hasId: boolean
}

/** Every field that is a connection, on whatever type. */
function connections(): Paginated[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .flatMap((type) =>
      Object.values(type.getFields())
        .filter(({ args }) => args.some(({ name }) => name === 'first'))
        .map((field) => ({
          parent: type.name,
          field: field.name,
          required: field.args
            .filter(isRequiredArgument)
            .map(({ name }) => `${name}: "2026-01-01", `)
            .join(''),
          hasId: 'id' in fieldsOf(getNamedType(field.type).name.replace(/Connection$/, '')),
        })),
    )
}

function fieldsOf(name: string): object {
  const type = schema.getType(name)
  return isObjectType(type) ? type.getFields() : {}
}

/** A module with a paginated fragment; one on a type that is refetched by node or from the query, where Relay can. */
function fragment({ parent, field, required, hasId }: Paginated, direction: 'forward' | 'backward'): string {
  const module = `${parent}${field.charAt(0).toUpperCase()}${field.slice(1)}${direction}`
  const [size, cursor, arg, from] =
    direction === 'forward' ? ['count', 'cursor', 'first', 'after'] : ['count', 'cursor', 'last', 'before']
  const refetchable = isRefetchable(parent) ? `@refetchable(queryName: "${module}PaginationQuery")` : ''
  return `graphql\`
  fragment ${module}_data on ${parent}
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  ${refetchable} {
    ${field}(${required}${arg}: $${size}, ${from}: $${cursor}) @connection(key: "${module}_${field}") {
      edges { node { __typename${hasId ? ' id' : ''} } }
    }
  }\`\n`
}

function isRefetchable(parent: string): boolean {
  const type = schema.getType(parent)
  return parent === 'Query' || (isObjectType(type) && type.getInterfaces().some(({ name }) => name === 'Node'))
}

const OPERATIONS = `graphql\`
  subscription operationsStatusSubscription($id: ID!, $after: String) {
    transactionStatus(id: $id, after: $after) { state final cursor }
  }\`
graphql\`
  mutation operationsCreateMutation($input: CreateProductInput!) {
    createProduct(input: $input) { product { id } userErrors { __typename message ... on InsufficientFunds { available { amount } } } }
  }\`\n`

test('relay-compiler accepts the schema with a paginated fragment on every connection, both ways', async () => {
  const source = join(folder, 'src')
  mkdirSync(source)
  writeFileSync(join(folder, 'schema.graphql'), printSchema(lexicographicSortSchema(schema)))
  const found = connections()
  expect(found.length).toBeGreaterThan(10)
  for (const connection of found) {
    for (const direction of ['forward', 'backward'] as const) {
      const name = `${connection.parent}${connection.field.charAt(0).toUpperCase()}${connection.field.slice(1)}${direction}`
      writeFileSync(join(source, `${name}.js`), fragment(connection, direction))
    }
  }
  writeFileSync(join(source, 'operations.js'), OPERATIONS)
  const config = { src: './src', schema: './schema.graphql', language: 'javascript', eagerEsModules: true }
  writeFileSync(join(folder, 'relay.config.json'), JSON.stringify(config))
  const compiler = join(dirname(require.resolve('relay-compiler/package.json')), 'cli.js')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [compiler, './relay.config.json'], {
    cwd: folder,
  })
  expect(`${stdout}${stderr}`).not.toMatch(/\berror\b/i)
  const written = readdirSync(join(source, '__generated__'))
  expect(written.length).toBeGreaterThan(found.length * 2)
})
