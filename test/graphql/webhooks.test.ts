import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { ITEM } from '../support/shop.ts'
import { typesOf, verified } from '../webhooks/stage.ts'
import { statements } from './counting.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let seller: typeof ask
let receiver: Receiver

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  const { tenantId } = await door.house.actor()
  const sam = {
    tenantId,
    id: newId(),
    name: 'Sam',
    lastName: 'Seller',
    email: 'sam@example.com',
    role: 'USER' as const,
  }
  await door.app.db.prisma.user.create({ data: sam })
  seller = await door.as('TEST', 'USER', sam.id)
  receiver = await openReceiver((_heard, outgoing) => outgoing.writeHead(202).end('thanks'))
})

afterAll(async () => {
  await door.close()
  await receiver.close()
})

const CREATE = `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
  webhookEndpoint { id url kind types active } secret userErrors { code field } replayed } }`
const CUSTOMER = `mutation ($email: String!) {
  createCustomer(input: { name: "Ada", lastName: "Byron", email: $email }) { customer { id } } }`
const LIST = `query ($n: Int!, $filter: WebhookDeliveryFilter) { webhookDeliveries(first: $n, filter: $filter) { totalCount edges { node {
  id status tries nextAttemptAt deliveredAt endpoint { id } checkout { id } event { type cursor } attempts { status durationMs error answer } } } } }`

async function nodes(filter: object = {}, n = 40) {
  const { data, errors } = await ask(LIST, { filter, n })
  expect(errors).toBeUndefined()
  return data.webhookDeliveries.edges.map((edge: { node: object }) => edge.node)
}

test('an endpoint is made, hears, is listed with what it heard, rotated, changed and deleted', async () => {
  const input = { url: receiver.url, kind: 'EVENT', types: ['customer.created'], idempotencyKey: 'one' }
  const made = (await ask(CREATE, { input })).data.createWebhookEndpoint
  expect(made).toMatchObject({ webhookEndpoint: { active: true, kind: 'EVENT' }, userErrors: [], replayed: false })
  const again = (await ask(CREATE, { input })).data.createWebhookEndpoint
  expect(again).toEqual({ ...made, secret: null, replayed: true })
  const { id } = made.webhookEndpoint

  for (let n = 0; n < 20; n++) await ask(CUSTOMER, { email: `${n}@example.com` })
  await eventually(async () => (await nodes({ endpointId: id, status: ['DELIVERED'] })).length === 20)
  for (const heard of receiver.heard) verified(heard, made.secret)
  const [latest] = await nodes({ endpointId: id })
  expect(latest).toMatchObject({
    status: 'DELIVERED',
    tries: 1,
    nextAttemptAt: null,
    endpoint: { id },
    checkout: null,
    event: { type: 'customer.created' },
    attempts: [{ status: 202, error: null, answer: 'thanks' }],
  })
  expect(await nodes({ types: ['payment.completed'] })).toEqual([])
  expect(await nodes({ entityId: JSON.parse(receiver.heard[0]?.body ?? '').entity.id })).toHaveLength(1)

  const rotate = `mutation ($id: ID!) { rotateWebhookSecret(input: { id: $id }) { secret webhookEndpoint { previousSecretEndsAt } } }`
  const rotated = (await ask(rotate, { id })).data.rotateWebhookSecret
  expect(rotated.secret).toMatch(/^whsec_/)
  expect(rotated.webhookEndpoint.previousSecretEndsAt).not.toBeNull()

  const change = `mutation ($id: ID!) { updateWebhookEndpoint(input: { id: $id, active: false }) { webhookEndpoint { active } } }`
  expect((await ask(change, { id })).data.updateWebhookEndpoint.webhookEndpoint).toEqual({ active: false })
  const remove = `mutation ($id: ID!) { deleteWebhookEndpoint(input: { id: $id }) { webhookEndpoint { id } } }`
  expect((await ask(remove, { id })).data.deleteWebhookEndpoint.webhookEndpoint).toEqual({ id })
  expect((await ask('{ webhookEndpoints { id } }')).data.webhookEndpoints).toEqual([])
})

