import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../src/app.ts'
import { encodeCursor } from '../src/db/cursor.ts'
import type { Actor } from '../src/kernel/actor.ts'
import { accountId, openAccounts, openBooks } from './support/books.ts'
import { type Bulk, loadTransfers, transferUuid } from './support/bulk.ts'
import { grantBenchKey } from './support/key.ts'
import { median } from './support/numbers.ts'
import { loadSales, SALES_QUESTIONS } from './support/sales.ts'
import { onStage, type Stage } from './support/stage.ts'

/** A transfer has two rows among the transactions, itself and its part, and two entries. */
const SMALL_TRANSFERS = 5_000
const LARGE_TRANSFERS = 500_000
const SMALL_SALES = 10_000
const LARGE_SALES = 1_000_000
const ACCOUNTS = 1_000
const WARM_UPS = 50
const ROUNDS = 300
const SEALED_PATIENCE_MS = 300_000

/** A gateway with books of one size. */
interface Shop {
  readonly app: App
  readonly actor: Actor
  readonly bulk: Bulk
  readonly sales: number
  readonly url: string
  readonly key: string
}

interface Asked {
  readonly query: string
  readonly variables: object
}

/**
 * What is asked of the books all day, of one gateway with ten thousand rows and of another with a million, in turn.
 * Answers for each how many times as long it takes where there are a hundred times as many rows, by the medians.
 */
export function growth(): Promise<Record<string, number>> {
  return onStage(async (stage) => {
    const small = await openShop(stage, 'small', SMALL_TRANSFERS, SMALL_SALES)
    const large = await openShop(stage, 'large', LARGE_TRANSFERS, LARGE_SALES)
    const ratios: Record<string, number> = {}
    for (const [name, question] of Object.entries({ ...LEDGER_QUESTIONS, ...OF_SALES })) {
      const [smallMs, largeMs] = await timesOf(small, large, question)
      ratios[name] = Math.round((largeMs / smallMs) * 100) / 100
      const cells = [
        `10 thousand ${smallMs.toFixed(2)} ms`,
        `1 million ${largeMs.toFixed(2)} ms`,
        `ratio ${ratios[name]}`,
      ]
      console.log(`${name.padEnd(24)}  ${cells.join('  ')}`)
    }
    for (const shop of [small, large]) await prove(shop)
    return ratios
  })
}

async function openShop(stage: Stage, name: string, transfers: number, sales: number): Promise<Shop> {
  const databaseUrl = await stage.createDatabase(`growth_${name}`)
  const gateway = await stage.startGateway(databaseUrl)
  const { app, actor } = await openBooks(databaseUrl)
  stage.keep(app, (it) => it.close())
  await openAccounts(app, actor, ACCOUNTS)
  const bulk = await loadTransfers(app, actor.tenantId, ACCOUNTS, transfers)
  await loadSales(app, actor.tenantId, sales)
  await untilSealed(app, actor)
  const key = await grantBenchKey(app.db)
  return { app, actor, bulk, sales, url: `${gateway.url}/graphql`, key }
}

/** The gateway seals in the background what has been posted, which would be measured too. */
async function untilSealed({ db }: App, { tenantId }: Actor): Promise<void> {
  const until = performance.now() + SEALED_PATIENCE_MS
  const text = `SELECT c.last = (SELECT max(cursor) FROM ledger_seal s WHERE s.tenant_id = c.tenant_id) AS sealed
                FROM event_counter c WHERE c.tenant_id = $1`
  while (performance.now() < until) {
    const [counter] = await db.query<{ sealed: boolean | null }>('bench.sealed', text, [tenantId])
    if (counter?.sealed) return
    await sleep(500)
  }
  throw new Error('the gateway did not seal the postings')
}

const PAGE = 'edges { cursor node { id %s } } pageInfo { hasNextPage endCursor }'
const TRANSACTION = PAGE.replace('%s', 'state total { amount currency } createdAt')
const ENTRY = PAGE.replace('%s', 'amount { amount currency } balanceAfter { amount } at')
const BUSY = accountId(1)

const TRANSACTIONS = `query ($after: String) { ledger { transactions(first: 50, after: $after) { ${TRANSACTION} } } }`
const ENTRIES = `query ($after: String) { ledger { entries(first: 50, after: $after) { ${ENTRY} } } }`
const ITS_TRANSACTIONS = `query ($after: String) {
  account(by: { id: "${BUSY}" }) { transactions(first: 50, after: $after) { ${TRANSACTION} } } }`
