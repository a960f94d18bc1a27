import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { type Api, apiOf, watchStatus } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { type ServingProcess, serve, type Variables } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { lastingPort } from '../support/lasting-port.ts'
import { look } from '../support/look.ts'
import {
  CUSTOMER,
  createCheckout,
  type OpenedCheckout,
  readCheckout,
  recipesOf,
  simulate,
  statesOf,
} from '../support/storefront.ts'

/** A lock of the test's own makes the moment of the kill certain: the provider has answered, we have not committed. */

/** How long the request that makes a checkout has for itself. */
const LEASE_MS = 60_000

const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-crash-'))
let database: TestDatabase
let variables: Variables
let gateway: ServingProcess
let api: Api
const held: pg.Client[] = []

beforeAll(async () => {
  database = await freshDatabase()
  const SECRET_KEY = randomBytes(32).toString('base64')
  variables = { DATABASE_URL: database.url, DATA_DIR: dataDir, SECRET_KEY, PORT: String(await lastingPort()) }
  gateway = await serve(variables)
  api = apiOf(gateway.url, /sk_test_\w+/.exec(gateway.output())?.[0] ?? '')
})

afterAll(async () => {
  await Promise.all(held.map((client) => client.end()))
  await gateway?.end('SIGTERM')
  await database?.drop()
  rmSync(dataDir, { recursive: true })
})

test('killed between the payment at the provider and our commit, it settles the payment once', async () => {
  const [watched, unwatched] = [(await createCheckout(api)).checkout, (await createCheckout(api)).checkout]
  const before = watchStatus(gateway.url, watched.clientSecret, watched.id)
  const books = await hold(database.url, 'LOCK TABLE ledger_transaction IN EXCLUSIVE MODE')
  await Promise.all([simulate(api, watched.id, 'PAY'), simulate(api, unwatched.id, 'PAY')])
  await before.reaches(2)
  await eventually(
    async () => (await look(database.url, `SELECT 1 FROM sandbox_document WHERE kind = 'payment'`)).length === 2,
  )
  await eventually(async () => (await waitersFor('%ledger\\_%')) > 0)

  await gateway.end('SIGKILL')
  await books.release()
  expect(await before.ended).not.toBe('complete')
  expect(before.seen.map(({ state }) => state)).toEqual(['CREATED', 'WAITING_CONFIRMATION'])
  expect(await look(database.url, 'SELECT id FROM ledger_transaction')).toEqual([])

  gateway = await serve(variables)
  const after = watchStatus(gateway.url, watched.clientSecret, watched.id, before.seen.at(-1)?.cursor)
  expect(await after.ended).toBe('complete')
  expect(after.seen.map(({ state }) => state)).toEqual(['COMPLETED'])
  // What the killed process had taken in hand is taken up by the next one, by itself and within seconds.
  const waiting =
    'SELECT 1 FROM inbox_message WHERE applied_at IS NULL UNION ALL SELECT 1 FROM sandbox_task WHERE leased_until IS NOT NULL'
  await eventually(async () => (await look(database.url, waiting)).length === 0, 30_000)
  await expectAllSettled({ api, databaseUrl: database.url })
  for (const { id } of [watched, unwatched]) {
    const paid = await readCheckout(api, id)
    expect(paid).toMatchObject({ status: 'COMPLETED', payment: { status: 'COMPLETED' } })
    expect(recipesOf(paid)).toEqual(['paymentSettled'])
    expect(statesOf(paid)).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
  }
}, 60_000)

test('killed between the page at the provider and our commit, it opens the checkout once', async () => {
  const keys = [randomUUID(), randomUUID()]
  const provider = await hold(database.url, 'LOCK TABLE sandbox_document IN EXCLUSIVE MODE')
  const lost = keys.map((key) => create(key).catch((error: Error) => error))
  const ids = await eventually(async () => {
    const opening = await look<{ id: string }>(
      database.url,
      `SELECT id FROM checkout WHERE status = 'OPENING' ORDER BY id`,
    )
    return opening.length === keys.length && opening.map(({ id }) => id)
  })
  const ours = await hold(database.url, `SELECT 1 FROM checkout WHERE status = 'OPENING' FOR UPDATE`)
  await provider.release()
  await eventually(async () => (await waitersFor('UPDATE %"checkout"%')) === keys.length)
  expect(await sessions()).toHaveLength(keys.length)

  await gateway.end('SIGKILL')
  await ours.release()
  for (const answer of await Promise.all(lost)) expect(answer).toBeInstanceOf(Error)
  gateway = await serve(variables)
  expect(await look(database.url, `SELECT id FROM checkout WHERE status = 'OPENING' ORDER BY id`)).toEqual(
    ids.map((id) => ({ id })),
  )

  const startedAt = performance.now()
  const [asked = '', unasked = ''] = keys
  const repeated = await create(asked)
  expect(performance.now() - startedAt).toBeLessThan(LEASE_MS / 4)
  expect(repeated).toMatchObject({ replayed: true, checkout: { status: 'OPEN', url: expect.stringContaining('http') } })

  // The other is opened by reconciliation once the request that made it has had its time.
  await look(database.url, `UPDATE tenant SET clock_ahead_ms = clock_ahead_ms + $1 WHERE mode = 'TEST'`, [LEASE_MS])
  await eventually(
    async () => (await look(database.url, `SELECT 1 FROM checkout WHERE status = 'OPENING'`)).length === 0,
  )
  const found = await create(unasked)
  expect(found).toMatchObject({ replayed: true, checkout: { status: 'OPEN' } })
  expect(new Set([repeated.checkout.id, found.checkout.id]).size).toBe(2)
  await Promise.all([repeated, found].map(({ checkout }) => payAndSettle(checkout)))
  await expectAllSettled({ api, databaseUrl: database.url })
}, 60_000)

