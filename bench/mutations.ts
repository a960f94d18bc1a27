import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountId, openAccounts, openBooks } from './support/books.ts'
import { type DatabaseWire, openDatabaseWire, type Traffic } from './support/database-wire.ts'
import { grantBenchKey } from './support/key.ts'
import { quantile } from './support/numbers.ts'
import type { Server } from './support/server.ts'
import { onStage } from './support/stage.ts'

/** What a network between gateway and database adds to each round trip. */
const DELAY_MS = 2.5
const WARM_UPS = 20
const ONE_BY_ONE = 100
const CLIENTS = 16
const SECONDS = 4
const AT_REST_MS = 5_000

interface Mutation {
  readonly query: string
  input(): object
}

const CHECKOUT = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id status url } userErrors { message } } }`
const SIMULATE = `mutation ($input: SimulateCheckoutInput!) {
  simulateCheckout(input: $input) { checkout { id status } userErrors { message } } }`
const STATUS = 'query ($id: ID!) { checkout(by: { id: $id }) { status } }'

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  createCustomer: {
    query: `mutation ($input: CreateCustomerInput!) {
      createCustomer(input: $input) { customer { id name email } userErrors { message } } }`,
    input: () => ({
      idempotencyKey: randomUUID(),
      name: 'Ada',
      lastName: 'Lovelace',
      email: `${randomUUID()}@example.com`,
    }),
  },
  createHold: {
    query: `mutation ($input: CreateHoldInput!) {
      createHold(input: $input) { transaction { id state } userErrors { message } } }`,
    input: () => ({
      idempotencyKey: randomUUID(),
      accountId: accountId(1),
      total: { amount: '0.01', currency: 'USD' },
      charges: [{ destinationId: accountId(2), subtotal: { amount: '0.01', currency: 'USD' } }],
    }),
  },
  createCheckout: { query: CHECKOUT, input: checkoutInput },
}

function checkoutInput() {
  const price = { amount: '10.00', currency: 'USD' }
  return { idempotencyKey: randomUUID(), kind: 'PAYMENT', item: { name: 'Tea', description: 'Green tea', price } }
}

const CUSTOMER = { name: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' }

interface Asking {
  readonly url: string
  readonly key: string
}

/**
 * What a mutation costs: round trips to the database, statements, processor time and how many a second, each also with a
 * slow network before the database. The same figures of another commit, from a run beside this one, are the baseline.
 */
export function mutations(): Promise<Record<string, number>> {
  return onStage(async (stage) => {
    const wire = stage.keep(await openDatabaseWire(stage.databaseUrl), (it) => it.close())
    const gateway = await stage.startGateway(wire.url)
    const { app, actor } = await openBooks(stage.databaseUrl)
    await openAccounts(app, actor, 2)
    const key = await grantBenchKey(app.db)
    await app.close()
    const asking = { url: `${gateway.url}/graphql`, key }
    const figures: Record<string, number> = {}
    // Before there are thousands of open checkouts, which are asked about at their provider from time to time.
    Object.assign(figures, await measurePaid({ wire, gateway, asking }))
    for (const [name, mutation] of Object.entries(MUTATIONS)) {
      Object.assign(figures, await measure(name, mutation, { wire, gateway, asking }))
    }
    return figures
  })
}

interface Place {
  readonly wire: DatabaseWire
  readonly gateway: Server
  readonly asking: Asking
}

async function measure(name: string, { query, input }: Mutation, place: Place): Promise<Record<string, number>> {
  const once = () => ask(place.asking, query, { input: input() })
  for (let number = 0; number < WARM_UPS; number++) await once()
  const near = await crowd(once)
  place.wire.delay(DELAY_MS)
  // Far away, what is sent together is told apart from what waits for an answer.
  const cost = await costOf(place, once)
  const far = await crowd(once)
  place.wire.delay(0)
  print(
    name,
    cost,
    `${near.perSecond.toFixed(0)}/s`,
    `${far.perSecond.toFixed(0)}/s at ${DELAY_MS} ms, p50 ${far.p50Ms.toFixed(0)} ms`,
  )
  return {
    [`${name}RoundTrips`]: round(cost.roundTrips),
    [`${name}Statements`]: round(cost.statements),
    [`${name}CpuMs`]: round(cost.cpuMs),
    [`${name}PerSecond`]: Math.round(near.perSecond),
    [`${name}PerSecondFar`]: Math.round(far.perSecond),
  }
}

/** A checkout from its opening until it is paid, with the simulator's own work in it. */
async function measurePaid(place: Place): Promise<Record<string, number>> {
  const pay = async () => {
    const { createCheckout } = await ask<{ createCheckout: { checkout: { id: string } } }>(place.asking, CHECKOUT, {
      input: checkoutInput(),
    })
    const { id } = createCheckout.checkout
    await ask(place.asking, SIMULATE, {
      input: { idempotencyKey: randomUUID(), checkoutId: id, outcome: 'PAY', customer: CUSTOMER },
    })
    for (;;) {
      const { checkout } = await ask<{ checkout: { status: string } }>(place.asking, STATUS, { id })
      if (checkout.status === 'COMPLETED') return
      await sleep(500)
    }
  }
  for (let number = 0; number < 5; number++) await pay()
  const cost = await costOf(place, pay, 30)
  print('paid checkout', cost, `${cost.transactions.toFixed(1)} transactions`)
  return {
    paidCheckoutRoundTrips: round(cost.roundTrips),
    paidCheckoutStatements: round(cost.statements),
    paidCheckoutTransactions: round(cost.transactions),
    paidCheckoutCpuMs: round(cost.cpuMs),
  }
}

type Cost = Traffic & { readonly cpuMs: number }

/** One after the other; what the gateway does at rest is taken off. */
async function costOf({ wire, gateway }: Place, once: () => Promise<unknown>, times = ONE_BY_ONE): Promise<Cost> {
  const look = () => ({ ...wire.traffic(), cpuMs: gateway.cpuMs(), at: performance.now() })
  const start = look()
  await sleep(AT_REST_MS)
  const rested = look()
  for (let number = 0; number < times; number++) await once()
  const end = look()
  const share = (end.at - rested.at) / (rested.at - start.at)
  const of = (name: keyof Cost) => (end[name] - rested[name] - (rested[name] - start[name]) * share) / times
  return {
    roundTrips: of('roundTrips'),
    statements: of('statements'),
    simulator: of('simulator'),
    transactions: of('transactions'),
    cpuMs: of('cpuMs'),
  }
}

async function crowd(once: () => Promise<unknown>): Promise<{ perSecond: number; p50Ms: number }> {
  const timesMs: number[] = []
  const startedAt = performance.now()
  const until = startedAt + SECONDS * 1_000
  async function client(): Promise<void> {
    for (let now = performance.now(); now < until; ) {
      await once()
      const answeredAt = performance.now()
      timesMs.push(answeredAt - now)
      now = answeredAt
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return { perSecond: (timesMs.length / (performance.now() - startedAt)) * 1_000, p50Ms: quantile(timesMs, 0.5) }
}

interface Answer {
  readonly data?: Readonly<Record<string, { readonly userErrors?: readonly object[] } | null>>
  readonly errors?: readonly object[]
}

async function ask<Data>({ url, key }: Asking, query: string, variables: object): Promise<Data> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  const { data, errors } = (await response.json()) as Answer
  const refused = Object.values(data ?? {}).flatMap((payload) => payload?.userErrors ?? [])
  if (errors || !data || refused.length > 0) throw new Error(JSON.stringify(errors ?? refused))
  return data as Data
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function print(name: string, cost: Cost, ...rest: readonly string[]): void {
  const cells = [
    name.padEnd(15),
    `${cost.roundTrips.toFixed(1).padStart(6)} round trips`,
    `${cost.statements.toFixed(1).padStart(6)} statements (${cost.simulator.toFixed(1)} of the simulator)`,
    `CPU ${cost.cpuMs.toFixed(1).padStart(5)} ms`,
    ...rest,
  ]
  console.log(cells.join('  '))
}
