import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Door, openDoor } from './door.ts'

let open: Door
let closed: Door
beforeAll(async () => {
  open = await openDoor()
  closed = await openDoor({ introspection: false, graphiql: false })
})
afterAll(async () => {
  await open.close()
  await closed.close()
})

const codeOf = async (door: Door, query: string, variables = {}) => {
  const ask = await door.as()
  const { errors } = await ask(query, variables)
  return errors?.[0]?.extensions?.code
}

const PARSE = 'GRAPHQL_PARSE_FAILED'
const COMPLEX = 'QUERY_TOO_COMPLEX'

test.each([
  ['a thousand tokens', `{ ${'__typename '.repeat(1_001)} }`, PARSE],
  ['brackets nine hundred deep', `{ nodes(ids: ${'['.repeat(900)}`, PARSE],
  ['brackets a hundred thousand deep', `{ nodes(ids: ${'['.repeat(100_000)}`, PARSE],
  [
    'fields deeper than 12',
    `{ checkouts { edges { node { payment { checkout { payment { checkout { payment { checkout { payment { checkout {
      payment { id } } } } } } } } } } } } }`,
    COMPLEX,
  ],
  [
    'depth hidden in fragments',
    `{ checkouts { edges { node { ...A } } } }
     fragment A on Checkout { payment { checkout { payment { checkout { ...B } } } } }
     fragment B on Checkout { payment { checkout { payment { checkout { payment { checkout { id } } } } } } }`,
    COMPLEX,
  ],
  ['more than 15 aliases', `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: __typename`).join(' ')} }`, COMPLEX],
  [
    'aliases hidden in fragments',
    `{ ...A ...A } fragment A on Query { ${Array.from({ length: 9 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
    COMPLEX,
  ],
  ['more than 5 directives', `{ ${'__typename @include(if: true) '.repeat(6)} }`, COMPLEX],
  [
    'pages within pages',
    '{ customers(first: 100) { edges { node { payments(first: 100) { edges { node { id } } } } } } }',
    COMPLEX,
  ],
  [
    'fragments in a circle',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
])('%s are refused', async (_name, query, code) => {
  expect(await codeOf(open, query)).toBe(code)
})

test('a page counts as large as its variable says', async () => {
  const query = `query ($n: Int) { customers(first: $n) { edges { node { payments(first: $n) { edges { node { id } } } } } } }`
  expect(await codeOf(open, query, { n: 10 })).toBeUndefined()
  expect(await codeOf(open, query, { n: 100 })).toBe(COMPLEX)
  expect(await codeOf(open, query, { n: 10 })).toBeUndefined()
})

test('a page of 100 with every plain field, and the deepest useful query, are served', async () => {
  const plain = `{ products(first: 100) { totalCount edges { cursor node {
    id reference name description price { amount minor currency } active metadata createdAt updatedAt
    providerLinks { provider externalId } } } pageInfo { endCursor hasNextPage } } }`
  expect(await codeOf(open, plain)).toBeUndefined()
  const deep = `{ checkouts(first: 20) { edges { node { payment { ledgerTransactions(first: 5) { edges { node {
    entries { account { balance { amount } } } } } } } } } } }`
  expect(await codeOf(open, deep)).toBeUndefined()
})

test('many mistakes get a short answer', async () => {
  const keys = Array.from({ length: 2_000 }, (_, n) => [`unknown${n}`, 'x'.repeat(20)])
  const response = await fetch(open.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation ($input: CreateProductInput!) { createProduct(input: $input) { replayed } }',
      variables: { input: Object.fromEntries(keys) },
    }),
  })
  expect((await response.text()).length).toBeLessThan(10_000)
})

test('where introspection is off the schema is not told, nor names that a mistake comes near to', async () => {
  const ask = await closed.as()
  expect((await ask('{ __schema { types { name } } }')).errors?.[0]?.message).toMatch(/introspection has been disabled/)
  expect((await ask('{ __type(name: "Query") { name } }')).data).toBeUndefined()
  const { errors } = await ask('{ produts { totalCount } }')
  expect(errors?.[0]?.message).toBe('Cannot query field "produts" on type "Query".')
  expect((await ask('{ __typename }')).data).toEqual({ __typename: 'Query' })
})

test('where introspection is on the whole schema is told', async () => {
  const { getIntrospectionQuery } = await import('graphql')
  const { data } = await (await open.as())(getIntrospectionQuery({ descriptions: true }))
  expect(data.__schema.types.length).toBeGreaterThan(50)
})
