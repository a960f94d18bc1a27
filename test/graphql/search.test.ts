import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { look } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
  await look(
    gateway.databaseUrl,
    `INSERT INTO customer (tenant_id, id, name, last_name, email, reference)
     SELECT id, gen_random_uuid(), 'Name ' || n, 'Family ' || md5(n::text), 'person' || n || '@example.com', 'ref ' || n
     FROM tenant, generate_series(1, 30000) AS n WHERE mode = 'TEST'`,
  )
  await look(gateway.databaseUrl, 'VACUUM ANALYZE customer')
})
afterAll(() => gateway.stop())

const CUSTOMERS = `query ($filter: CustomerFilter) { customers(first: 5, filter: $filter) { edges { node { email } } } }`

/** What an operation is refused for. */
async function refusalOf(query: string, variables: object) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': gateway.key },
    body: JSON.stringify({ query, variables }),
  })
  const { errors } = (await response.json()) as { errors?: { message: string; extensions: { code: string } }[] }
  return errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`)
}

describe('a search', () => {
  const searched = (search: string) =>
    gateway.api.ask<{ customers: { edges: { node: { email: string } }[] } }>(CUSTOMERS, { filter: { search } })

  test('is answered by an index, with what a search of every row finds', async () => {
    const found = await searched('PERSON29999@exa')
    expect(found.customers.edges.map(({ node }) => node.email)).toEqual(['person29999@example.com'])
    await eventually(async () => {
      const [used] = await look<{ scans: number }>(
        gateway.databaseUrl,
        `SELECT idx_scan::int AS scans FROM pg_stat_user_indexes WHERE indexrelname = 'customer_search'`,
      )
      return used && used.scans > 0
    }, 15_000)
    expect((await searched('100%')).customers.edges).toEqual([])
  })

  test('works without the index, where the server has no trigrams', async () => {
    await look(gateway.databaseUrl, 'DROP EXTENSION pg_trgm CASCADE')
    const found = await searched('person29999@EXA')
    expect(found.customers.edges.map(({ node }) => node.email)).toEqual(['person29999@example.com'])
  })
})

describe('text that is compared', () => {
  const long = 'x'.repeat(100_000)

  test.each([
    ['customers', { search: long.slice(0, 101) }, 'BAD_USER_INPUT: search must have at most 100 characters'],
    ['products', { search: long }, 'BAD_USER_INPUT: search must have at most 100 characters'],
    ['users', { search: long }, 'BAD_USER_INPUT: search must have at most 100 characters'],
    ['accounts', { search: long }, 'BAD_USER_INPUT: search must have at most 100 characters'],
    ['currencies', { search: long }, 'BAD_USER_INPUT: search must have at most 100 characters'],
    ['customers', { email: long }, 'BAD_USER_INPUT: a text to compare with must have at most 500 characters'],
    ['accounts', { externalId: long }, 'BAD_USER_INPUT: a text to compare with must have at most 500 characters'],
    [
      'accounts',
      { metadata: [{ key: 'a', value: long }] },
      'BAD_USER_INPUT: a text to compare with must have at most 500 characters',
    ],
    [
      'accounts',
      { metadata: Array.from({ length: 25 }, () => ({ key: 'a', value: 'b' })) },
      'BAD_USER_INPUT: `metadata` must have at most 24 keys',
    ],
  ])('of %s is bounded', async (list, filter, refusal) => {
    const type = { customers: 'Customer', products: 'Product', users: 'User', accounts: 'Account' }[list] ?? 'Currency'
    const query = `query ($filter: ${type}Filter) { ${list}(first: 1, filter: $filter) { edges { node { id } } } }`
    expect(await refusalOf(query, { filter })).toEqual([refusal])
  })

  test('is found up to that length', async () => {
    expect(await refusalOf(CUSTOMERS, { filter: { search: long.slice(0, 100) } })).toBeUndefined()
    expect(await apiOf(gateway.url, gateway.key).ask(CUSTOMERS, { filter: { email: long.slice(0, 500) } })).toEqual({
      customers: { edges: [] },
    })
  })
})
