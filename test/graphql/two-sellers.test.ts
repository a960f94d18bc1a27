import {
  type GraphQLObjectType,
  type GraphQLUnionType,
  getNamedType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { decodeId, encodeId, newId } from '../../src/kernel/id.ts'
import { openDoor as openHouse } from '../http/house.ts'
import { call } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'
import { type Ids, openStall, type Stall } from './stall.ts'

/** Walks every list and single thing of the schema as each of two sellers, who have one of everything that sellers have. */

const QUERIES = Object.values(schema.getQueryType()?.getFields() ?? {})
const LISTS = QUERIES.filter(({ type }) => {
  const named = getNamedType(type)
  return isObjectType(named) && 'edges' in named.getFields()
})

/** What a seller has, or sees as its own. */
const OWN = [
  'User',
  'ApiKey',
  'Product',
  'Customer',
  'Checkout',
  'Payment',
  'Subscription',
  'Billing',
  'Refund',
  'ClaimFunds',
  'Account',
]

/** What is there about both sellers, and for managers alone. */
const MANAGED = ['WebhookEndpoint', 'WebhookDelivery']

let door: Door
let managed: Ids
const sellers: Stall[] = []

beforeAll(async () => {
  door = await openDoor()
  const { app } = door
  // Nobody is there.
  const endpoint = await app.webhooks.create(call(await door.house.actor()), {
    url: 'http://127.0.0.1:9/in',
    kind: 'EVENT',
  })
  for (const name of ['Ann', 'Ben']) sellers.push(await openStall(door, name))
  await app.webhooks.deliverDue()
  await app.webhooks.idle()
  const delivery = await app.db.prisma.webhookDelivery.findFirstOrThrow()
  managed = {
    WebhookEndpoint: encodeId('WebhookEndpoint', endpoint.id),
    WebhookDelivery: encodeId('WebhookDelivery', delivery.id),
  }
})
afterAll(() => door.close())

function both() {
  const [ann, ben] = sellers
  if (!ann || !ben) throw new Error('the stalls are not open')
  return { ann, ben }
}

function eachWay() {
  const { ann, ben } = both()
  return [
    { self: ann, other: ben },
    { self: ben, other: ann },
  ]
}

test('every list of the schema is walked, and every kind of node', () => {
  expect(LISTS.length).toBeGreaterThan(10)
  const nodes = schema.getPossibleTypes(schema.getType('Node') as never).map(({ name }) => name)
  const others = ['Organization', 'LedgerTransaction', 'Entry', 'Currency', 'Rate', 'Event']
  expect([...nodes].sort()).toEqual([...OWN, ...MANAGED, ...others].sort())
})

describe('a seller', () => {
  test.each(LISTS.map((field) => field.name))('sees in the list %s nothing of another seller', async (name) => {
    for (const { self, other } of eachWay()) {
      const { data, errors } = await self.ask(queryOf(name))
      if (errors) {
        expect(errors[0]?.extensions?.code).toBe('FORBIDDEN')
        continue
      }
      const seen = JSON.stringify(data)
      for (const id of Object.values(other.ids)) expect(seen).not.toContain(id)
      expect(seen).toContain(self.ids[kindOf(name)] ?? '')
    }
  })

  test.each(OWN)('finds its own %s by its id, and not that of another', async (kind) => {
    const query =
      'query ($mine: ID!, $theirs: ID!) { mine: node(id: $mine) { id } theirs: node(id: $theirs) { id } nodes(ids: [$theirs]) { id } }'
    for (const { self, other } of eachWay()) {
      const { data } = await self.ask(query, { mine: self.ids[kind], theirs: other.ids[kind] })
      expect(data).toEqual({ mine: { id: self.ids[kind] }, theirs: null, nodes: [null] })
    }
  })

  test('asks for nothing of another by the queries for single things', async () => {
    const { ann, ben } = both()
    const asked = {
      user: `user(by: { id: "${ben.ids.User}" }) { id }`,
      product: `product(by: { reference: "mug-Ben" }) { id }`,
      customer: `customer(by: { reference: "buyer-of-Ben" }) { id }`,
      checkout: `checkout(by: { id: "${ben.ids.Checkout}" }) { id }`,
      payment: `payment(by: { id: "${ben.ids.Payment}" }) { id }`,
      subscription: `subscription(by: { id: "${ben.ids.Subscription}" }) { id }`,
      refund: `refund(by: { paymentId: "${ben.ids.Payment}" }) { id }`,
    }
    for (const [name, field] of Object.entries(asked)) {
      const { data, errors } = await ann.ask(`{ ${field} }`)
      expect({ name, errors, found: data?.[name] }).toEqual({ name, errors: undefined, found: null })
    }
  })

  test('sees the keys of its own alone, and what it has earned', async () => {
    const { ann, ben } = both()
    const { data } = await ann.ask(
      `{ apiKeys { id user { id } } theirs: apiKeys(userId: "${ben.ids.User}") { id } user(by: { id: "${ann.ids.User}" }) { account(currency: "USD") { id available { amount } } } }`,
    )
    expect(data.apiKeys).toEqual([{ id: ann.ids.ApiKey, user: { id: ann.ids.User } }])
    expect(data.theirs).toEqual([])
    expect(data.user.account.id).toBe(ann.ids.Account)
  })

  test.each(MANAGED)('finds no %s, which its manager does', async (kind) => {
    const query = 'query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }'
    const variables = { id: managed[kind] }
    const found = { id: managed[kind] }
    const asManager = await (await door.as('TEST', 'ADMIN'))(query, variables)
    expect(asManager.data).toEqual({ node: found, nodes: [found] })
    for (const { self } of eachWay()) {
      expect((await self.ask(query, variables)).data).toEqual({ node: null, nodes: [null] })
    }
  })

  test.each(['payment(by: { id: $id })', 'checkout(by: { id: $id })'])(
    'sees no webhook about its own %s, which its manager does',
    async (field) => {
      const query = `query ($id: ID!) { about: ${field} { deliveries(first: 9) { totalCount } } }`
      for (const { self } of eachWay()) {
        const variables = { id: self.ids[field.startsWith('payment') ? 'Payment' : 'Checkout'] }
        const asManager = await (await door.as('TEST', 'ADMIN'))(query, variables)
        expect(asManager.data.about.deliveries.totalCount).toBeGreaterThan(0)
        expect((await self.ask(query, variables)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
      }
    },
  )

  test('has in its figures what it sold itself, and in those of the organization no look', async () => {
    const query = '{ paymentStats(groupBy: [SELLER]) { seller { id } count } }'
    for (const { self } of eachWay()) {
      // A payment and a bill of a subscription.
      expect((await self.ask(query)).data.paymentStats).toEqual([{ seller: { id: self.ids.User }, count: 2 }])
      const others = `{ paymentStats(groupBy: [], filter: { status: [COMPLETED] }) { count } }`
      expect((await self.ask(others)).data.paymentStats).toEqual([{ count: 2 }])
      for (const field of ['accountStats(groupBy: []) { count }', 'transactionStats(groupBy: []) { count }']) {
        expect((await self.ask(`{ ${field} }`)).errors?.[0]?.extensions?.code, field).toBe('FORBIDDEN')
      }
    }
    expect((await (await door.as('TEST', 'ADMIN'))(query)).data.paymentStats).toHaveLength(2)
  })

  test('sees the accounts that the ledger opened for it, and none that is only called so', async () => {
    const { ann } = both()
    const { tenantId } = await door.house.actor()
    const id = newId()
    const externalId = `seller:${decodeId(ann.ids.User ?? '')?.uuid}:bonus`
    const row = { tenantId, id, externalId, name: 'Of the house', kind: 'CLIENT' as const, currency: 'USD' }
    await door.app.db.prisma.account.create({ data: row })
    const shown = encodeId('Account', id)
    const { data } = await ann.ask(`{ own: node(id: "${ann.ids.Account}") { id } other: node(id: "${shown}") { id } }`)
    expect(data).toEqual({ own: { id: ann.ids.Account }, other: null })
    await door.app.db.prisma.account.deleteMany({ where: { id } })
  })

  test('takes along its own accounts of sales, and not the data of the organization', async () => {
    const { access, accounting, exports } = door.app
    const { server, url } = await openHouse({ access, accounting, exports })
    try {
      for (const { self, other } of eachWay()) {
        const headers = { authorization: `Bearer ${self.ask.key}` }
        expect((await fetch(`${url}/exports/data`, { headers })).status).toBe(403)
        const sales = await fetch(`${url}/exports/accounting?from=2026-01-01&to=2030-01-01&format=json`, { headers })
        expect(sales.status).toBe(200)
        const text = await sales.text()
        expect(text).toContain(self.ids.Payment)
        for (const id of Object.values(other.ids)) expect(text).not.toContain(id)
      }
    } finally {
      await server.stop()
    }
  })

  test('asks for no endpoint, no invitation, no fault and no other clock', async () => {
    const { ann, ben } = both()
    for (const query of [
      '{ webhookEndpoints { id url } }',
      `mutation { createWebhookEndpoint(input: { url: "https://x.example.com", kind: EVENT }) { secret } }`,
      `mutation { rotateWebhookSecret(input: { id: "${managed.WebhookEndpoint}" }) { secret } }`,
      `mutation { redeliverWebhook(input: { deliveryId: "${managed.WebhookDelivery}" }) { userErrors { code } } }`,
      `{ claimRequest(by: { userId: "${ann.ids.User}" }) { link } }`,
      '{ faults(provider: QBITFLOW) { id } }',
      `mutation { createClaimRequest(input: { userId: "${ben.ids.User}" }) { userErrors { code } } }`,
      'mutation { advanceTestClock(input: { by: { value: 1, unit: DAYS } }) { userErrors { code } } }',
      'mutation { resetSandbox(input: { provider: QBITFLOW }) { userErrors { code } } }',
      'mutation { connectProvider(input: { provider: QBITFLOW, credentials: {} }) { userErrors { code } } }',
      `mutation { settleClaimFunds(input: { idempotencyKey: "x", id: "${ann.ids.ClaimFunds}" }) { userErrors { code } } }`,
    ]) {
      const { errors } = await ann.ask(query)
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
    }
  })
})

/** What a list cannot be asked for without. Both sellers have customers that `buyer` finds. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  accounting: '(from: "2026-01-01", to: "2030-01-01")',
  search: '(text: "buyer")',
}

/** Asks for the ids of a list and of everything that its rows point to. */
function queryOf(name: string): string {
  const field = QUERIES.find((each) => each.name === name)
  const connection = field && (getNamedType(field.type) as GraphQLObjectType)
  const node = connection && rowOf(connection)
  const args = ARGUMENTS[name] ?? ''
  return `{ ${name}${args} { edges { node { ${node ? selectionOf(node) : '__typename'} } } } }`
}

function rowOf(connection: GraphQLObjectType): GraphQLObjectType | GraphQLUnionType {
  const edge = getNamedType(connection.getFields().edges?.type) as GraphQLObjectType
  return getNamedType(edge.getFields().node?.type) as GraphQLObjectType | GraphQLUnionType
}

function selectionOf(type: GraphQLObjectType | GraphQLUnionType): string {
  if (isUnionType(type))
    return `__typename ${type
      .getTypes()
      .map((each) => `... on ${each.name} { id }`)
      .join(' ')}`
  const fields = Object.values(type.getFields())
  const pointing = fields.filter(({ args, type: pointed }) => {
    const named = getNamedType(pointed)
    return !args.some(isRequiredArgument) && isObjectType(named) && 'id' in named.getFields()
  })
  const id = 'id' in type.getFields() ? 'id ' : '__typename '
  return id + pointing.map(({ name }) => `${name} { id }`).join(' ')
}

function kindOf(name: string): string {
  const field = LISTS.find((each) => each.name === name)
  if (name === 'search') return 'Customer'
  return field ? rowOf(getNamedType(field.type) as GraphQLObjectType).name : ''
}
