import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { type Api, apiOf, watchStatus } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled, look } from '../support/books.ts'
import {
  type DebianServer,
  hasPgbouncer,
  makeSchema,
  type Owned,
  startDebianPostgres,
  startPgbouncer,
  warnWithoutDebianPostgres,
} from '../support/debian-postgres.ts'
import { type StartedNode, startNode } from '../support/gateway.ts'
import { CUSTOMER, createCheckout, readCheckout, recipesOf, simulate, statesOf } from '../support/storefront.ts'

/**
 * The core journeys on PostgreSQL 15 with defaults against everything that the code takes for granted, in a schema of
 * its own, with a role that may read and write rows and nothing else.
 */

warnWithoutDebianPostgres('the journeys on a database with hostile defaults')

/** Schedules find what is due, beside whatever else the machine does. */
const PATIENCE_MS = 30_000

let server: DebianServer
beforeAll(async () => {
  if (!hasPgbouncer) return
  server = await startDebianPostgres()
}, 60_000)
afterAll(async () => {
  await server?.stop()
})

describe.skipIf(!hasPgbouncer).each(['directly', 'through PgBouncer in transaction mode'])('%s', (way) => {
  const database = way === 'directly' ? 'direct' : 'pooled'
  let urls: Owned
  let pooler: Awaited<ReturnType<typeof startPgbouncer>> | undefined
  let node: StartedNode
  let api: Api
  beforeAll(async () => {
    urls = await makeSchema(server, database)
    expect((await migrate(urls.owner)).length).toBeGreaterThan(10)
    pooler = way === 'directly' ? undefined : await startPgbouncer(server)
    node = pooler
      ? await startNode(pooler.through(urls.app), { databaseListenUrl: urls.app })
      : await startNode(urls.app)
    api = apiOf(node.url, node.gateway.testKey ?? '')
  }, 60_000)
  afterAll(async () => {
    await node?.stop()
    await pooler?.stop()
  })

  const settled = () => expectAllSettled({ api, databaseUrl: urls.owner, lines: node.lines })

  test('a payment is made, watched live, and booked once', async () => {
    const { checkout } = await createCheckout(api)
    const watch = watchStatus(node.url, checkout.clientSecret, checkout.id)
    await payWithoutBrowser(checkout.url)
    expect(await watch.ended).toBe('complete')
    const paid = await readCheckout(api, checkout.id)
    expect(statesOf(paid)).toEqual(['CREATED', 'WAITING_CONFIRMATION', 'COMPLETED'])
    expect(recipesOf(paid)).toEqual(['paymentSettled'])
    await settled()
  })

  test('a refund is asked for, approved, paid and booked', async () => {
    const { checkout } = await createCheckout(api)
    await simulate(api, checkout.id, 'PAY')
    const paymentId = await eventually(async () => {
      const { payment } = await readCheckout(api, checkout.id)
      return payment?.status === 'COMPLETED' && payment.id
    }, PATIENCE_MS)
    const { refund } = await api.change<{ refund: { id: string } }>(
      `mutation ($input: SimulateRefundRequestInput!) {
        simulateRefundRequest(input: $input) { refund { id } userErrors { message } } }`,
      { paymentId, reason: 'It came broken' },
    )
    await api.change(
      `mutation ($input: ApproveRefundInput!) { approveRefund(input: $input) { refund { id } userErrors { message } } }`,
      { id: refund.id, idempotencyKey: 'approve' },
    )
    await eventually(async () => {
      const query = 'query ($id: ID!) { refund(by: { id: $id }) { status } }'
      const seen = await api.ask<{ refund: { status: string } }>(query, { id: refund.id })
      return seen.refund.status === 'COMPLETED'
    }, PATIENCE_MS)
    await settled()
  })

  test('a subscription is begun, and billed again when its month is over', async () => {
    const item = { name: 'Gym', description: 'As often as you like', price: { amount: '10.00', currency: 'USD' } }
    const { checkout } = await createCheckout(api, {
      kind: 'SUBSCRIPTION',
      item,
      frequency: { value: 1, unit: 'MONTHS' },
    })
    await simulate(api, checkout.id, 'PAY')
    const billed = (count: number) =>
      eventually(async () => {
        const query = 'query { subscriptions(first: 1) { edges { node { status completedCycles } } } }'
        const seen = await api.ask<Subscriptions>(query)
        return seen.subscriptions.edges.some(
          ({ node: { status, completedCycles } }) => status === 'ACTIVE' && completedCycles === count,
        )
      }, PATIENCE_MS)
    await billed(1)
    await api.change(
      `mutation ($input: AdvanceTestClockInput!) {
        advanceTestClock(input: $input) { testClock { now } userErrors { message } } }`,
      { by: { value: 31, unit: 'DAYS' } },
    )
    await billed(2)
    await settled()
  })

  test('moments are kept as they were given, and what ends ends then', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const made = await api.change<{ secret: string; apiKey: { expiresAt: string } }>(
      `mutation ($input: CreateApiKeyInput!) {
        createApiKey(input: $input) { secret apiKey { expiresAt } userErrors { message } }
      }`,
      { name: 'For an hour', role: 'ADMIN', expiresAt },
    )
    expect(new Date(made.apiKey.expiresAt).toISOString()).toBe(expiresAt)
    expect(await apiOf(node.url, made.secret).ask('{ viewer { apiKey { role } } }')).toEqual({
      viewer: { apiKey: { role: 'ADMIN' } },
    })
    const rows = await look<{ at: Date }>(urls.owner, 'SELECT expires_at AS at FROM api_key WHERE name = $1', [
      'For an hour',
    ])
    expect(rows.map(({ at }) => at.toISOString())).toEqual([expiresAt])
  })

  test('money moves in the ledger, many at once, and its days are counted in UTC', async () => {
    const open = (externalId: string) =>
      api.change<{ account: { id: string } }>(
        `mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } userErrors { message } } }`,
        { externalId, name: externalId, currency: 'USD', kind: 'CLIENT' },
      )
    const [from, to] = await Promise.all(['INFO-1', 'info-1'].map(async (id) => (await open(id)).account.id))
    const fund = { accountId: from, total: { amount: '10.00', currency: 'USD' }, idempotencyKey: 'fund' }
    await api.change(
      `mutation ($input: FundAccountInput!) { fundAccount(input: $input) { replayed userErrors { message } } }`,
      fund,
    )
    const transfer = `mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) { replayed userErrors { message } } }`
    await Promise.all(
      Array.from({ length: 8 }, (_, place) =>
        api.change(transfer, {
          accountId: from,
          total: { amount: '0.50', currency: 'USD' },
          charges: [{ destinationId: to, subtotal: { amount: '0.50', currency: 'USD' } }],
          idempotencyKey: `charge ${place}`,
        }),
      ),
    )
    await settled()
  })

  test('pages of names neither skip nor repeat, in the order of their bytes', async () => {
    const names = ['ılk', 'Ilk', 'İlk', 'ilk', 'çay', 'Zebra', 'apple']
    for (const name of names) {
      await api.change(
        `mutation ($input: CreateProductInput!) { createProduct(input: $input) { product { id } userErrors { message } } }`,
        { name: `${name} of tests`, description: 'Sorted', price: { amount: '1.00', currency: 'USD' } },
      )
    }
    const seen: string[] = []
    let after: string | null = null
    do {
      const page: Page = await api.ask(
        `query ($after: String) { products(first: 2, after: $after, orderBy: { field: NAME, direction: ASC }) {
          edges { node { name } } pageInfo { hasNextPage endCursor } } }`,
        { after },
      )
      seen.push(...page.products.edges.map(({ node: { name } }) => name))
      after = page.products.pageInfo.hasNextPage ? page.products.pageInfo.endCursor : null
    } while (after !== null)
    const wanted = names.map((name) => Buffer.from(`${name} of tests`)).sort(Buffer.compare)
    expect(seen).toEqual(wanted.map(String))
  })
})

interface Subscriptions {
  readonly subscriptions: {
    readonly edges: readonly { readonly node: { readonly status: string; readonly completedCycles: number } }[]
  }
}

interface Page {
  readonly products: {
    readonly edges: readonly { readonly node: { readonly name: string } }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string }
  }
}

/** The page's forms, sent as a browser without scripts would. */
async function payWithoutBrowser(link: string): Promise<void> {
  const post = (path: string, fields: Record<string, string>) =>
    fetch(`${link}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  expect((await post('', { ...CUSTOMER, currencyId: '1' })).headers.get('location')).toMatch(/\/pay$/)
  expect((await post('/play', { outcome: 'PAY' })).headers.get('location')).toMatch(/\/status$/)
}
