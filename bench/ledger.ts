import type { App } from '../src/app.ts'
import type { Actor } from '../src/kernel/actor.ts'
import { accountId, callOf, openAccounts, openBooks } from './support/books.ts'
import { grantBenchKey } from './support/key.ts'
import { type Load, startLoadGenerator } from './support/load.ts'
import { median, quantile } from './support/numbers.ts'
import { findPgbench, type Measured, runPgbench } from './support/pgbench.ts'
import type { Server } from './support/server.ts'
import { onStage, type Stage } from './support/stage.ts'
import { transferScript } from './support/transfer-script.ts'

const ACCOUNTS = 10_000
const CLIENTS = 32
const PGBENCH_THREADS = 2
const WARM_UPS = 2
const ROUNDS = 5
const SECONDS_PER_ROUND = 3

const LOADS = ['spread', 'hot'] as const
type Kind = (typeof LOADS)[number]
const WAYS = ['pgbench', 'in process', 'GraphQL'] as const
type Way = (typeof WAYS)[number]
type Contestants = Readonly<Record<Way, (kind: Kind, seconds: number) => Promise<Measured>>>

/**
 * Transfers of 1.00 between 10,000 accounts, and all out of one of them, in three ways on one PostgreSQL with durable
 * commits: pgbench calls the posting function for one transfer at a time, the gateway's own code posts in this process,
 * and a client of the GraphQL API posts over HTTP. Each transfer has a key of its own, two rows, two entries, an event.
 */
export function ledger(): Promise<Record<string, number>> {
  const program = findPgbench()
  return onStage(async (stage) => {
    const gateway = await stage.startGateway()
    const { app, actor } = await openBooks(stage.databaseUrl)
    stage.keep(app, (it) => it.close())
    await printSettings(app)
    await openAccounts(app, actor, ACCOUNTS)
    await app.db.query('bench.analyze', 'ANALYZE')

    const contestants: Contestants = {
      pgbench: pgbench(stage, program, actor.tenantId),
      'in process': inProcess(app, actor),
      GraphQL: await graphql(stage, gateway, app),
    }
    const { speeds, accepted } = await compete(contestants)
    await proveBooks(app, actor, accepted)
    return ratiosOf(speeds)
  })
}

async function printSettings({ db }: App): Promise<void> {
  const [settings] = await db.query<{ settings: string }>(
    'bench.settings',
    `SELECT string_agg(name || ' ' || setting, ', ' ORDER BY name) AS settings FROM pg_settings
     WHERE name IN ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes')`,
  )
  console.log(settings?.settings)
}

function pgbench({ databaseUrl, folder }: Stage, program: string, tenantId: string): Contestants['pgbench'] {
  return (kind, seconds) => {
    const script = transferScript(tenantId, ACCOUNTS, kind === 'hot')
    return runPgbench(program, { databaseUrl, script, clients: CLIENTS, threads: PGBENCH_THREADS, seconds, folder })
  }
}

const ONE = { amount: '1.00', currency: 'USD' }

