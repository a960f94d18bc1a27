import { deepStrictEqual } from 'node:assert/strict'
import { type Database, openDatabase } from '../src/db/database.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { newId } from '../src/kernel/id.ts'
import { type Contestant, contest } from './support/contest.ts'
import { grantBenchKey } from './support/key.ts'
import { type Server, startServer } from './support/server.ts'
import { onStage } from './support/stage.ts'

const PRODUCTS = 1_000
const CLIENTS = 20
const ROUNDS = 25
const SECONDS_PER_ROUND = 1

const QUERY = `query Page($first: Int!) {
  products(first: $first) {
    edges { cursor node { id reference name description active price { amount currency } createdAt } }
    pageInfo { hasNextPage endCursor }
  }
}`
const BODY = JSON.stringify({ query: QUERY, variables: { first: 20 } })

/** A page of products from the gateway as it runs in production, beside a bare Yoga on the same PostgreSQL. */
export function catalog(): Promise<{ catalogOverBareYoga: number }> {
  return onStage(async (stage) => {
    const gateway = await stage.startGateway()
    const db = stage.keep(openDatabase(stage.databaseUrl, { poolSize: 2 }), (it) => it.close())

    const key = await grantBenchKey(db)
    const ours: Contestant = { name: 'Tollgate', server: gateway, headers: { authorization: `Bearer ${key}` } }
    const tenantId = await fill(db)
    const page = await ask(ours)
    const bare = await startBareYoga({ DATABASE_URL: stage.databaseUrl, TENANT: tenantId, PAGE_SQL: await pageSql(db) })
    stage.keep(bare, (it) => it.stop())
    const baseline: Contestant = { name: 'bare Yoga', server: bare, headers: {} }
    deepStrictEqual(page, await ask(baseline))

    const ratio = await contest({
      ours,
      baseline,
      path: '/graphql',
      body: BODY,
      clients: CLIENTS,
      rounds: ROUNDS,
      secondsPerRound: SECONDS_PER_ROUND,
    })
    return { catalogOverBareYoga: Math.round(ratio * 1_000) / 1_000 }
  })
}

function startBareYoga(env: Record<string, string>): Promise<Server> {
  return startServer({ args: ['bench/bare-yoga.ts'], env: { NODE_ENV: 'production', ...env }, readyPath: '/health' })
}

/** Gives the test tenant its products, and answers its id. */
async function fill(db: Database): Promise<string> {
  const { id: tenantId } = await db.prisma.tenant.findFirstOrThrow({ where: { mode: 'TEST' } })
  const start = systemClock.now().getTime()
  await db.prisma.product.createMany({
    data: Array.from({ length: PRODUCTS }, (_, index) => ({
      tenantId,
      id: newId(),
      reference: `item-${index}`,
      name: `Item ${index}`,
      description: `What number ${index} of the catalogue is good for, in a sentence or two of ordinary length.`,
      priceMinor: String(100 + index),
      currency: index % 3 === 0 ? 'USDC' : 'USD',
      metadata: { shelf: index % 10 },
      createdAt: new Date(start + index * 1_000),
      updatedAt: new Date(start + index * 1_000),
    })),
  })
  await db.query('bench.analyze', 'ANALYZE')
  return tenantId
}

async function ask({ server, headers }: Contestant): Promise<unknown> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: BODY,
  })
  return answer.json()
}

/** The statement for the page that the gateway has just sent, as PostgreSQL itself tells it. */
async function pageSql(db: Database): Promise<string> {
  const [found] = await db.query<{ query: string }>(
    'bench.page-sql',
    `SELECT query FROM pg_stat_activity
     WHERE query LIKE 'SELECT t.%FROM product AS t%' AND pid <> pg_backend_pid() ORDER BY query_start DESC LIMIT 1`,
  )
  if (!found) throw new Error('the gateway has sent no statement for a page of products')
  return found.query
}
