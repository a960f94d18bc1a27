import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, apiOf } from '../support/api.ts'
import { type OpenGateway, startGateway, startNode } from '../support/gateway.ts'
import { newKey, newSeller } from '../support/sellers.ts'

/** What a shop may send again under an idempotency key: the same, what means the same, and what it has put right. */

let gateway: OpenGateway
let second: Awaited<ReturnType<typeof startNode>>
let nodes: Api[]
beforeAll(async () => {
  gateway = await startGateway()
  second = await startNode(gateway.databaseUrl)
  nodes = [gateway.api, apiOf(second.url, gateway.key)]
})
afterAll(async () => {
  await second?.stop()
  await gateway?.stop()
})

interface Payload {
  readonly object: { readonly id: string } | null
  readonly replayed: boolean
  readonly userErrors: readonly { readonly code: string; readonly field: readonly string[] | null }[]
}

async function ask(api: Api, name: string, object: string, input: object): Promise<Payload> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { ${name}(input: $input) { object: ${object} { id } replayed userErrors { code field } } }`
  return (await api.ask<Record<string, Payload>>(query, { input }))[name] as Payload
}
const product = (api: Api, input: object) => ask(api, 'createProduct', 'product', { ...MUG, ...input })
const products = async (api: Api) =>
  (await api.ask<{ products: { totalCount: number } }>('{ products { totalCount } }')).products.totalCount

const price = (amount: string) => ({ amount, currency: 'USD' })
const MUG = { name: 'A mug', description: 'Blue', price: price('12.50') }
const REUSED = [{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]

let count = 0
const newName = () => `key ${++count}`

/** Somebody's account with this much in it. */
async function account(amount?: string): Promise<string> {
  const { object } = await ask(gateway.api, 'createAccount', 'account', { currency: 'USD', kind: 'CLIENT' })
  const input = { idempotencyKey: newName(), accountId: object?.id, total: price(amount ?? '') }
  if (amount) await ask(gateway.api, 'fundAccount', 'transaction', input)
  return object?.id ?? ''
}
async function transfer(from: string, to: string, amount: string) {
  return { accountId: from, total: price(amount), charges: [{ destinationId: to, subtotal: price(amount) }] }
}

describe('after a refusal', () => {
  test('the same request is refused alike, and a corrected one is the first again', async () => {
    const idempotencyKey = newName()
    const bad = { idempotencyKey, name: '' }
    const refused = await product(gateway.api, bad)
    expect(refused).toMatchObject({ object: null, replayed: false, userErrors: [{ field: ['name'] }] })
    for (const node of nodes) expect(await product(node, bad)).toEqual({ ...refused, replayed: true })

    const done = await product(gateway.api, { idempotencyKey })
    expect(done).toMatchObject({ object: { id: expect.any(String) }, replayed: false, userErrors: [] })
    for (const node of nodes) {
      expect(await product(node, { idempotencyKey })).toEqual({ ...done, replayed: true })
      // What was done binds the key.
      for (const other of [bad, { idempotencyKey, name: 'A pot' }]) {
        expect(await product(node, other)).toEqual({ object: null, replayed: false, userErrors: REUSED })
      }
    }
  })

  test('of one mistake another is told, and each change may still be put right', async () => {
    const idempotencyKey = newName()
    for (const [wrong, field] of [
      [{ name: '' }, ['name']],
      [{ price: price('-1') }, ['price', 'amount']],
      [{ description: '' }, ['description']],
    ] as const) {
      expect((await product(gateway.api, { idempotencyKey, ...wrong })).userErrors).toMatchObject([{ field }])
    }
    expect((await product(gateway.api, { idempotencyKey })).userErrors).toEqual([])
  })

  test('of the books, a transfer of less goes through under the same key', async () => {
    const [from, to] = [await account('10'), await account()]
    const idempotencyKey = newName()
    const pay = async (amount: string) =>
      ask(gateway.api, 'createTransaction', 'transaction', { idempotencyKey, ...(await transfer(from, to, amount)) })
    const refused = await pay('11')
    expect(refused).toMatchObject({ replayed: false, userErrors: [{ code: 'INSUFFICIENT_FUNDS' }] })
    expect(await pay('11.00')).toEqual({ ...refused, replayed: true })
    const done = await pay('9')
    expect(done).toMatchObject({ replayed: false, userErrors: [] })
    expect(await pay('9.00')).toEqual({ ...done, replayed: true })
    expect((await pay('1')).userErrors).toEqual(REUSED)
  })

  test('the refused and the corrected at the same moment, on two nodes, are done once', async () => {
    const [from, to] = [await account('100'), await account()]
    for (let round = 0; round < 5; round++) {
      const idempotencyKey = newName()
      const [bad, good] = [await transfer(from, to, '500'), await transfer(from, to, '1')]
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, turn) =>
          ask(nodes[turn % 2] ?? gateway.api, 'createTransaction', 'transaction', {
            idempotencyKey,
            ...(turn % 3 === 0 ? bad : good),
          }),
        ),
      )
      const made = answers.filter(({ object }) => object)
      expect(new Set(made.map(({ object }) => object?.id)).size).toBe(1)
      expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1)
      for (const { object, userErrors } of answers) {
        if (!object) expect(userErrors[0]?.code).toMatch(/^(INSUFFICIENT_FUNDS|IDEMPOTENCY_KEY_REUSED)$/)
      }
    }
    const { account: seen } = await gateway.api.ask<{ account: { balance: { amount: string } } }>(
      'query ($id: ID!) { account(by: { id: $id }) { balance { amount } } }',
      { id: to },
    )
    expect(seen.balance.amount).toBe('5.00')
  })
})

describe('one request is', () => {
  const same: [string, object, object][] = [
    ['left out or null', {}, { reference: null, metadata: null }],
    ['a letter in one Unicode spelling or another', { name: 'Caf\u00e9' }, { name: 'Cafe\u0301' }],
    ['text with blanks around it or without', { reference: 'order-é' }, { reference: ' order-e\u0301 ' }],
    ['12.5 or 12.50', { price: price('12.5') }, { price: price('12.50') }],
    ['12 or 012.00', { price: price('12') }, { price: price('012.00') }],
    ['a default or none', {}, { metadata: {} }],
    ['its own data in any order', { metadata: { a: 1, b: 'x' } }, { metadata: { b: 'x', a: 1 } }],
  ]
  test.each(same)('the same with %s', async (_name, one, other) => {
    const idempotencyKey = newName()
    const first = await product(gateway.api, { idempotencyKey, ...one })
    expect(first.userErrors).toEqual([])
    expect(await product(gateway.api, { idempotencyKey, ...other })).toEqual({ ...first, replayed: true })
  })

  test('the same in variables and in the document, where enums and ids are written otherwise', async () => {
    const idempotencyKey = newName()
    const kind = { name: 'Zoe', lastName: 'Z', email: `${idempotencyKey.replace(' ', '')}@shop.example`, role: 'USER' }
    const full = { ...kind, lastName: 'Zed', idempotencyKey }
    const first = await ask(gateway.api, 'createUser', 'user', full)
    expect(first.userErrors).toEqual([])
    expect(await ask(gateway.api, 'createUser', 'user', { ...full, organizationFeeBps: 0 })).toMatchObject({
      object: first.object,
      replayed: true,
    })
    const { createUser } = await gateway.api.ask<{ createUser: Payload }>(`mutation { createUser(input: {
      role: USER, lastName: "Zed", name: "Zoe", email: "${full.email}", idempotencyKey: "${idempotencyKey}"
    }) { object: user { id } replayed userErrors { code field } } }`)
    expect(createUser).toMatchObject({ object: first.object, replayed: true })
  })

  test('the same under a key in another Unicode spelling, or with blanks around it', async () => {
    const [customer, key] = [{ name: 'Ada' }, newName()]
    const first = await ask(gateway.api, 'createCustomer', 'customer', { ...customer, idempotencyKey: `${key} \u00fc` })
    for (const idempotencyKey of [`${key} u\u0308`, ` ${key} \u00fc\u200b`]) {
      const again = await ask(gateway.api, 'createCustomer', 'customer', { ...customer, idempotencyKey })
      expect(again, idempotencyKey).toEqual({ ...first, replayed: true })
    }
  })

  test('the same with a plus before its amount', async () => {
    const idempotencyKey = newName()
    const first = await product(gateway.api, { idempotencyKey })
    expect(await product(gateway.api, { idempotencyKey, price: price('+012.5') })).toEqual({ ...first, replayed: true })
  })

  test('another with other data of its own, however alike', async () => {
    const idempotencyKey = newName()
    await product(gateway.api, { idempotencyKey, metadata: { size: '12.5' } })
    expect((await product(gateway.api, { idempotencyKey, metadata: { size: '12.50' } })).userErrors).toEqual(REUSED)
    expect((await product(gateway.api, { idempotencyKey, price: price('12.51') })).userErrors).toEqual(REUSED)
  })

  test('another where null says something', async () => {
    const { id } = await newKey(gateway.api, {
      role: 'OWNER',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    const update = (input: object) => ask(gateway.api, 'updateApiKey', 'apiKey', { id, ...input })
    const idempotencyKey = newName()
    expect((await update({ idempotencyKey })).userErrors).toEqual([])
    expect(await update({ idempotencyKey, name: null })).toMatchObject({ replayed: true })
    expect((await update({ idempotencyKey, expiresAt: null })).userErrors).toEqual(REUSED)
  })
})

test('a key tells one seller nothing about another, nor about the organization', async () => {
  const [ann, ben] = [await newSeller(gateway, 'Ann'), await newSeller(gateway, 'Ben')]
  const idempotencyKey = newName()
  expect((await product(ben.api, { idempotencyKey, name: '' })).userErrors).toMatchObject([{ field: ['name'] }])
  const made = []
  for (const { api } of [ann, ben, gateway]) {
    const before = await products(api)
    const done = await product(api, { idempotencyKey })
    expect(done).toMatchObject({ replayed: false, userErrors: [] })
    expect(await product(api, { idempotencyKey })).toEqual({ ...done, replayed: true })
    expect((await product(api, { idempotencyKey, name: 'A pot' })).userErrors).toEqual(REUSED)
    expect(await products(api)).toBe(before + 1)
    made.push(done.object?.id)
  }
  expect(new Set(made).size).toBe(3)
  // The keys of one seller are one seller's.
  const { secret } = await newKey(ann.api, { role: 'USER' })
  expect(await product(apiOf(second.url, secret), { idempotencyKey })).toMatchObject({
    object: { id: made[0] },
    replayed: true,
  })
})
