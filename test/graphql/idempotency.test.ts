import { type GraphQLObjectType, getNamedType, isInputObjectType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { schema } from '../../src/graphql/schema.ts'
import { newId } from '../../src/kernel/id.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { statements } from './counting.ts'
import { type Door, openDoor } from './door.ts'
import { type Payload, usd } from './ledger-api.ts'
import { makerOf, name, WISHES, type Wish } from './wishes.ts'

/** Every mutation of the schema, held to what is promised of each: under one key it happens once. */

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let live: typeof ask
let made: ReturnType<typeof makerOf>
beforeAll(async () => {
  door = await openDoor({}, { providers: { ...PROVIDERS, MADE_UP } })
  ask = await door.as()
  live = await door.as('LIVE')
  made = makerOf(door.app, ask)
})
afterAll(() => door.close())

const MUTATIONS = Object.values(schema.getMutationType()?.getFields() ?? {})

test('no mutation is left out here', () => {
  expect([...Object.keys(WISHES), 'verifyWebhook'].sort()).toEqual(MUTATIONS.map((field) => field.name).sort())
})

test('verifyWebhook changes nothing, so under any key it is done anew', async () => {
  const query = `mutation ($input: VerifyWebhookInput!) {
    verifyWebhook(input: $input) { verified reason userErrors { code } replayed }
  }`
  const records = { effects: 'SELECT count(*) AS n FROM idempotency_record' }
  const before = await effects(records)
  for (const payload of ['{"a":1}', '{"a":1}', '{"a":2}']) {
    const input = { payload, signature: 'sha256=00', timestamp: '1700000000', idempotencyKey: 'verify' }
    const { data } = await ask(query, { input })
    expect(data.verifyWebhook).toEqual({ verified: false, reason: expect.any(String), userErrors: [], replayed: false })
  }
  expect(await effects(records)).toBe(before)
})

test('every mutation takes a key and says whether its answer was replayed', () => {
  for (const field of MUTATIONS) {
    const input = getNamedType(field.args.find((arg) => arg.name === 'input')?.type)
    expect(isInputObjectType(input) && input.getFields().idempotencyKey, field.name).toBeTruthy()
    const payload = getNamedType(field.type) as GraphQLObjectType
    expect(Object.keys(payload.getFields()), field.name).toEqual(expect.arrayContaining(['userErrors', 'replayed']))
  }
})

test.each(Object.entries(WISHES))(
  '%s is done once under one key, which no other wish may have',
  async (mutation, wishOf) => {
    const { other, ...wish } = await wishOf(made)
    const change = changer(mutation, wish.by === 'live' ? live : ask)
    const idempotencyKey = `once ${mutation}`
    const before = await effects(wish)
    if (isKeyRequired(mutation)) {
      const { userErrors, object } = await change(wish.input)
      expect([object, userErrors]).toMatchObject([null, [{ code: 'REQUIRED', field: ['idempotencyKey'] }]])
      expect(await effects(wish)).toBe(before)
    }

    const first = await change({ ...wish.input, idempotencyKey })
    expect(first).toMatchObject({ userErrors: [], replayed: false, object: expect.any(Object) })
    await wish.settles?.(first.object.id)
    const done = await effects(wish)
    expect(done).toBeGreaterThan(before)

    const second = await change({ ...wish.input, idempotencyKey })
    expect(second).toEqual({ ...first, replayed: true })
    expect(await effects(wish)).toBe(done)

    if (!other) return
    const refused = await change({ ...other, idempotencyKey })
    expect(refused).toMatchObject({ object: null, replayed: false })
    expect(refused.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }])
    expect(await effects(wish)).toBe(done)
  },
)

test('a key is required where money moves', () => {
  const required = MUTATIONS.map(({ name }) => name).filter(isKeyRequired)
  expect(required).toEqual(expect.arrayContaining(['createCheckout', 'createTransaction', 'fundAccount', 'createHold']))
})

