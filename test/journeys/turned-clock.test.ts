import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, qbitflowOf } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { type Heard, openReceiver, type Receiver } from '../support/receiver.ts'
import { CUSTOMER, createCheckout, ITEM, readCheckout, simulate } from '../support/storefront.ts'

/** What a tenant with a test clock far ahead sends and hears: signatures are of the time that receivers have. */

const DAYS = 100
const AHEAD_MS = DAYS * 24 * 3_600_000

let gateway: OpenGateway
let receiver: Receiver

beforeAll(async () => {
  ;[gateway, receiver] = await Promise.all([startGateway(), openReceiver()])
  receiver.answer = (_heard, outgoing) => outgoing.writeHead(200).end()
  await gateway.api.change(
    'mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) { testClock { now } userErrors { message } } }',
    { by: { value: DAYS, unit: 'DAYS' } },
  )
})

afterAll(async () => {
  await gateway?.stop()
  await receiver?.close()
})

const VERIFY = `mutation ($input: VerifyWebhookInput!) {
  verifyWebhook(input: $input) { verified userErrors { message } }
}`

const heardAt = (path: string) => receiver.heard.filter((heard) => heard.path === path)

/** The moment that a body tells is the test clock's, far from the one that it was signed at. */
function expectAhead(moment: string): void {
  expect(Math.abs(new Date(moment).getTime() - Date.now() - AHEAD_MS)).toBeLessThan(3_600_000)
}

test('webhooks and pre-flight questions are accepted by the Standard Webhooks library', async () => {
  const secretOf = async (kind: string, path: string) => {
    const query = `mutation ($input: CreateWebhookEndpointInput!) {
      createWebhookEndpoint(input: $input) { secret userErrors { message } }
    }`
    return (await gateway.api.change<{ secret: string }>(query, { url: `${receiver.url}${path}`, kind })).secret
  }
  const secrets = { '/events': await secretOf('EVENT', '/events'), '/before': await secretOf('PREFLIGHT', '/before') }
  await createCheckout(gateway.api)
  await eventually(async () => heardAt('/events').length > 0 && heardAt('/before').length > 0)
  for (const [path, secret] of Object.entries(secrets)) {
    const [{ headers, body }] = heardAt(path) as [Heard]
    expectAhead(
      (new Webhook(secret).verify(body, headers as Record<string, string>) as { timestamp: string }).timestamp,
    )
  }
})

test('a checkout is paid: the inbox takes the notifications of the simulator', async () => {
  const { checkout } = await createCheckout(gateway.api)
  await simulate(gateway.api, checkout.id, 'PAY')
  await eventually(async () => (await readCheckout(gateway.api, checkout.id)).status === 'COMPLETED')
  const { app } = gateway
  const told = await app.db.prisma.inboxMessage.findMany()
  expect(told.length).toBeGreaterThan(0)
  expect(gateway.lines.map(({ msg }) => msg)).not.toContain(
    'a webhook from a provider with an invalid signature was refused',
  )
})

test('what the simulator sends outside is signed now, as each way to verify it agrees', async () => {
  const { app } = gateway
  const tenant = await app.db.prisma.tenant.findFirstOrThrow({ where: { mode: 'TEST' } })
  const { apiKey } = await qbitflowOf(app).provision(tenant.id)
  const at = async (path: string, body: object) => {
    const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' }
    const answer = await fetch(`${gateway.url}/sandbox/qbitflow${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }
  const { name: productName, description } = ITEM
  const wanted = { productName, description, price: 5, webhookUrl: `${receiver.url}/shop` }
  const { uuid } = (await at('/v1/transaction/session-checkout/new/payment', wanted)).body
  await at(`/_sandbox/sessions/${uuid}/play`, { outcome: 'PAY', customer: CUSTOMER })
  await eventually(async () => heardAt('/shop').length >= 3)

  for (const { headers, body } of heardAt('/shop')) {
    const timestamp = String(headers['x-webhook-timestamp'])
    const signature = String(headers['x-webhook-signature-256'])
    expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(300)
    const asked = { payload: body, receivedSignature: signature, receivedTimestamp: timestamp }
    expect((await at('/v1/webhooks/verify', asked)).status).toBe(200)
    const verifying = { payload: body, signature, timestamp }
    expect((await gateway.api.change<{ verified: boolean }>(VERIFY, verifying)).verified).toBe(true)
  }
  const paid = await fetch(`${gateway.url}/sandbox/qbitflow/v1/transaction/payment/${uuid}`, {
    headers: { 'x-api-key': apiKey },
  })
  expectAhead(((await paid.json()) as { createdAt: string }).createdAt)
})
