import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled, look } from '../support/books.ts'
import { type ServingProcess, serve } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { CUSTOMER, createCheckout, ITEM, readCheckout, simulate } from '../support/storefront.ts'

/**
 * PostgreSQL ends connections while everything is under way that uses one: on the real process, because there alone an
 * error that nobody listens to ends it.
 */

const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-lost-'))
let database: TestDatabase
let gateway: ServingProcess
let key: string
let api: Api

beforeAll(async () => {
  database = await freshDatabase()
  gateway = await serve({ DATABASE_URL: database.url, DATA_DIR: dataDir, LOG_LEVEL: 'warn' })
  key = /sk_test_\w+/.exec(gateway.output())?.[0] ?? ''
  api = apiOf(gateway.url, key)
  // Enough that no socket's buffer holds a whole export.
  await look(
    database.url,
    `INSERT INTO product (tenant_id, id, name, reference, description, price_minor, currency)
     SELECT id, gen_random_uuid(), 'Tea', 'tea ' || number, repeat('good ', 400), 100, 'USD' FROM tenant, generate_series(1, 8000) number WHERE mode = 'TEST'`,
  )
}, 60_000)

afterAll(async () => {
  await gateway?.end('SIGTERM')
  await database?.drop()
  rmSync(dataDir, { recursive: true })
})

/** Ends connections of the gateway, as an operator or a crash of the server does. */
function terminate(where = 'TRUE', most = 1_000): Promise<object[]> {
  return look(
    database.url,
    `SELECT pg_terminate_backend(pid) FROM (
       SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${where} ORDER BY random() LIMIT ${most}) AS found`,
  )
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly body: string
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
  })
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() }
}

const graphql = (query: string, variables: object = {}) =>
  ask('/graphql', { method: 'POST', body: JSON.stringify({ query, variables }) })

/** What a client can rely on meanwhile: an answer, or one that says to come back. */
function expectAnswerOrRetry({ status, retryAfter, body }: Answer): void {
  expect(body).not.toContain('INTERNAL')
  expect([200, 503]).toContain(status)
  if (status === 503) {
    expect(Number(retryAfter)).toBeGreaterThan(0)
    expect(body).toContain('"UNAVAILABLE"')
  } else {
    expect(body).not.toContain('"UNAVAILABLE"')
  }
}

async function beginExport(): Promise<IncomingMessage> {
  const [response] = (await once(
    get(`${gateway.url}/exports/data`, { headers: { 'x-api-key': key } }),
    'response',
  )) as [IncomingMessage]
  return response
}

/** A snapshot whose reader has stopped reading: its connection is lent out, and nothing is asked on it. */
const STALLED = `state = 'idle in transaction' AND query LIKE 'FETCH%' AND state_change < now() - interval '0.5 s'`

test('a slow export whose connection is ended is cut off, and nothing else ends with it', async () => {
  const slow = await beginExport()
  await once(slow, 'readable')
  const cut = new Promise<string>((resolve) =>
    slow.once('error', () => resolve('cut')).once('end', () => resolve('end')),
  )
  await eventually(async () => (await terminate(STALLED)).length > 0)
  slow.resume()
  expect(await cut).toBe('cut')
  expect(await ask('/health/live')).toMatchObject({ status: 200 })
  expectAnswerOrRetry(await graphql('{ viewer { mode } }'))
})

test('the process outlives connections that are ended at random, every mutation is done once, and all recovers', async () => {
  const until = performance.now() + 6_000
  const answers: Answer[] = []
  const busy = () => performance.now() < until

  async function again(work: (round: number) => Promise<Answer>): Promise<void> {
    for (let round = 0; busy(); round++) answers.push(await work(round))
  }

  /** A shop that repeats each order under its key until it is told what came of it. */
  async function shop(name: string): Promise<string[]> {
    const opened: string[] = []
    for (let number = 0; busy(); number++) {
      const input = { kind: 'PAYMENT', idempotencyKey: `${name} ${number}`, item: ITEM }
      opened.push(await untilAnswered(input))
    }
    return opened
  }

  async function untilAnswered(input: object): Promise<string> {
    return eventually(async () => {
      const answer = await graphql(CREATE, { input })
      answers.push(answer)
      if (answer.status !== 200) return undefined
      const { checkout, userErrors } = JSON.parse(answer.body).data.createCheckout
      if (userErrors.length > 0) expect(userErrors).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
      return checkout?.url && (checkout.id as string)
    }, 30_000)
  }

  async function ending(): Promise<void> {
    while (busy()) {
      await terminate('TRUE', 3)
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
  }

  async function exporting(): Promise<void> {
    while (busy()) {
      const file = await beginExport().catch(() => undefined)
      await file
        ?.resume()
        .toArray()
        .catch(() => {})
    }
  }

  const [, opened] = await Promise.all([
    ending(),
    Promise.all(['one', 'two'].map(shop)),
    exporting(),
    again(() => graphql('{ viewer { mode } products(first: 5) { edges { node { name } } } }')),
    again(() => graphql('{ ledger { proof { balanced } } accountStats(by: [KIND]) { count } }')),
    again((round) => graphql(CREATE_CUSTOMER, { input: { ...CUSTOMER, email: `${round}@example.com` } })),
    again(() => ask('/exports/accounting?from=2026-01-01&to=2026-12-31&format=csv')),
  ])

  for (const answer of answers) expectAnswerOrRetry(answer)
  // The chaos was felt, or this has shown nothing.
  expect(answers.filter(({ status }) => status === 503)).not.toEqual([])
  expect(gateway.output()).not.toContain('an unexpected error ended the process')

  const ids = opened.flat()
  expect(new Set(ids).size).toBe(ids.length)
  const [made] = await look<{ n: number }>(database.url, 'SELECT count(*)::int AS n FROM checkout')
  expect(made?.n).toBe(ids.length)
  const { checkout } = await createCheckout(api)
  await simulate(api, checkout.id, 'PAY')
  await eventually(async () => (await readCheckout(api, checkout.id)).status === 'COMPLETED', 20_000)
  await expectAllSettled({ api, databaseUrl: database.url })
}, 90_000)

const CREATE = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id url } userErrors { code } }
}`
const CREATE_CUSTOMER = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } userErrors { code } } }`