const SIMULATE = `mutation ($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) { checkout { id } replayed userErrors { code message field } }
}`

test('killed before or after a customer is played, it plays them once when it is asked again', async () => {
  const [unheard, heard] = [(await createCheckout(api)).checkout, (await createCheckout(api)).checkout]
  const inputOf = ({ id }: OpenedCheckout) => ({
    checkoutId: id,
    outcome: 'PAY',
    customer: CUSTOMER,
    idempotencyKey: randomUUID(),
  })
  const inputs = [inputOf(unheard), inputOf(heard)]
  const play = (input: object) => api.change<{ replayed: boolean }>(SIMULATE, input).catch((error: Error) => error)
  const begun = async () =>
    (await look(database.url, 'SELECT 1 FROM idempotency_record WHERE act_id IS NOT NULL')).length

  const provider = await hold(database.url, 'LOCK TABLE sandbox_document IN EXCLUSIVE MODE')
  const last = play(inputs[1] as object)
  await eventually(async () => (await begun()) === 1)
  const record = await hold(database.url, 'SELECT 1 FROM idempotency_record WHERE act_id IS NOT NULL FOR UPDATE')
  await provider.release()
  await eventually(async () => (await waitersFor('%idempotency_record%')) === 1)
  const again = await hold(database.url, 'LOCK TABLE sandbox_document IN EXCLUSIVE MODE')
  const first = play(inputs[0] as object)
  await eventually(async () => (await begun()) === 2)

  await gateway.end('SIGKILL')
  // A statement that waits is done by PostgreSQL although its process is dead: it has to end with it.
  const waiting = `datname = current_database() AND wait_event_type = 'Lock'`
  await look(database.url, `SELECT pg_terminate_backend(pid, 10_000) FROM pg_stat_activity WHERE ${waiting}`)
  await Promise.all([again.release(), record.release()])
  for (const answer of await Promise.all([first, last])) expect(answer).toBeInstanceOf(Error)
  gateway = await serve(variables)
  for (const input of inputs) {
    expect(await play(input)).toMatchObject({ replayed: false })
    expect(await play(input)).toMatchObject({ replayed: true })
  }
  for (const { id } of [unheard, heard]) {
    await eventually(async () => (await readCheckout(api, id)).status === 'COMPLETED', 30_000)
    expect(recipesOf(await readCheckout(api, id))).toEqual(['paymentSettled'])
  }
  await expectAllSettled({ api, databaseUrl: database.url })
}, 60_000)

test('killed between a posting and its answer, it gives the answer when it is asked again', async () => {
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const [source, destination] = [await account(), await account()]
  await api.change(FUND, { accountId: source, total: usd('10'), idempotencyKey: randomUUID() })
  const charges = [{ destinationId: destination, subtotal: usd('3') }]
  const input = { accountId: source, total: usd('3'), charges, idempotencyKey: randomUUID() }

  const books = await hold(database.url, 'SELECT 1 FROM account FOR UPDATE')
  const lost = api.change(PAY, input).catch((error: Error) => error)
  await eventually(async () => (await waitersFor('%ledger\\_post%')) > 0)
  gateway.freeze()
  await books.release()
  const paid = `SELECT id FROM ledger_transaction WHERE type = 'EXTERNAL' AND recipe = 'transfer'`
  await eventually(async () => (await look(database.url, paid)).length === 1)
  await gateway.end('SIGKILL')
  expect(await lost).toBeInstanceOf(Error)

  gateway = await serve(variables)
  const repeated = await api.change<{ transaction: { id: string }; replayed: boolean }>(PAY, input)
  expect(repeated.replayed).toBe(true)
  const [made] = await look<{ id: string }>(database.url, paid)
  expect(repeated.transaction.id).toBe(encodeId('LedgerTransaction', made?.id ?? ''))
  expect(await look(database.url, paid)).toHaveLength(1)
  await expectAllSettled({ api, databaseUrl: database.url })
}, 60_000)

const FUND = `mutation ($input: FundAccountInput!) { fundAccount(input: $input) { userErrors { code message } } }`
const PAY = `mutation ($input: CreateTransactionInput!) {
  createTransaction(input: $input) { transaction { id } replayed userErrors { code message } }
}`

async function account(): Promise<string> {
  const query = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { code } } }`
  return (await api.change<{ account: { id: string } }>(query, { kind: 'CLIENT', currency: 'USD' })).account.id
}

function create(idempotencyKey: string) {
  return createCheckout(api, {
    idempotencyKey,
    item: { name: 'A cup', description: 'Red, holds coffee', price: { amount: '5', currency: 'USD' } },
  })
}

async function payAndSettle({ id }: OpenedCheckout): Promise<void> {
  await simulate(api, id, 'PAY')
  await eventually(async () => (await readCheckout(api, id)).status === 'COMPLETED')
  expect(recipesOf(await readCheckout(api, id))).toEqual(['paymentSettled'])
}

function sessions() {
  return look(
    database.url,
    `SELECT id FROM sandbox_document WHERE kind = 'session' AND body ->> 'productName' = 'A cup'`,
  )
}

/** How many of the gateway's statements like this wait for a lock. */
async function waitersFor(statement: string): Promise<number> {
  const rows = await look(
    database.url,
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
    [statement],
  )
  return rows.length
}

/** Takes a lock and keeps it until it is released. */
async function hold(databaseUrl: string, lock: string) {
  const client = new pg.Client({ connectionString: databaseUrl })
  held.push(client)
  await client.connect()
  await client.query('BEGIN')
  await client.query(lock)
  return { release: () => client.query('ROLLBACK') }
}
