import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled, look } from '../support/books.ts'
import { type ServingProcess, serve } from '../support/command-line.ts'
import {
  type DebianServer,
  hasDebianPostgres,
  startDebianPostgres,
  warnWithoutDebianPostgres,
} from '../support/debian-postgres.ts'

/** A primary that is killed under load, and a synchronous standby that takes its place. */

warnWithoutDebianPostgres('a failover under load')

const PATIENCE_MS = 90_000
const WRITERS = 4

const ACCOUNT = `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { message } } }`
const FUND = `mutation ($input: FundAccountInput!) { fundAccount(input: $input) { replayed userErrors { message } } }`
const TRANSFER = `mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) { replayed userErrors { message } } }`
const CENT = { amount: '0.01', currency: 'USD' }

describe.skipIf(!hasDebianPostgres)('a failover', { timeout: PATIENCE_MS }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-failover-'))
  let primary: DebianServer
  let standby: DebianServer
  let gateway: ServingProcess
  let key: string
  let api: Api
  let from: string
  let to: string

  beforeAll(async () => {
    primary = await startDebianPostgres({ settings: { synchronous_standby_names: '*' } })
    standby = await startDebianPostgres({ standbyOf: primary })
    const url = primary.url('postgres', 'postgres', '?target_session_attrs=read-write')
    const hosts = `127.0.0.1:${primary.port},127.0.0.1:${standby.port}`
    const DATABASE_URL = url.replace(`127.0.0.1:${primary.port}`, hosts)
    gateway = await serve({ DATABASE_URL, DATA_DIR: dataDir, LOG_LEVEL: 'warn' })
    key = /sk_test_\w+/.exec(gateway.output())?.[0] ?? ''
    api = apiOf(gateway.url, key)
    ;[from, to] = [await openAccount('payer'), await openAccount('payee')]
    await api.change(FUND, { accountId: from, total: { amount: '1000.00', currency: 'USD' }, idempotencyKey: 'fund' })
  }, PATIENCE_MS)
  afterAll(async () => {
    await gateway?.end('SIGTERM')
    await Promise.all([primary?.stop(), standby?.stop()])
    rmSync(dataDir, { recursive: true })
  })

  async function openAccount(externalId: string): Promise<string> {
    const input = { externalId, name: externalId, currency: 'USD', kind: 'CLIENT' }
    return (await api.change<{ account: { id: string } }>(ACCOUNT, input)).account.id
  }

  /** Sends one cent under this key, and answers whether that is acknowledged. */
  async function send(idempotencyKey: string): Promise<'acknowledged' | 'unavailable'> {
    const input = { accountId: from, total: CENT, charges: [{ destinationId: to, subtotal: CENT }], idempotencyKey }
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: TRANSFER, variables: { input } }),
    })
    const body = await response.text()
    if (response.status === 200) {
      expect(JSON.parse(body)).toMatchObject({ data: { createTransaction: { userErrors: [] } } })
      return 'acknowledged'
    }
    expect([response.status, body]).toEqual([503, expect.stringContaining('"UNAVAILABLE"')])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    return 'unavailable'
  }

  test('loses and doubles nothing that was acknowledged, answers UNAVAILABLE meanwhile, and the node goes on', async () => {
    let isOver = false
    let acknowledged = 0
    let unavailable = 0
    const sent = new Set<string>()

    /** Repeats each transfer under its key until it is acknowledged. */
    async function write(name: string): Promise<void> {
      for (let number = 0; !isOver; number++) {
        const transfer = `${name} ${number}`
        sent.add(transfer)
        while ((await send(transfer)) === 'unavailable') {
          unavailable += 1
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
        acknowledged += 1
      }
    }

    const writers = Promise.all(Array.from({ length: WRITERS }, (_, index) => write(`writer ${index}`)))
    await eventually(async () => acknowledged > 20, PATIENCE_MS)
    await primary.kill()
    await eventually(async () => unavailable > WRITERS, PATIENCE_MS)
    const before = acknowledged
    await standby.run('SELECT pg_promote()')
    await eventually(async () => acknowledged > before + 20, PATIENCE_MS)
    isOver = true
    await writers

    expect(await Promise.race([gateway.exited, 'runs'])).toBe('runs')
    await eventually(async () => (await fetch(`${gateway.url}/health/ready`)).ok, PATIENCE_MS)
    const [payee] = await look<{ balance: string }>(
      standby.url('postgres'),
      `SELECT balance::text FROM account WHERE external_id = 'payee'`,
    )
    expect(payee?.balance).toBe(String(sent.size))
    await expectAllSettled({ api, databaseUrl: standby.url('postgres') })
  })
})