describe('a refusal', () => {
  test('of a posting is repeated when there is money at last, and another key is not refused', async () => {
    const poor = await made.ledger.account()
    const { charges, total } = await made.transfer()
    const input = { accountId: poor, charges, total, idempotencyKey: 'poor' }
    const first = await made.ledger.change('createTransaction', 'transaction', input)
    expect(first).toMatchObject({
      object: null,
      replayed: false,
      userErrors: [{ __typename: 'InsufficientFunds', available: { amount: '0.00', currency: 'USD' } }],
    })
    await made.ledger.fund(poor, '10')
    expect(await made.ledger.change('createTransaction', 'transaction', input)).toEqual({ ...first, replayed: true })
    const anew = await made.ledger.change('createTransaction', 'transaction', {
      ...input,
      idempotencyKey: 'poor no more',
    })
    expect(anew).toMatchObject({ replayed: false, userErrors: [] })
    expect(await made.ledger.see(poor, 'balance { amount }')).toEqual({ balance: { amount: '8.00' } })
    const other = { ...input, charges: charges.map((charge) => ({ ...charge, metadata: { a: 1 } })) }
    const corrected = await made.ledger.change('createTransaction', 'transaction', other)
    expect(corrected).toMatchObject({ replayed: false, userErrors: [] })
    const reused = await made.ledger.change('createTransaction', 'transaction', input)
    expect(reused.userErrors).toMatchObject([{ __typename: 'InputError', code: 'IDEMPOTENCY_KEY_REUSED' }])
  })

  test('of a bad field is repeated by the name that the API has for it', async () => {
    const input = { checkoutId: await made.checkout(), outcome: 'PAY', currency: 'DOGE', idempotencyKey: 'doge' }
    const unknown = { ...input, checkoutId: 'chk_nothing' }
    const first = await made.ledger.change('simulateCheckout', 'checkout', unknown)
    expect(first.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['checkoutId'] }])
    expect(await made.ledger.change('simulateCheckout', 'checkout', unknown)).toEqual({ ...first, replayed: true })
  })

  test('costs a posting one statement more than a success', async () => {
    const wish = await made.transfer()
    const poor = await made.ledger.account()
    const query = `mutation ($input: CreateTransactionInput!) { createTransaction(input: $input) { userErrors { code } } }`
    const asking = (input: object, idempotencyKey: string) => () => ask(query, { input: { ...input, idempotencyKey } })
    // The accounts' currencies are known from then on.
    await asking(wish, 'warm 1')()
    await asking({ ...wish, accountId: poor }, 'warm 2')()
    const success = await statements(asking(wish, 'count 1'))
    const refusal = await statements(asking({ ...wish, accountId: poor }, 'count 2'))
    const ofBooks = (texts: readonly string[]) =>
      texts.flatMap((text) => /ledger_post|keep_refusal|idempotency_record|\bBEGIN\b/.exec(text)?.[0] ?? [])
    expect([ofBooks(success), ofBooks(refusal)]).toEqual([['ledger_post'], ['ledger_post', 'keep_refusal']])
  })
})

test('the headers of a request with one mutation say what became of its key, at either door', async () => {
  const query = `mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { replayed } }`
  const variables = { input: { name: name() } }
  // What is asked from a page of another origin is left to Yoga.
  for (const [key, more] of [
    ['door one', {}],
    ['door two', { origin: 'https://shop.example.com' }],
  ] as const) {
    const asking = () => ask(query, variables, { 'idempotency-key': key, ...more })
    const [first, second] = [await asking(), await asking()]
    expect([first.headers.get('x-idempotency-key'), second.headers.get('x-idempotency-key')]).toEqual([key, key])
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    expect(second.headers.get('idempotent-replayed')).toBe('true')
  }
  const both = await ask(`mutation { a: createCustomer(input: { name: "A", idempotencyKey: "a" }) { replayed }
    b: createCustomer(input: { name: "A", idempotencyKey: "a" }) { replayed } }`)
  expect(both.data.b.replayed).toBe(true)
  expect(both.headers.get('idempotent-replayed')).toBeNull()
  const odd = await ask(query, { input: { name: name(), idempotencyKey: 'ключ\r\nx: y' } })
  expect(odd.data.createCustomer.replayed).toBe(false)
  expect(odd.headers.get('x-idempotency-key')).toBeNull()
})

test('a seller’s key is no other seller’s', async () => {
  const sellers = await Promise.all([seller(), seller()])
  const [one, two] = sellers.map((by) => changer('createProduct', by))
  const input = { name: name(), description: 'Blue', price: usd('5'), idempotencyKey: 'seller' }
  const first = await one?.(input)
  expect(first).toMatchObject({ userErrors: [], object: { id: expect.any(String) } })
  const second = await two?.(input)
  expect(second).toMatchObject({ userErrors: [], replayed: false, object: { id: expect.any(String) } })
  expect(second?.object.id).not.toBe(first?.object.id)
  expect(await one?.(input)).toEqual({ ...first, replayed: true })
})

async function seller(): Promise<typeof ask> {
  const id = newId()
  const { tenantId } = await door.house.actor()
  const data = { tenantId, id, name: 'Sam', lastName: 'Seller', email: `${id}@shop.example`, role: 'USER' as const }
  await door.app.db.prisma.user.create({ data })
  return door.as('TEST', 'USER', id)
}

function isKeyRequired(mutation: string): boolean {
  const type = getNamedType(MUTATIONS.find(({ name }) => name === mutation)?.args[0]?.type)
  return isInputObjectType(type) && type.getFields().idempotencyKey?.type.toString() === 'String!'
}

/** Asks for a mutation by any name: its object is the one field of its payload that is an object. */
function changer(mutation: string, by: typeof ask): (input: object) => Promise<Payload> {
  const field = MUTATIONS.find(({ name }) => name === mutation)
  const payload = getNamedType(field?.type) as GraphQLObjectType
  const object = Object.values(payload.getFields()).find(({ type }) => isObjectType(getNamedType(type)))
  const named = getNamedType(object?.type)
  const shown = isObjectType(named) && 'id' in named.getFields() ? 'id' : '__typename'
  const type = getNamedType(field?.args[0]?.type)
  const query = `mutation ($input: ${type}!) {
    ${mutation}(input: $input) { object: ${object?.name} { ${shown} } userErrors { code field message } replayed }
  }`
  return async (input) => {
    const { data, errors } = await by(query, { input })
    expect(errors).toBeUndefined()
    return data[mutation]
  }
}

async function effects({ effects = 'SELECT count(*) AS n FROM event' }: Pick<Wish, 'effects'>): Promise<bigint> {
  const { rows } = await door.app.db.pool.query<{ n: string }>(effects)
  return BigInt(rows[0]?.n ?? 0)
}