function inProcess(app: App, actor: Actor): Contestants['in process'] {
  const ids = Array.from({ length: ACCOUNTS }, (_, index) => accountId(index + 1))
  const random = (below: number) => Math.floor(Math.random() * below)

  async function transfer(kind: Kind): Promise<void> {
    const source = kind === 'hot' ? 0 : random(ACCOUNTS)
    const other = random(ACCOUNTS - 1)
    const destination = other >= source ? other + 1 : other
    const charges = [{ destinationId: ids[destination], subtotal: ONE }]
    const input = { accountId: ids[source], total: ONE, charges }
    await app.transactions.create(callOf(actor, 'createTransaction', input), input)
  }

  return async (kind, seconds) => {
    const timesMs: number[] = []
    const startedAt = performance.now()
    const until = startedAt + seconds * 1_000
    async function client(): Promise<void> {
      for (let now = performance.now(); now < until; ) {
        await transfer(kind)
        const answeredAt = performance.now()
        timesMs.push(answeredAt - now)
        now = answeredAt
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    const transfersPerSecond = (timesMs.length / (performance.now() - startedAt)) * 1_000
    return { transfersPerSecond, p50Ms: median(timesMs), p99Ms: quantile(timesMs, 0.99), transfers: timesMs.length }
  }
}

const MUTATION = `mutation Transfer($input: CreateTransactionInput!) {
  createTransaction(input: $input) {
    transaction { id state total { amount currency } }
    userErrors { code message }
    replayed
  }
}`

async function graphql(stage: Stage, { url }: Server, { db }: App): Promise<Contestants['GraphQL']> {
  const key = await grantBenchKey(db)
  const generator = stage.keep(startLoadGenerator(), (it) => it.stop())
  // Sources and destinations do not overlap, since an account cannot pay itself.
  const odd = Array.from({ length: ACCOUNTS / 2 }, (_, index) => accountId(2 * index + 1))
  const even = Array.from({ length: ACCOUNTS / 2 }, (_, index) => accountId(2 * index + 2))
  const input = {
    idempotencyKey: '<uuid>',
    accountId: '<source>',
    total: ONE,
    charges: [{ destinationId: '<destination>', subtotal: ONE }],
  }
  const load: Omit<Load, 'choices' | 'seconds'> = {
    url: `${url}/graphql`,
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: MUTATION, variables: { input } }),
    clients: CLIENTS,
  }
  return async (kind, seconds) => {
    const choices = { source: kind === 'hot' ? odd.slice(0, 1) : odd, destination: even }
    const { requests, failures, requestsPerSecond, p50Ms, p99Ms } = await generator.run({ ...load, choices, seconds })
    if (failures > 0) throw new Error(`${failures} of ${requests} answers were failures`)
    return { transfersPerSecond: requestsPerSecond, p50Ms, p99Ms, transfers: requests }
  }
}

type Speeds = Readonly<Record<Kind, Readonly<Record<Way, number[]>>>>

/** Each in turn, in short rounds, so that whatever else the machine does meets all alike. */
async function compete(contestants: Contestants): Promise<{ speeds: Speeds; accepted: number }> {
  const none = () => ({ pgbench: [], 'in process': [], GraphQL: [] })
  const speeds: Speeds = { spread: none(), hot: none() }
  let accepted = 0
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round++) {
    for (const kind of LOADS) {
      for (const way of WAYS) {
        const measured = await contestants[way](kind, SECONDS_PER_ROUND)
        accepted += measured.transfers
        print(round > 0 ? `round ${round}` : 'warm-up', kind, way, measured)
        if (round > 0) speeds[kind][way].push(measured.transfersPerSecond)
      }
    }
  }
  return { speeds, accepted }
}

function print(round: string, kind: Kind, way: Way, { transfersPerSecond, p50Ms, p99Ms }: Measured): void {
  const cells = [
    round.padEnd(8),
    kind.padEnd(7),
    way.padEnd(10),
    `${transfersPerSecond.toFixed(0).padStart(6)} transfers/s`,
    `p50 ${p50Ms.toFixed(1).padStart(5)} ms`,
    `p99 ${p99Ms.toFixed(1).padStart(5)} ms`,
  ]
  console.log(cells.join('  '))
}

/** Speed counts for nothing where a transfer was lost or doubled. */
async function proveBooks(app: App, { tenantId }: Actor, accepted: number): Promise<void> {
  const posted = await app.db.prisma.ledgerTransaction.count({
    where: { tenantId, recipe: 'transfer', type: 'EXTERNAL' },
  })
  if (posted !== accepted) throw new Error(`${accepted} transfers were accepted, but the books have ${posted}`)
  const { balanced, breaks, entriesChecked } = await app.ledger.proof(tenantId)
  if (!balanced) throw new Error(`the books do not balance: ${JSON.stringify(breaks)}`)
  console.log(`${posted} transfers accepted and posted; the books balance over ${entriesChecked} entries`)
}

/** The median over the rounds, each with its own ratio. */
function ratiosOf({ spread, hot }: Speeds): Record<string, number> {
  return {
    inProcessSpread: ratio(spread['in process'], spread.pgbench),
    inProcessHot: ratio(hot['in process'], hot.pgbench),
    graphqlSpread: ratio(spread.GraphQL, spread.pgbench),
    graphqlHotOverSpread: ratio(hot.GraphQL, spread.GraphQL),
  }
}

function ratio(ours: readonly number[], baseline: readonly number[]): number {
  const ratios = ours.map((speed, round) => speed / (baseline[round] ?? Number.NaN))
  return Math.round(median(ratios) * 100) / 100
}
