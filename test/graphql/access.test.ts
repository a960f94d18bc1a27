import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredInputField,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { decodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ITEM } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'
import { type Door, openDoor } from './door.ts'
import { type Fixtures, oneOfEverything } from './fixtures.ts'

/** Walks the schema, so that a type or field that comes later is held to the same rules or fails here by its name. */

const NODE_TYPES = schema.getPossibleTypes(schema.getType('Node') as never).map(({ name }) => name)
const QUERIES = Object.values(schema.getQueryType()?.getFields() ?? {})
const MUTATIONS = Object.values(schema.getMutationType()?.getFields() ?? {})

let door: Door
let fixtures: Fixtures
const asks: Record<string, ReturnType<Door['asking']>> = {}

beforeAll(async () => {
  door = await openDoor()
  fixtures = await oneOfEverything(door.house)
  const actor = await door.house.actor()
  asks.owner = await door.as()
  asks['a key of another organization'] = door.asking(await keyOf(await newTenant(door.app.db)))
  asks['a key of live mode'] = await door.as('LIVE')
  const seller = { tenantId: actor.tenantId, id: newId(), name: 'Sue', lastName: 'Seller', role: 'USER' as const }
  await door.app.db.prisma.user.create({ data: { ...seller, email: 'sue@example.com' } })
  asks['a seller with nothing of their own'] = await door.as('TEST', 'USER', seller.id)
  const other = await door.app.checkouts.create(call(actor), { kind: 'PAYMENT', item: ITEM })
  asks['the client secret of another checkout'] = door.asking(door.app.checkouts.clientSecret(other.id))
})
afterAll(() => door.close())

async function keyOf(actor: Actor): Promise<string> {
  const { secret } = await door.app.keys.create(call(actor), { name: 'theirs', role: 'OWNER' })
  return secret ?? ''
}

const STRANGERS = [
  'a key of another organization',
  'a key of live mode',
  'a seller with nothing of their own',
  'the client secret of another checkout',
]

/** Both modes and every member share the organization. */
const shares = (stranger: string, type: string) =>
  type === 'Organization' && (stranger === 'a key of live mode' || stranger.startsWith('a seller'))

const asker = (name: string) => {
  const ask = asks[name]
  if (!ask) throw new Error(`nobody is called ${name}`)
  return ask
}

test.each(NODE_TYPES)('there is a %s to ask for, and its owner finds it by node and nodes', async (type) => {
  const id = fixtures.ids[type]
  expect(id, `fixtures.ts makes no ${type}`).toBeDefined()
  const { data } = await asker('owner')(
    'query ($id: ID!) { node(id: $id) { __typename id } nodes(ids: [$id, "x"]) { id } }',
    { id },
  )
  expect(data).toEqual({ node: { __typename: type, id }, nodes: [{ id }, null] })
})

describe.each(STRANGERS)('%s', (stranger) => {
  test.each(NODE_TYPES)('finds no %s by its id', async (type) => {
    const { data, errors } = await asker(stranger)(
      'query ($id: ID!) { node(id: $id) { __typename } nodes(ids: [$id]) { __typename } }',
      { id: fixtures.ids[type] },
    )
    expect(errors).toBeUndefined()
    if (shares(stranger, type)) expect(data.node).toEqual({ __typename: type })
    else expect(data).toEqual({ node: null, nodes: [null] })
  })

  test.each(singles())('finds nothing by $name', async ({ field, argument, variable }) => {
    const query = `query ($value: ${argument.type}) { ${field.name}(${argument.name}: $value) { __typename } }`
    const value = variable(fixtures)
    const owners = await asker('owner')(query, { value })
    expect(owners.errors).toBeUndefined()
    expect(owners.data[field.name], 'the owner does find it').not.toBeNull()
    const { data, errors } = await asker(stranger)(query, { value })
    for (const { extensions } of errors ?? []) expect(extensions?.code).toBe('FORBIDDEN')
    expect(data[field.name]).toBeNull()
  })

  test.each(changes())('changes nothing by $name', async ({ field, paths, input }) => {
    const query = `mutation ($input: ${field.args[0]?.type}) {
      ${field.name}(input: $input) { userErrors { code field } replayed } }`
    const { data, errors } = await asker(stranger)(query, { input: input(fixtures) })
    if (errors) expect(errors[0]?.extensions?.code).toBe('FORBIDDEN')
    else {
      expect(data[field.name].userErrors).toEqual([{ code: 'NOT_FOUND', field: [expect.any(String)] }])
      expect(paths).toContain(data[field.name].userErrors[0].field[0])
    }
  })
})

test('nobody in particular finds nothing but the public status', async () => {
  const ask = door.asking(undefined)
  for (const type of NODE_TYPES) {
    const { data, errors } = await ask('query ($id: ID!) { node(id: $id) { id } }', { id: fixtures.ids[type] })
    expect(data).toEqual({ node: null })
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
  }
  const status = 'query ($id: ID!) { transactionStatus(id: $id) { state } }'
  expect((await ask(status, { id: fixtures.ids.Checkout })).data).toEqual({ transactionStatus: { state: 'COMPLETED' } })
})

test('every list of a stranger is empty', async () => {
  const lists = QUERIES.filter(({ args }) => args.some(({ name }) => name === 'first'))
  for (const { name, args, type } of lists) {
    const period = args.some((arg) => arg.name === 'from') ? '(from: "2000-01-01", to: "2999-12-31")' : ''
    const text = args.some((arg) => arg.name === 'text') ? `(text: "${fixtures.names.reference}")` : ''
    const connection = getNamedType(type)
    const isCounted = isObjectType(connection) && 'totalCount' in connection.getFields()
    const query = `{ ${name}${period}${text} { ${isCounted ? 'totalCount' : ''} edges { cursor } } }`
    const { data } = await asker('a key of another organization')(query)
    const own = name === 'events' ? 1 : 0
    expect([name, data[name].totalCount ?? own, data[name].edges.length]).toEqual([name, own, own])
    if (text) expect((await asker('owner')(query)).data[name].edges.length).toBeGreaterThan(0)
  }
})

