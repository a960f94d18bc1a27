import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as rest } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { apiOf } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { type ServingProcess, serve, type Variables } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { look } from '../support/look.ts'

/** How long the gateway is killed over and over, and how often at least. */
const KILL_MS = Number(process.env.LEDGER_KILL_MS ?? 10_000)
const KILLS_AT_LEAST = 2
const CLIENTS = 24
const START = 2_000

const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-ledger-crash-'))
let database: TestDatabase
let variables: Variables
let gateway: ServingProcess
let key: string

beforeAll(async () => {
  database = await freshDatabase()
  variables = { DATABASE_URL: database.url, DATA_DIR: dataDir, SECRET_KEY: randomBytes(32).toString('base64') }
  gateway = await serve(variables)
  key = /sk_test_\w+/.exec(gateway.output())?.[0] ?? ''
}, 60_000)

afterAll(async () => {
  await gateway?.end('SIGKILL')
  await database?.drop()
  rmSync(dataDir, { recursive: true })
})

interface Payload {
  readonly transaction: { readonly id: string } | null
  readonly userErrors: readonly { readonly code: string }[]
}

/** Asks until there is an answer, as a client does that has heard none: the same wish under the same key. */
async function insist(verb: string, input: { idempotencyKey: string; [field: string]: unknown }): Promise<Payload> {
  const type = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Input`
  const document = `mutation ($input: ${type}!) { ${verb}(input: $input) { transaction { id } userErrors { code } } }`
  for (;;) {
    try {
      const answer = await apiOf(gateway.url, key).ask<Record<string, Payload>>(document, { input })
      return answer[verb] as Payload
    } catch (error) {
      if (String(error).includes('was answered with')) throw error
      await rest(50)
    }
  }
}

async function openAccount(): Promise<string> {
  const document =
    'mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { code } } }'
  const { account } = await apiOf(gateway.url, key).change<{ account: { id: string } }>(document, {
    currency: 'USD',
    kind: 'CLIENT',
  })
  const total = { amount: `${START / 100}.00`, currency: 'USD' }
  await insist('fundAccount', { idempotencyKey: account.id, accountId: account.id, total })
  return account.id
}

/** What a client was told that it had done. */
interface Told {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly cents: number
  readonly end: 'paid' | 'held' | 'released'
}

/** One wish, in one step or in two. */
async function wish(accounts: readonly string[], name: string): Promise<Told | undefined> {
  const [from, to] = [...accounts].sort(() => Math.random() - 0.5) as [string, string]
  const cents = 1 + Math.floor(Math.random() * 300)
  const money = { amount: (cents / 100).toFixed(2), currency: 'USD' }
  const input = {
    idempotencyKey: name,
    accountId: from,
    total: money,
    charges: [{ destinationId: to, subtotal: money }],
  }
  const step = Math.floor(Math.random() * 4)
  const { transaction, userErrors } = await insist(step < 2 ? 'createTransaction' : 'createHold', input)
  if (!transaction) {
    expect(userErrors).toEqual([{ code: 'INSUFFICIENT_FUNDS' }])
    return undefined
  }
  const told = { id: decodeId(transaction.id)?.uuid ?? '', from, to, cents }
  if (step < 2) return { ...told, end: 'paid' }
  if (Math.random() < 0.1) return { ...told, end: 'held' }
  const verb = step === 2 ? 'completeHold' : 'declineHold'
  expect(await insist(verb, { idempotencyKey: name, transactionId: transaction.id })).toMatchObject({ userErrors: [] })
  return { ...told, end: step === 2 ? 'paid' : 'released' }
}

test(
  'killed over and over under load, the gateway has done exactly what it said it had done, once',
  async () => {
    const accounts = [await openAccount(), await openAccount(), await openAccount()]
    const told: Told[] = []
    let isOver = false
    const clients = Array.from({ length: CLIENTS }, async (_, client) => {
      for (let turn = 0; !isOver; turn++) {
        const done = await wish(accounts, `client-${client}-${turn}`)
        if (done) told.push(done)
      }
    })
    const until = performance.now() + KILL_MS
    for (let kills = 0; kills < KILLS_AT_LEAST || performance.now() < until; kills++) {
      // Every other time in the middle of the load, else while it is only coming.
      const before = told.length
      if (kills % 2 === 0) await eventually(async () => told.length >= before + CLIENTS, 30_000)
      await rest(Math.random() * 300)
      await gateway.end('SIGKILL')
      gateway = await serve(variables)
    }
    isOver = true
    await Promise.all(clients)

    expect(told.length).toBeGreaterThanOrEqual(CLIENTS)
    expect(new Set(told.map(({ id }) => id)).size).toBe(told.length)
    const rows = await look<{ id: string; state: string }>(
      database.url,
      `SELECT id, state FROM ledger_transaction WHERE type = 'EXTERNAL' AND recipe = 'transfer'`,
    )
    const states = { paid: 'COMPLETED', held: 'HELD', released: 'DECLINED' }
    expect(new Map(rows.map(({ id, state }) => [id, state]))).toEqual(
      new Map(told.map(({ id, end }) => [id, states[end]])),
    )
    for (const account of accounts) {
      const sum = (which: (each: Told) => boolean) => told.filter(which).reduce((all, { cents }) => all + cents, 0)
      const paid = sum(({ from, end }) => from === account && end === 'paid')
      const received = sum(({ to, end }) => to === account && end === 'paid')
      const held = sum(({ from, end }) => from === account && end === 'held')
      const [row] = await look(database.url, 'SELECT balance, held FROM account WHERE id = $1', [
        decodeId(account)?.uuid,
      ])
      expect(row).toEqual({ balance: String(START - paid + received), held: String(held) })
    }
    const document = '{ ledger { proof { balanced breaks { kind message } } } }'
    expect(await apiOf(gateway.url, key).ask(document)).toEqual({ ledger: { proof: { balanced: true, breaks: [] } } })
  },
  KILL_MS + 120_000,
)