const ITS_ENTRIES = `query ($after: String) {
  account(by: { id: "${BUSY}" }) { entries(first: 50, after: $after) { ${ENTRY} } } }`
const BALANCE = `{ account(by: { id: "${BUSY}" }) { balance { amount } held { amount } available { amount } } }`
const BALANCE_AS_OF = `query ($at: DateTime) { account(by: { id: "${BUSY}" }) { balance(asOf: $at) { amount } } }`
const POSTING = `mutation ($input: CreateTransactionInput!) {
  createTransaction(input: $input) { transaction { id state } userErrors { code message } } }`

/** Deep is anywhere between a tenth and nine tenths of the way back. */
const LEDGER_QUESTIONS: Readonly<Record<string, (shop: Shop) => Asked>> = {
  transactionsFirst: () => ({ query: TRANSACTIONS, variables: {} }),
  transactionsDeep: ({ bulk }) => ({ query: TRANSACTIONS, variables: { after: after('CREATED_AT', idWithin(bulk)) } }),
  entriesFirst: () => ({ query: ENTRIES, variables: {} }),
  entriesDeep: ({ bulk }) => ({ query: ENTRIES, variables: { after: after('AT', idWithin(bulk)) } }),
  accountTransactionsFirst: () => ({ query: ITS_TRANSACTIONS, variables: {} }),
  accountTransactionsDeep: ({ bulk }) => ({
    query: ITS_TRANSACTIONS,
    variables: { after: after('CREATED_AT', idWithin(bulk)) },
  }),
  accountEntriesFirst: () => ({ query: ITS_ENTRIES, variables: {} }),
  // Every fourth transfer is an entry of the account, and an account's entries are found by their number.
  accountEntriesDeep: ({ bulk }) => ({
    query: ITS_ENTRIES,
    variables: { after: after('AT', idWithin(bulk), String(within(Math.floor(bulk.transfers / 4)))) },
  }),
  balance: () => ({ query: BALANCE, variables: {} }),
  balanceAsOf: ({ bulk }) => ({
    query: BALANCE_AS_OF,
    variables: { at: new Date(bulk.startMs + within(bulk.transfers) / 1_000).toISOString() },
  }),
  posting: () => ({ query: POSTING, variables: { input: transfer() } }),
}

const OF_SALES = Object.fromEntries(
  Object.entries(SALES_QUESTIONS).map(([name, question]) => [name, ({ sales }: Shop) => question(sales)]),
)

function within(rows: number): number {
  return Math.floor(rows * (0.1 + 0.8 * Math.random()))
}

function idWithin(bulk: Bulk): string {
  return transferUuid(bulk, within(bulk.transfers))
}

function after(order: string, id: string, value = id): string {
  return encodeCursor(order, { id, value })
}

function transfer(): object {
  const one = { amount: '1.00', currency: 'USD' }
  const destinationId = accountId(2 + Math.floor(Math.random() * (ACCOUNTS - 1)))
  return { idempotencyKey: randomUUID(), accountId: BUSY, total: one, charges: [{ destinationId, subtotal: one }] }
}

/** Small and large in turn, so that whatever else the machine does meets both alike. */
async function timesOf(small: Shop, large: Shop, question: (shop: Shop) => Asked): Promise<[number, number]> {
  const smallMs: number[] = []
  const largeMs: number[] = []
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    const times = [await ask(small, question(small)), await ask(large, question(large))] as const
    if (round < 1) continue
    smallMs.push(times[0])
    largeMs.push(times[1])
  }
  return [median(smallMs), median(largeMs)]
}

async function ask({ url, key }: Shop, asked: Asked): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const body = JSON.stringify(asked)
  const startedAt = performance.now()
  const response = await fetch(url, { method: 'POST', headers, body })
  const text = await response.text()
  const tookMs = performance.now() - startedAt
  if (response.status !== 200 || /"(errors|message)":|"edges":\[\]|null\}\}$/.test(text)) {
    throw new Error(`${body} was answered with ${text.slice(0, 500)}`)
  }
  return tookMs
}

async function prove({ app, actor, bulk }: Shop): Promise<void> {
  const { balanced, breaks, entriesChecked } = await app.ledger.proof(actor.tenantId)
  if (!balanced) throw new Error(`the books do not balance: ${JSON.stringify(breaks.slice(0, 3))}`)
  console.log(`the books of ${bulk.transfers} transfers balance over ${entriesChecked} entries`)
}
