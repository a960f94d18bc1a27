import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf, watchStatus } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { look } from '../support/look.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { createCheckout, simulate } from '../support/storefront.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** A network between a node and its database that loses connections without telling either side. */

type Node = Awaited<ReturnType<typeof startNode>>

let database: TestDatabase
let proxies: TcpProxy[]
let nodes: Node[]
let receiver: Receiver
let key: string

beforeAll(async () => {
  database = await freshDatabase()
  receiver = await openReceiver()
  proxies = [await openProxy(database.url), await openProxy(database.url)]
  const [first, second] = proxies as [TcpProxy, TcpProxy]
  nodes = [await startNode(first.url), await startNode(second.url)]
  key = nodes[0]?.gateway.testKey ?? ''
  await api(0).change(CREATE_ENDPOINT, { url: receiver.url, kind: 'EVENT' })
})

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()))
  await Promise.all(proxies.map((proxy) => proxy.close()))
  await receiver.close()
  await database.drop()
})

const CREATE_ENDPOINT = `mutation ($input: CreateWebhookEndpointInput!) {
  createWebhookEndpoint(input: $input) { webhookEndpoint { id } userErrors { code message } } }`
const CREATE_CUSTOMER = `mutation ($input: CreateCustomerInput!) {
  createCustomer(input: $input) { customer { id } userErrors { code message } } }`

const api = (node: number): Api => apiOf(nodes[node]?.url ?? '', key)
const ready = async (node: number) => (await fetch(`${nodes[node]?.url}/health/ready`)).status

/** Asks until there is an answer, as a client does that may ask again under its key. */
function insist<T>(ask: () => Promise<T>): Promise<T> {
  return eventually(() => ask().catch(() => undefined), 60_000)
}

/** Everything that a node does with its database, seen from outside. */
async function expectWork(node: number): Promise<void> {
  const input = { name: 'Ada', lastName: 'Byron', email: `${randomUUID()}@example.com`, idempotencyKey: randomUUID() }
  const { customer } = await insist(() => api(node).change<{ customer: { id: string } }>(CREATE_CUSTOMER, input))
  await eventually(async () => receiver.heard.some(({ body }) => body.includes(customer.id)), 30_000)
  const idempotencyKey = randomUUID()
  const item = { name: 'A mug', description: 'Blue', price: { amount: '5', currency: 'USD' } }
  const { checkout } = await insist(() => createCheckout(api(node), { item, idempotencyKey }))
  const watch = watchStatus(nodes[node]?.url ?? '', checkout.clientSecret, checkout.id)
  await insist(() => simulate(api(node), checkout.id, 'PAY').then(() => true))
  expect(await watch.ended).toBe('complete')
  expect(watch.seen.at(-1)?.state).toBe('COMPLETED')
}

test.each([0, 1])(
  'node %s works on after its connections have died in silence, and the other all the time',
  async (node) => {
    await expectWork(node)
    proxies[node]?.loseConnections()
    const other = expectWork(1 - node)
    for (let probe = 0; probe < 5; probe++) {
      const began = performance.now()
      expect([200, 503]).toContain(await ready(node))
      expect(performance.now() - began).toBeLessThan(5_000)
    }
    await other
    await expectWork(node)
    await eventually(async () => (await ready(node)) === 200, 30_000)
  },
  180_000,
)

test('a node whose database keeps silent says that it is not ready, and works on once the database speaks', async () => {
  proxies[0]?.fallSilent()
  await eventually(async () => (await ready(0)) === 503, 15_000)
  expect(await ready(1)).toBe(200)
  await expectWork(1)
  proxies[0]?.recover()
  await eventually(async () => (await ready(0)) === 200, 60_000)
  await expectWork(0)
  // What failed for want of the database is tried again after a while.
  const waiting = 'SELECT 1 FROM inbox_message WHERE next_attempt_at IS NOT NULL'
  await eventually(async () => (await look(database.url, waiting)).length === 0, 40_000)
  await expectAllSettled({ api: api(0), databaseUrl: database.url })
}, 180_000)