test('the cursor of a message is a place in the stream, from which all is sent again', async () => {
  receiver.heard.length = 0
  const { webhookEndpoint } = (await ask(CREATE, { input: { url: receiver.url, kind: 'EVENT' } })).data
    .createWebhookEndpoint
  for (const n of [1, 2, 3]) await ask(CUSTOMER, { email: `again-${n}@example.com` })
  await eventually(async () => receiver.heard.length === 3)
  const { cursor } = JSON.parse(receiver.heard[0]?.body ?? '')
  const events = await ask('query ($after: String!) { events(before: $after) { edges { node { type } } } }', {
    after: cursor,
  })
  expect(events.data.events.edges).toHaveLength(2)
  const redeliver = `mutation ($id: ID!, $since: String) { redeliverWebhook(input: { endpointId: $id, since: $since }) {
    webhookDelivery { event { cursor } } next userErrors { code } } }`
  const answer = (await ask(redeliver, { id: webhookEndpoint.id, since: cursor })).data.redeliverWebhook
  expect(answer).toMatchObject({ next: null, userErrors: [] })
  await eventually(async () => receiver.heard.length === 5)
  expect(JSON.parse(receiver.heard[3]?.body ?? '').cursor).toBe(answer.webhookDelivery.event.cursor)
  await ask('mutation ($id: ID!) { deleteWebhookEndpoint(input: { id: $id }) { replayed } }', {
    id: webhookEndpoint.id,
  })
})

test('a checkout tells its own address, and shows what it told; managers see what that is signed with', async () => {
  receiver.heard.length = 0
  const input = { kind: 'PAYMENT', item: ITEM, webhookUrl: receiver.url, idempotencyKey: 'own' }
  const create = 'mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) { checkout { id } } }'
  const { id } = (await ask(create, { input })).data.createCheckout.checkout
  await eventually(async () => receiver.heard.length === 2)
  expect(typesOf(receiver)).toEqual(['checkout.created', 'checkout.opened'])
  const { viewer } = (await ask('{ viewer { webhookSecret } }')).data
  for (const heard of receiver.heard) verified(heard, viewer.webhookSecret)
  const shown = await ask(
    'query ($id: ID!) { checkout(by: { id: $id }) { deliveries { totalCount edges { node { checkout { id } } } } } }',
    { id },
  )
  expect(shown.data.checkout.deliveries).toMatchObject({ totalCount: 2, edges: [{ node: { checkout: { id } } }, {}] })
  expect((await seller('{ viewer { webhookSecret } }')).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
})

test('a page of deliveries takes as many statements for 1 as for 20', async () => {
  for (const n of [1, 20]) {
    const seen = await statements(async () => {
      expect(await nodes({ types: ['customer.created'] }, n)).toHaveLength(n)
    })
    expect(seen.filter((text) => !/webhook_delivery d|UPDATE/.test(text)).length, seen.join('\n')).toBe(6)
  }
})

test.each([
  [{ kind: 'PREFLIGHT', eventTypes: ['PAYMENT_COMPLETED'] }, ['eventTypes']],
  [{ kind: 'PREFLIGHT', types: ['payment.completed'] }, ['types']],
  [{ kind: 'EVENT', eventTypes: ['PAYMENT_COMPLETED'], types: ['nothing.done'] }, ['types', '0']],
  [{ kind: 'EVENT', eventTypes: ['PAYMENT_COMPLETED', 'WEBHOOK_ENDPOINT_CREATED'] }, ['eventTypes', '1']],
])('what is wrong with the event types of %o is told of the field that was sent', async (types, field) => {
  const input = { url: receiver.url, ...types }
  expect((await ask(CREATE, { input })).data.createWebhookEndpoint.userErrors).toMatchObject([{ field }])
})

test.each([
  ['{ webhookEndpoints { id } }'],
  ['{ webhookDeliveries { totalCount } }'],
  ['mutation { createWebhookEndpoint(input: { url: "https://a.example", kind: EVENT }) { replayed } }'],
  ['mutation { redeliverWebhook(input: {}) { replayed } }'],
])('%s is not open to sellers', async (query) => {
  expect((await seller(query)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
})
