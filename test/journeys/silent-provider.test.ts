import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { eventually, type TestApp } from '../support/app.ts'
import { look } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout, ITEM, readCheckout, simulate } from '../support/storefront.ts'
import { newTenant } from '../support/tenant.ts'
import { type Wire, wireToHost } from '../support/wire.ts'

/** A provider that keeps silent, or is down: it costs its own connection something, and nobody else anything. */

let gateway: OpenGateway
let wire: Wire
/** The tenant whose provider is behind the wire, and one whose provider is well. */
let troubled: string
let other: { readonly tenantId: string; readonly api: Api }

beforeAll(async () => {
  gateway = await startGateway()
  const [tenant] = await look<{ id: string }>(gateway.databaseUrl, `SELECT id FROM tenant WHERE mode = 'TEST'`)
  troubled = tenant?.id ?? ''
  const { secret } = await gateway.api.change<{ secret: string }>(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code } } }',
    { name: 'second', role: 'OWNER' },
  )
  const { tenantId } = await newTenant(gateway.app.db)
  const move = `UPDATE api_key SET tenant_id = $1, user_id = NULL WHERE name = 'second'`
  await look(gateway.databaseUrl, move, [tenantId])
  await gateway.app.connectSandboxes()
  other = { tenantId, api: apiOf(gateway.url, secret) }
  wire = await wireToHost({ app: gateway.app } as TestApp, troubled)
})
afterAll(async () => {
  await wire?.close()
  await gateway?.stop()
})

/** Makes everything of these tenants due that a provider is asked about. */
async function makeDue(...tenantIds: string[]): Promise<void> {
  await look(
    gateway.databaseUrl,
    `WITH checkouts AS (UPDATE checkout SET next_check_at = now() WHERE tenant_id = ANY ($1::uuid[]))
     UPDATE provider_connection SET payments_checked_at = now() - interval '1 hour', refunds_checked_next_at = now()
     WHERE tenant_id = ANY ($1::uuid[])`,
    [tenantIds],
  )
}

/** Waits until everything has been asked that was made due. */
async function isDone(tenantId: string): Promise<void> {
  await eventually(async () => {
    const rows = await look(
      gateway.databaseUrl,
      `SELECT FROM provider_connection c WHERE tenant_id = $1 AND payments_checked_at > now() - interval '1 minute'
         AND payments_leased_until IS NULL AND refunds_leased_until IS NULL AND NOT EXISTS (
           SELECT FROM checkout o WHERE o.tenant_id = c.tenant_id AND (next_check_at <= now() OR leased_until IS NOT NULL))`,
      [tenantId],
    )
    return rows.length === 1
  }, 30_000)
}

const failuresOf = (tenantId: string) => gateway.lines.filter((line) => line.tenantId === tenantId && line.err)

const PROVIDERS = '{ providers { health } }'
const CREATE = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) {
    checkout { id status } userErrors { code ... on ProviderRefusal { retryable retryAt } }
  }
}`

interface Created {
  readonly createCheckout: {
    readonly checkout: { readonly id: string; readonly status: string }
    readonly userErrors: readonly { readonly code: string; readonly retryable?: boolean; readonly retryAt?: string }[]
  }
}

const create = (api: Api) =>
  api.ask<Created>(CREATE, { input: { kind: 'PAYMENT', item: ITEM, idempotencyKey: randomUUID() } })

test('that is silent for its whole time-out delays no poll of another tenant, whose customers pay meanwhile', async () => {
  for (let n = 0; n < 12; n++) await createCheckout(gateway.api)
  const quiet = (await createCheckout(other.api)).checkout
  wire.fault = () => 'held'
  const before = wire.requests.length
  const paid = createCheckout(other.api).then(async ({ checkout }) => {
    await simulate(other.api, checkout.id, 'PAY')
    await eventually(async () => (await readCheckout(other.api, checkout.id)).status === 'COMPLETED', 30_000)
  })
  // Both tenants' work is found by the same looks.
  await makeDue(troubled, other.tenantId)
  await isDone(other.tenantId)
  // The first calls to the silent provider are still waited for, and one connection has no more than its share.
  expect(failuresOf(troubled)).toEqual([])
  expect(wire.requests.length - before).toBeGreaterThan(0)
  expect(wire.requests.length - before).toBeLessThanOrEqual(8 + 2)
  await paid
  expect((await readCheckout(other.api, quiet.id)).status).toBe('OPEN')
}, 90_000)

test('that cannot be reached is not waited for: mutations are answered at once, and what is in doubt is resolved when it is back', async () => {
  wire.fault = () => ({ status: 503 })
  wire.letGo()
  await makeDue(troubled)
  await eventually(
    async () => gateway.lines.some(({ msg }) => msg === 'the provider cannot be reached and is not called for a while'),
    30_000,
  )
  const { id, problem } = await eventually(async () => {
    const sent = wire.requests.length
    const { createCheckout: created } = await create(gateway.api)
    // A call that tries whether the provider is back may be this one.
    const [problem] = created.userErrors
    return wire.requests.length === sent && problem?.retryAt !== undefined && { id: created.checkout.id, problem }
  }, 30_000)
  expect(problem).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryable: true })
  expect((await readCheckout(gateway.api, id)).status).toBe('UNKNOWN')
  expect(await gateway.api.ask(PROVIDERS)).toEqual({ providers: [{ health: 'DOWN' }] })
  expect((await create(other.api)).createCheckout).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })

  wire.fault = undefined
  await eventually(async () => {
    await makeDue(troubled)
    return (await readCheckout(gateway.api, id)).status === 'OPEN'
  }, 90_000)
  expect(gateway.lines.map(({ msg }) => msg)).toContain('the provider answers again and is called as usual')
  expect(await gateway.api.ask(PROVIDERS)).toEqual({ providers: [{ health: 'UP' }] })
}, 150_000)
