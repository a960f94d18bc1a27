import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { look } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** Somebody holds a lock, or reads slowly, or goes away: nobody else waits for them. */

let gateway: OpenGateway
/** A key of another tenant. */
let other: Api
beforeAll(async () => {
  gateway = await startGateway()
  const { secret } = await gateway.api.change<{ secret: string }>(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code } } }`,
    { name: 'second', role: 'OWNER' },
  )
  // The same organization's live tenant is another tenant: its key is made from the one above.
  await look(
    gateway.databaseUrl,
    `UPDATE api_key SET tenant_id = (SELECT id FROM tenant WHERE mode = 'LIVE'), user_id = NULL WHERE name = 'second'`,
  )
  other = apiOf(gateway.url, secret)
  await look(
    gateway.databaseUrl,
    `INSERT INTO product (tenant_id, id, name, reference, description, price_minor, currency)
     SELECT id, gen_random_uuid(), 'Tea', 'tea ' || n, repeat('good ', 400), 100, 'USD'
     FROM tenant, generate_series(1, 12000) AS n WHERE mode = 'TEST'`,
  )
})
afterAll(() => gateway.stop())

const holders: pg.Client[] = []
afterEach(() => Promise.all(holders.splice(0).map((client) => client.end())))

/** Takes a lock in a transaction that then does nothing. */
async function hold(lock: string): Promise<void> {
  const client = new pg.Client({ connectionString: gateway.databaseUrl })
  holders.push(client)
  await client.connect()
  await client.query('BEGIN')
  await client.query(lock)
}

async function post(query: string, variables: object = {}, signal: AbortSignal | null = null) {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': gateway.key },
    body: JSON.stringify({ query, variables }),
    signal,
  })
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() }
}

const CREATE = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } replayed userErrors { code } } }`
const customer = (name: string) => ({
  name,
  lastName: 'Lovelace',
  email: `${name.toLowerCase().replaceAll(' ', '.')}@example.com`,
  idempotencyKey: name,
})

/** How many of the gateway's statements like this wait for a lock. */
async function waiting(statement = '%'): Promise<number> {
  const text = `SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`
  return (await look(gateway.databaseUrl, text, [statement])).length
}

test('a lock on one tenant’s row is waited for by that tenant alone, and not for ever', async () => {
  await hold(`SELECT 1 FROM tenant WHERE mode = 'TEST' FOR UPDATE`)
  const order: string[] = []
  const stuck = Array.from({ length: 8 }, (_, n) =>
    post(CREATE, { input: customer(`Stuck ${n}`) }).finally(() => order.push('stuck')),
  )
  await eventually(async () => (await waiting()) > 3)
  for (let n = 0; n < 10; n++) {
    await other.ask('{ viewer { mode } }')
    await other.change(CREATE, customer(`Free ${n}`))
  }
  order.push('the other is done')
  for (const { status, retryAfter, body } of await Promise.all(stuck)) {
    expect([status, body.errors?.[0].extensions.code]).toEqual([503, 'UNAVAILABLE'])
    expect(Number(retryAfter)).toBeGreaterThan(0)
  }
  expect(order[0]).toBe('the other is done')

  await Promise.all(holders.map((client) => client.query('ROLLBACK')))
  const { body } = await post(CREATE, { input: customer('Stuck 0') })
  expect(body.data.createCustomer).toMatchObject({ customer: {}, replayed: false, userErrors: [] })
}, 60_000)

test.each([
  ['a query', '%FROM product AS t%', '/graphql?query={products(first:1){edges{node{id}}}}'],
  ['an export', 'DECLARE%', '/exports/data'],
])('%s whose caller has gone is ended on the server', async (_, statement, path) => {
  await hold('LOCK TABLE product, account')
  const gone = new AbortController()
  const asked = fetch(gateway.url + path, { headers: { 'x-api-key': gateway.key }, signal: gone.signal })
  const lost = expect(asked.then((response) => response.text())).rejects.toThrow()
  await eventually(async () => (await waiting(statement)) > 0)
  gone.abort()
  // Sooner than the lock would have been given up.
  await eventually(async () => (await waiting(statement)) === 0, 3_000)
  await lost
})

test('of forty exports at once a tenant gets two, the others are told so at once, and another tenant has all it needs', async () => {
  const begun = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const request = get(`${gateway.url}/exports/data`, { headers: { 'x-api-key': gateway.key } })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return response
    }),
  )
  const statuses = begun.map(({ statusCode }) => statusCode)
  expect(statuses.filter((status) => status === 200)).toHaveLength(2)
  const refused = begun.filter(({ statusCode }) => statusCode === 503)
  expect(refused).toHaveLength(38)
  for (const { headers } of refused) expect(headers['retry-after']).toBe('60')
  await other.ask('{ viewer { mode } ledger { proof { balanced } } paymentStats(groupBy: [DAY]) { count } }')
  for (const response of begun) response.destroy()
  await eventually(async () => {
    const again = await fetch(`${gateway.url}/exports/data`, { headers: { 'x-api-key': gateway.key } })
    await again.body?.cancel()
    return again.status === 200
  })
})
