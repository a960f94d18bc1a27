import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonical } from '../../src/graphql/canonical.ts'
import { ITEM } from '../support/shop.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
})
afterAll(() => door.close())

const CREATE = `mutation ($input: CreateProductInput!) {
  createProduct(input: $input) { product { id name } userErrors { __typename code field } replayed }
}`
const CHECKOUT = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id } userErrors { code field } replayed }
}`
const PRODUCT = { name: 'A mug', description: 'Blue', price: { amount: '1.00', currency: 'USD' } }

test('a repeat with the same key is answered with the first answer', async () => {
  const input = { ...PRODUCT, idempotencyKey: 'one' }
  const first = (await ask(CREATE, { input })).data.createProduct
  const again = (await ask(CREATE, { input })).data.createProduct
  expect(first).toMatchObject({ userErrors: [], replayed: false })
  expect(again).toEqual({ ...first, replayed: true })
})

test('the order of an input’s fields makes no other request of it', async () => {
  const { name, description, price } = PRODUCT
  await ask(CREATE, { input: { name, description, price, idempotencyKey: 'order' } })
  const again = await ask(CREATE, { input: { price, idempotencyKey: 'order', description, name } })
  expect(again.data.createProduct.replayed).toBe(true)
  expect(canonical({ b: 1, a: [{ d: null, c: 'x' }] })).toBe(canonical({ a: [{ c: 'x', d: null }], b: 1 }))
})

test('a key that comes with other input is refused by name', async () => {
  await ask(CREATE, { input: { ...PRODUCT, idempotencyKey: 'two' } })
  const { data } = await ask(CREATE, { input: { ...PRODUCT, name: 'A cup', idempotencyKey: 'two' } })
  expect(data.createProduct).toEqual({
    product: null,
    userErrors: [{ __typename: 'InputError', code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }],
    replayed: false,
  })
})

test('the Idempotency-Key header stands in for the key of a request with one mutation', async () => {
  const header = { 'idempotency-key': 'header' }
  const first = (await ask(CREATE, { input: PRODUCT }, header)).data.createProduct
  expect((await ask(CREATE, { input: PRODUCT }, header)).data.createProduct).toEqual({ ...first, replayed: true })
  const input = { kind: 'PAYMENT', item: ITEM }
  const opened = (await ask(CHECKOUT, { input }, { 'idempotency-key': 'open' })).data.createCheckout
  expect(opened).toMatchObject({ checkout: { id: expect.stringMatching(/^chk_/) }, userErrors: [] })
  const again = (await ask(CHECKOUT, { input }, { 'idempotency-key': 'open' })).data.createCheckout
  expect(again).toEqual({ ...opened, replayed: true })
})

test('the header stands in for neither of two mutations in one request', async () => {
  const both = `mutation ($input: CreateProductInput!) {
    a: createProduct(input: $input) { replayed product { id } }
    ...B
  }
  fragment B on Mutation { b: createProduct(input: $input) { replayed product { id } } }`
  const { data } = await ask(both, { input: PRODUCT }, { 'idempotency-key': 'both' })
  expect(data.a.replayed || data.b.replayed).toBe(false)
  expect(data.a.product.id).not.toBe(data.b.product.id)
})

test('where money moves the key is required', async () => {
  for (const idempotencyKey of [undefined, '']) {
    const { data } = await ask(CHECKOUT, { input: { kind: 'PAYMENT', item: ITEM, idempotencyKey } })
    expect(data.createCheckout.userErrors).toEqual([{ code: 'REQUIRED', field: ['idempotencyKey'] }])
  }
})

test('all bad fields are reported at once, by the names that the API has for them', async () => {
  const input = { name: ' ', description: '', price: { amount: '-1', currency: 'USD' }, reference: 'a/b' }
  const { data } = await ask(CREATE, { input })
  expect(data.createProduct.userErrors.map(({ field }: { field: string[] }) => field.join('.')).sort()).toEqual([
    'description',
    'name',
    'price.amount',
    'reference',
  ])
  const simulate = `mutation ($input: SimulateCheckoutInput!) { simulateCheckout(input: $input) { userErrors { code field } } }`
  const unknown = await ask(simulate, { input: { checkoutId: 'chk_nothing', outcome: 'PAY' } })
  expect(unknown.data.simulateCheckout.userErrors).toEqual([{ code: 'NOT_FOUND', field: ['checkoutId'] }])
})

test('a new key is shown once, and opens at once', async () => {
  const create = `mutation ($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { apiKey { id last4 role mode } secret userErrors { code field } replayed }
  }`
  const input = { name: 'for a script', role: 'ADMIN', idempotencyKey: 'key' }
  const made = (await ask(create, { input })).data.createApiKey
  expect(made).toMatchObject({ apiKey: { role: 'ADMIN', mode: 'TEST' }, replayed: false })
  expect(made.secret.slice(-4)).toBe(made.apiKey.last4)
  expect((await door.asking(made.secret)('{ viewer { apiKey { id } } }')).data.viewer.apiKey.id).toBe(made.apiKey.id)
  expect((await ask(create, { input })).data.createApiKey).toEqual({ ...made, secret: null, replayed: true })

  const remove = `mutation ($id: ID!) { deleteApiKey(input: { id: $id }) { apiKey { id } userErrors { code } } }`
  expect((await ask(remove, { id: made.apiKey.id })).data.deleteApiKey.userErrors).toEqual([])
  expect((await door.asking(made.secret)('{ viewer { mode } }')).status).toBe(401)
})

test('a time is written in the zone that is asked for, or that of the header', async () => {
  const query = '{ viewer { apiKey { utc: createdAt rangoon: createdAt(timezone: "Asia/Yangon") } } }'
  const utc = (await ask(query)).data.viewer.apiKey
  expect(utc.utc).toMatch(/Z$/)
  expect(utc.rangoon).toMatch(/\+06:30$/)
  expect(Date.parse(utc.rangoon)).toBe(Date.parse(utc.utc))
  const header = (await ask(query, {}, { 'time-zone': 'America/New_York' })).data.viewer.apiKey
  expect(header.utc).toMatch(/-0[45]:00$/)
  expect(header.rangoon).toMatch(/\+06:30$/)
  const { errors } = await ask('{ viewer { apiKey { createdAt(timezone: "Mars/Olympus") } } }')
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } })
})