test('a client secret reads its own checkout and payment, and of those only what concerns who pays', async () => {
  const uuid = decodeId(fixtures.ids.Checkout ?? '')?.uuid ?? ''
  const ask = door.asking(door.app.checkouts.clientSecret(uuid))
  const { data, errors } = await ask(
    `query ($id: ID!) { checkout(by: { id: $id }) {
      status item { name } price { amount } expiresAt
      payment { status amount { amount } transactionHash fee { amount } customer { id } }
      customer { email } product { id } webhookUrl
    } }`,
    { id: fixtures.ids.Checkout },
  )
  expect(data.checkout).toMatchObject({
    status: 'COMPLETED',
    payment: { status: 'COMPLETED', amount: { amount: '9.99' }, fee: null, customer: null },
    customer: null,
    product: null,
    webhookUrl: null,
  })
  expect(errors?.map(({ path }) => path?.at(-1)).sort()).toEqual([
    'customer',
    'customer',
    'fee',
    'product',
    'webhookUrl',
  ])
  for (const { message, path } of errors ?? [])
    expect(message).toMatch(
      new RegExp(`\\.${path?.at(-1)} requires a secret key: a client secret does not have access to this field$`),
    )
})

type Field = GraphQLField<unknown, unknown>

interface Single {
  readonly name: string
  readonly field: Field
  readonly argument: GraphQLArgument
  readonly variable: (fixtures: Fixtures) => unknown
}

/** Every way to find one thing: `product(by: { reference })`, `node(id:)` … */
function singles(): Single[] {
  return QUERIES.filter(({ name }) => name !== 'node').flatMap((field) =>
    field.args
      .filter(({ name }) => name === 'id' || name === 'by')
      .flatMap((argument): Single[] => {
        const type = getNamedType(argument.type)
        if (!isInputObjectType(type)) {
          const variable = ({ ids }: Fixtures) => idFor(field, 'id', ids)
          return [{ name: `${field.name}(${argument.name}:)`, field, argument, variable }]
        }
        return Object.values(type.getFields()).map((key) => ({
          name: `${field.name}(by: { ${key.name} })`,
          field,
          argument,
          variable: ({ ids, names }: Fixtures) => ({
            [key.name]: getNamedType(key.type).name === 'ID' ? idFor(field, key.name, ids) : named(names, key.name),
          }),
        }))
      }),
  )
}

/** The id that a field finds: of its own type, or of the one that the argument names. */
function idFor(field: Field, argument: string, ids: Fixtures['ids']): string {
  const own = getNamedType(field.type).name
  const kind = argument === 'id' ? own : argument.charAt(0).toUpperCase() + argument.slice(1, -'Id'.length)
  return named({ ...ids, TransactionStatus: ids.Checkout ?? '' }, kind)
}

function named(values: Readonly<Record<string, string>>, name: string): string {
  const value = values[name]
  if (value === undefined) throw new Error(`fixtures.ts has no ${name}`)
  return value
}

interface Change {
  readonly name: string
  readonly field: Field
  /** The fields that name what is changed. */
  readonly paths: readonly string[]
  readonly input: (fixtures: Fixtures) => object
}

/** Every mutation of something that is there already, with the least that it takes. */
function changes(): Change[] {
  return MUTATIONS.flatMap((field) => {
    const type = getNamedType(field.args[0]?.type as GraphQLInputType)
    if (!isInputObjectType(type)) return []
    const fields = Object.values(type.getFields())
    const ids = fields.filter((input) => isNonNullType(input.type) && getNamedType(input.type).name === 'ID')
    const [target] = ids
    if (!target) return []
    const required = fields.filter((each) => isRequiredInputField(each) && each !== target)
    const input = ({ ids }: Fixtures) => ({
      idempotencyKey: newId(),
      ...Object.fromEntries(required.map((each) => [each.name, least(each.type, ids)])),
      [target.name]: targetOf(field, target.name, ids),
    })
    return [{ name: field.name, field, paths: ids.map(({ name }) => name), input }]
  })
}

/** What a mutation changes is told by the name of its input field, or by what its own name ends with. */
function targetOf({ name }: Field, input: string, ids: Fixtures['ids']): string {
  if (input === 'transactionId') return named(ids, 'LedgerTransaction')
  if (name === 'rotateWebhookSecret') return named(ids, 'WebhookEndpoint')
  if (name === 'mergeCustomers') return named(ids, 'Customer')
  const kind = Object.keys(ids).find((each) => (input === 'id' ? name.endsWith(each) : input === `${lower(each)}Id`))
  if (!kind) throw new Error(`no fixture for what ${name} changes`)
  return named(ids, kind)
}

function lower(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

/** A value that is good in itself; ids within it are those of accounts. */
function least(type: GraphQLInputType, ids: Fixtures['ids']): unknown {
  if (isNonNullType(type)) return least(type.ofType, ids)
  if (isListType(type)) return [least(type.ofType, ids)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField)
    return Object.fromEntries(fields.map((each) => [each.name, least(each.type, ids)]))
  }
  return LEAST[type.name] ?? (type.name === 'ID' ? named(ids, 'Account') : 'something')
}

const LEAST: Readonly<Record<string, unknown>> = { Decimal: '1.00', CurrencyCode: 'USD', Int: 1, Boolean: true }
