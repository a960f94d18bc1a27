import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeCursor } from '../../src/db/cursor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { newTenant } from '../support/tenant.ts'
import { statements } from './counting.ts'
import { type Answer, type Door, openDoor } from './door.ts'

/** One search over what was sold and to whom. */

let door: Door
let manager: Awaited<ReturnType<Door['as']>>
let seller: Awaited<ReturnType<Door['as']>>
let tenantId: string
let stranger: string
let sellerId: string

beforeAll(async () => {
  door = await openDoor()
  tenantId = (await door.house.actor()).tenantId
  stranger = (await newTenant(door.app.db)).tenantId
  manager = await door.as()
  sellerId = newId()
  const columns = `tenant_id, id, name, last_name, email, role`
  await door.app.db.pool.query(
    `INSERT INTO app_user (${columns}) VALUES ($1, $2, 'Sam', 'Seller', 's@shop.example', 'USER')`,
    [tenantId, sellerId],
  )
  seller = await door.as('TEST', 'USER', sellerId)
  // The first use of a key is noted, which later uses within the minute are not.
  await manager('{ viewer { mode } }')
}, 180_000)
afterAll(() => door.close())

async function insert(table: string, row: object): Promise<string> {
  const all = { tenant_id: tenantId, id: newId(), ...row }
  const columns = Object.keys(all)
  const values = columns.map((_, index) => `$${index + 1}`)
  const text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`
  await door.app.db.pool.query(text, Object.values(all))
  return all.id
}

const SOLD = { provider: 'QBITFLOW', currency: 'USD' }
const customer = async (more: object = {}) =>
  encodeId('Customer', await insert('customer', { name: 'Nobody', ...more }))
const checkout = async (more: object = {}) =>
  encodeId(
    'Checkout',
    await insert('checkout', {
      ...{ ...SOLD, kind: 'PAYMENT', item_name: 'Tea', item_description: 'Green', price_minor: 1 },
      ...{ expires_at: new Date(), ...more },
    }),
  )
const payment = async (more: object = {}) =>
  encodeId(
    'Payment',
    await insert('payment', { ...SOLD, status: 'COMPLETED', amount_minor: 1, description: 'Tea', ...more }),
  )
const subscription = async (more: object = {}) =>
  encodeId(
    'Subscription',
    await insert('subscription', {
      ...{
        ...SOLD,
        status: 'ACTIVE',
        description: 'Tea',
        price_minor: 1,
        frequency_value: 1,
        frequency_unit: 'MONTHS',
      },
      ...more,
    }),
  )

const SEARCH = `query ($text: String!, $first: Int, $after: String, $last: Int, $before: String) {
  search(text: $text, first: $first, after: $after, last: $last, before: $before) {
  edges { cursor node { __typename ... on Node { id } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`

async function page(text: string, more: object = {}, ask = manager) {
  const { data, errors }: Answer = await ask(SEARCH, { text, ...more })
  expect(errors).toBeUndefined()
  const ids: string[] = data.search.edges.map(({ node }: { node: { id: string } }) => node.id)
  return { ids, edges: data.search.edges, pageInfo: data.search.pageInfo }
}
const found = async (text: string, ask = manager) => (await page(text, {}, ask)).ids

describe('an id', () => {
  test('finds what has it, with its type, and nothing of another tenant, of another type or that was deleted', async () => {
    const ids = [await customer(), await checkout(), await payment(), await subscription()]
    for (const id of ids) expect(await found(` ${id}`)).toEqual([id])
    const { edges } = await page(ids[2] ?? '')
    expect(edges[0].node.__typename).toBe('Payment')
    const others = [
      await customer({ tenant_id: stranger }),
      await payment({ tenant_id: stranger }),
      await customer({ deleted_at: new Date() }),
      encodeId('Payment', newId()),
      encodeId('User', sellerId),
    ]
    for (const id of others) expect(await found(id)).toEqual([])
    expect(await page(ids[2] ?? '', { after: edges[0].cursor })).toMatchObject({
      ids: [],
      pageInfo: { hasNextPage: false },
    })
    expect(await found(ids[2] ?? '', seller)).toEqual([])
  })
})

describe('text', () => {
  test('finds customers by how their address, names and reference begin', async () => {
    const ada = await customer({ name: 'Zelda', last_name: 'Quint-Ö', email: 'zelda@Mail.example', reference: 'K-771' })
    await customer({ tenant_id: stranger, name: 'Zelda', last_name: 'Quint-Ö', email: 'zelda@mail.example' })
    await customer({ name: 'Zelda', last_name: 'Quint-Ö', deleted_at: new Date() })
    await customer({ name: 'Azelda', last_name: 'Aquint', email: 'a-zelda@mail.example', reference: 'XK-771' })
    for (const text of ['ZELDA@mail', 'zelda', 'Zelda quint-Ö', 'quint', 'K-77', 'K-771', ' zelda ']) {
      expect(await found(text), text).toEqual([ada])
    }
    for (const text of ['elda', 'k-771', 'K-7711', 'mail.example', '%', '_elda', 'Zelda%', '\\', '@']) {
      expect(await found(text), text).toEqual([])
    }
  })

  test('finds what was sold by how its reference, its id at the provider and its transfer begin', async () => {
    const words = { reference: 'Order Ω-1' }
    const sold = [await checkout(words), await payment(words), await subscription(words)]
    for (const make of [checkout, payment, subscription]) await make({ tenant_id: stranger, ...words })
    for (const other of ['order Ω-1', 'XOrder Ω-1', 'Order Ψ-1']) await payment({ reference: other })
    expect(await found('Order Ω')).toEqual(sold)
    expect(await found('Order Ω-1')).toEqual(sold)
    expect(await found('Order Ω-11')).toEqual([])
    const at = { external_id: '0199-ext-uuid' }
    const there = [await checkout(at), await payment({ ...at, transaction_hash: '0xFEED01' }), await subscription(at)]
    expect(await found('0199-ext')).toEqual(there)
    expect(await found('pay@0199-ext-uuid')).toEqual(there)
    expect(await found('pay@0199-ext')).toEqual([])
    expect(await found('0xFEED')).toEqual([there[1]])
    expect(await found('0xfeed')).toEqual([])
  })

  test('finds a payment by each of its transfers, once', async () => {
    const id = newId()
    await payment({ id, transaction_hash: '0xFIRST' })
    const receipt = { payment_id: id, kind: 'RECEIPT', amount_minor: 1, at: new Date() }
    for (const hash of ['0xSECOND', '0xSECOND', '0xFIRST']) {
      await insert('payment_movement', { ...receipt, transaction_hash: hash })
    }
    for (const text of ['0xFIRST', '0xFIR', '0xSECOND']) expect(await found(text)).toEqual([encodeId('Payment', id)])
  })

  test('that several of its columns begin with finds a thing once', async () => {
    const text = 'same-text'
    const id = await payment({ reference: text, external_id: text, transaction_hash: text })
    const twin = await customer({ name: text, last_name: text, reference: text, email: `${text}@x.example` })
    expect(await found('same')).toEqual([twin, id])
  })

  test.each(['\u{10FFFF}', '\uD7FF', '\uFFFF', '~', '\u007F'])(
    'is found where it ends with the last of letters: %j',
    async (letter) => {
      const reference = `edge ${letter}`
      const id = await payment({ reference })
      expect(await found(reference)).toEqual([id])
      expect(await found(`${reference}x`)).toEqual([])
    },
  )
})

test('a seller finds their own, and whoever has no key finds nothing', async () => {
  const words = { reference: 'seller-search' }
  await payment(words)
  await customer({ ...words, email: 'theirs@x.example' })
  const own = await payment({ ...words, user_id: sellerId })
  expect(await found('seller-s', seller)).toEqual([own])
  expect(await found('theirs@', seller)).toEqual([])
  const { errors } = await door.asking(undefined)(SEARCH, { text: 'seller-s' })
  expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
})

test('pages follow one another: each thing once, in order, also when others come in between', async () => {
  const made: string[] = []
  made.push(await customer({ name: 'Page' }), await customer({ name: 'Pages' }))
  for (const reference of ['Page 1', 'Page 1', 'Page 2']) made.push(await checkout({ reference }))
  for (const reference of ['Page 1', 'Page 3']) made.push(await payment({ reference, external_id: `${reference}!` }))
  const seen: string[] = []
  let after: string | null = null
  for (let turn = 0; ; turn++) {
    const { ids, edges, pageInfo } = await page('Page', { first: 2, after })
    seen.push(...ids)
    expect(pageInfo).toMatchObject({ hasPreviousPage: after !== null, startCursor: edges[0].cursor })
    after = pageInfo.endCursor
    if (!pageInfo.hasNextPage) break
    // Before where the page ended, and so not seen any more.
    if (turn === 1) await customer({ name: 'Page' })
  }
  expect(seen).toEqual(made)
  expect((await page('Page', { first: 0 })).ids).toEqual([])
  const backward: string[] = []
  let before: string | null = null
  do {
    const { ids, pageInfo } = await page('Page ', { last: 2, before })
    backward.unshift(...ids)
    expect(pageInfo.hasNextPage).toBe(before !== null)
    before = pageInfo.hasPreviousPage ? pageInfo.startCursor : null
  } while (before !== null)
  expect(backward).toEqual((await page('Page ')).ids)
  expect(backward.slice(-5)).toEqual(made.slice(-5))
  const { edges } = await page('Page')
  const [from, to] = [edges[1].cursor, edges[6].cursor]
  expect((await page('Page', { after: from, before: to })).ids).toEqual((await page('Page')).ids.slice(2, 6))
})

test.each([
  ['an empty text', { text: ' \u200b' }],
  ['a text of 255 characters', { text: 'x'.repeat(255) }],
  ['a text with a NUL', { text: 'a\0' }],
  ['half of a surrogate pair', { text: 'a\ud800' }],
  ['a page of 101', { text: 'a', first: 101 }],
  ['a page below zero', { text: 'a', first: -1 }],
  ['a page from both ends', { text: 'a', first: 1, last: 1 }],
  ['what is no cursor', { text: 'a', after: 'abc' }],
  ['a cursor of another list', { text: 'a', after: encodeCursor('CREATED_AT', { id: newId(), value: 'x' }) }],
  ['a cursor of no field', { text: 'a', after: encodeCursor('SEARCH', { id: newId(), value: 'toString x' }) }],
])('%s is refused', async (_, variables) => {
  const { errors } = await manager(SEARCH, variables)
  expect(errors?.map(({ extensions }) => extensions?.code)).toEqual(['BAD_USER_INPUT'])
})

test('a search takes 6 statements, for 1 as for 40: the key, the search, and the rows of each type', async () => {
  for (let n = 0; n < 10; n++) {
    const words = { reference: `count ${n}` }
    for (const make of [customer, checkout, payment, subscription]) await make(words)
  }
  for (const [text, size] of [
    ['count', 40],
    ['count 1', 4],
  ] as const) {
    const seen = await statements(async () => expect((await page(text, { first: 50 })).ids).toHaveLength(size))
    expect(seen, seen.join('\n')).toHaveLength(6)
  }
})
