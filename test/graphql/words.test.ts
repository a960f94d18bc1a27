import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, type IdKind, newId } from '../../src/kernel/id.ts'
import { newTenant } from '../support/tenant.ts'
import { type Answer, type Door, openDoor } from './door.ts'

/** What is found by the merchant's own words, and what payments are filtered by: the row that fits and none that nearly does. */

let door: Door
let manager: Awaited<ReturnType<Door['as']>>
let seller: Awaited<ReturnType<Door['as']>>
let sellerId: string
let owner: Actor
const OTHERS = { tenant: '' }

const DAY = '2026-05-01T00:00:00Z'

beforeAll(async () => {
  door = await openDoor()
  owner = await door.house.actor()
  OTHERS.tenant = (await newTenant(door.app.db)).tenantId
  manager = await door.as()
  sellerId = newId()
  await insert('app_user', {
    tenant_id: owner.tenantId,
    id: sellerId,
    name: 'Sam',
    last_name: 'Seller',
    email: 'sam@shop.example',
    role: 'USER',
  })
  seller = await door.as('TEST', 'USER', sellerId)
}, 180_000)
afterAll(() => door.close())

async function insert(table: string, row: object): Promise<void> {
  const columns = Object.keys(row)
  const values = columns.map((_, index) => `$${index + 1}`)
  const text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values.join(', ')})`
  await door.app.db.pool.query(text, Object.values(row))
}

type Table = 'checkout' | 'payment' | 'subscription' | 'refund' | 'product' | 'customer'

const REST: Readonly<Record<Table, object>> = {
  product: { name: 'A mug', description: 'Blue', price_minor: 100, currency: 'USD' },
  customer: { name: 'Ada' },
  checkout: {
    provider: 'QBITFLOW',
    kind: 'PAYMENT',
    item_name: 'A mug',
    item_description: 'Blue',
    price_minor: 100,
    currency: 'USD',
    expires_at: DAY,
  },
  payment: { provider: 'QBITFLOW', status: 'COMPLETED', amount_minor: 100, currency: 'USD', description: 'A mug' },
  subscription: {
    provider: 'QBITFLOW',
    status: 'ACTIVE',
    description: 'Tea',
    price_minor: 100,
    currency: 'USD',
    frequency_value: 1,
    frequency_unit: 'MONTHS',
  },
  refund: { provider: 'QBITFLOW', status: 'COMPLETED', amount_minor: 100, currency: 'USD' },
}

let numbers = 0

async function add(table: Table, more: object = {}): Promise<string> {
  const id = newId()
  const row: Record<string, unknown> = { tenant_id: owner.tenantId, id, ...REST[table], ...more }
  if (table === 'product') row.reference ??= `product ${numbers++}`
  if (table === 'refund') {
    row.external_id ??= id
    row.payment_id ??= await add('payment', { tenant_id: row.tenant_id })
  }
  await insert(table, row)
  return id
}

const KINDS: readonly (readonly [Table, IdKind, string])[] = [
  ['checkout', 'Checkout', 'checkouts'],
  ['payment', 'Payment', 'payments'],
  ['subscription', 'Subscription', 'subscriptions'],
  ['refund', 'Refund', 'refunds'],
  ['product', 'Product', 'products'],
  ['customer', 'Customer', 'customers'],
]

async function listed(list: string, filter: object, ask = manager): Promise<string[]> {
  const type = `${list.charAt(0).toUpperCase()}${list.slice(1, -1)}Filter`
  const query = `query ($filter: ${type}) { ${list}(first: 100, filter: $filter) { totalCount edges { node { id } } } }`
  const { data, errors }: Answer = await ask(query, { filter })
  expect(errors).toBeUndefined()
  expect(data[list].totalCount).toBe(data[list].edges.length)
  return data[list].edges.map(({ node }: { node: { id: string } }) => node.id)
}

describe.each(KINDS)('of the %ss', (table, kind, list) => {
  test('a reference finds the one that has it, and none of another tenant, in another case, longer or without one', async () => {
    const reference = `Ä ${table} 100%`
    const id = await add(table, { reference })
    await add(table, { tenant_id: OTHERS.tenant, reference })
    for (const other of [`ä ${table} 100%`, `Ä ${table} 100`, `Ä ${table} 100%0`])
      await add(table, { reference: other })
    if (table !== 'product') await add(table)
    const own = [encodeId(kind, id)]
    expect(await listed(list, { reference })).toEqual(own)
    // Spelled with a mark of its own, and with blanks around it.
    expect(await listed(list, { reference: ` A\u0308 ${table} 100% ` })).toEqual(own)
    expect(await listed(list, { reference: `Ä ${table} _00%` })).toEqual([])
    expect(await listed(list, { reference }, seller)).toEqual([])
  })

  test('metadata find those with all of the values, each under its key', async () => {
    const mark = `${table} mark`
    const metadata = { channel: mark, table: 7, gift: true, price: 0.5 }
    const id = await add(table, { metadata })
    const other = await add(table, { metadata: { channel: mark, table: '7', gift: 'true', price: '0.50' } })
    await add(table, { tenant_id: OTHERS.tenant, metadata })
    for (const nearly of [{ Channel: mark }, { channels: mark }, { note: mark }, { channel: mark.toUpperCase() }]) {
      await add(table, { metadata: nearly })
    }
    await add(table)
    const both = [encodeId(kind, other), encodeId(kind, id)]
    const by = (...pairs: [string, string][]) =>
      listed(list, { metadata: pairs.map(([key, value]) => ({ key, value })) })
    expect((await by(['channel', mark])).sort()).toEqual(both.sort())
    expect((await by(['channel', mark], ['table', '7'], ['gift', 'true'])).sort()).toEqual(both.sort())
    expect(await by(['channel', mark], ['price', '0.5'])).toEqual([encodeId(kind, id)])
    expect(await by(['channel', mark], ['price', '0.50'])).toEqual([encodeId(kind, other)])
    for (const nobody of ['8', '07', '7.0', '%', '"7"', '{}', 'null', '']) {
      expect(await by(['channel', mark], ['table', nobody])).toEqual([])
    }
    expect(await by(['channel', '%'])).toEqual([])
    expect(await by(['channel"', mark])).toEqual([])
    await add(table, { metadata: { channel: `a=${mark}` } })
    expect(await by(['channel=a', mark])).toEqual([])
    expect(await listed(list, { metadata: [{ key: 'channel', value: mark }] }, seller)).toEqual([])
  })

  test('a seller finds their own', async () => {
    const words = { reference: `own ${table}`, metadata: { own: table } }
    const id = await add(table, { ...words, user_id: sellerId })
    expect(await listed(list, { reference: words.reference }, seller)).toEqual([encodeId(kind, id)])
    expect(await listed(list, { metadata: [{ key: 'own', value: table }] }, seller)).toEqual([encodeId(kind, id)])
  })
})

describe.each(KINDS.slice(0, 4))('a %s', (table, kind) => {
  test('is looked up by its reference: the newest that has it, of this tenant', async () => {
    const reference = `Looked-up ${table}`
    await add(table, { reference })
    const newest = await add(table, { reference })
    await add(table, { tenant_id: OTHERS.tenant, reference })
    await add(table, { reference: reference.toLowerCase() })
    const query = `query ($by: ${kind}By!) { ${table}(by: $by) { id } }`
    const found = async (by: object, ask = manager) => (await ask(query, { by })).data[table]
    expect(await found({ reference: ` ${reference}` })).toEqual({ id: encodeId(kind, newest) })
    expect(await found({ reference: 'nobody’s' })).toBeNull()
    expect(await found({ reference }, seller)).toBeNull()
  })
})

describe('payments', () => {
  const payment = (more: object) => add('payment', more).then((id) => encodeId('Payment', id))

  test('are found by the e-mail address of their customer, whatever its case and also when they were deleted', async () => {
    const [ada, gone, other, theirs] = [
      await add('customer', { email: 'ada@mail.example' }),
      await add('customer', { email: 'Ada@Mail.example', deleted_at: DAY }),
      await add('customer', { email: 'ada@mail.example.org' }),
      await add('customer', { tenant_id: OTHERS.tenant, email: 'ada@mail.example' }),
    ]
    const wanted = [await payment({ customer_id: ada }), await payment({ customer_id: gone })]
    await payment({ customer_id: other })
    await payment({ tenant_id: OTHERS.tenant, customer_id: theirs })
    await payment({})
    expect((await listed('payments', { customerEmail: 'ADA@mail.example ' })).sort()).toEqual(wanted.sort())
    expect(await listed('payments', { customerEmail: 'ada@mail' })).toEqual([])
    expect(await listed('payments', { customerEmail: 'ada@mail.example' }, seller)).toEqual([])
  })

  test('are found by the hash of any transfer by which their money came', async () => {
    const own = await payment({ transaction_hash: '0xABC1' })
    const id = await add('payment', { transaction_hash: '0xother' })
    const movement = {
      tenant_id: owner.tenantId,
      id: newId(),
      payment_id: id,
      kind: 'RECEIPT',
      amount_minor: 1,
      at: DAY,
    }
    await insert('payment_movement', { ...movement, transaction_hash: '0xABC1' })
    await payment({ tenant_id: OTHERS.tenant, transaction_hash: '0xABC1' })
    await payment({ transaction_hash: '0xabc1' })
    await payment({ transaction_hash: '0xABC11' })
    const wanted = [own, encodeId('Payment', id)]
    expect((await listed('payments', { transactionHash: '0xABC1' })).sort()).toEqual(wanted.sort())
    const query = 'query ($by: PaymentBy!) { payment(by: $by) { id } }'
    expect((await manager(query, { by: { transactionHash: '0xABC1' } })).data.payment).toEqual({ id: wanted[1] })
    expect((await manager(query, { by: { transactionHash: '0xABC' } })).data.payment).toBeNull()
    expect((await seller(query, { by: { transactionHash: '0xABC1' } })).data.payment).toBeNull()
  })

  test('are found by what their provider calls them', async () => {
    const id = await payment({ external_id: 'Ext-1' })
    await payment({ tenant_id: OTHERS.tenant, external_id: 'Ext-1' })
    await payment({ external_id: 'ext-1' })
    const query = 'query ($by: PaymentBy!) { payment(by: $by) { id } }'
    for (const by of [{ providerReference: 'pay@Ext-1' }, { providerReference: 'Ext-1' }, { providerId: 'Ext-1' }]) {
      expect((await manager(query, { by })).data.payment).toEqual({ id })
    }
  })

  test('are found by amount and currency', async () => {
    const [yen, euros] = [
      await payment({ amount_minor: 77_001, currency: 'JPY' }),
      await payment({ amount_minor: 7_700_100, currency: 'EUR' }),
    ]
    await payment({ tenant_id: OTHERS.tenant, amount_minor: 77_001, currency: 'JPY' })
    await payment({ amount_minor: 77_002, currency: 'JPY' })
    const amount = (range: object) => listed('payments', { amount: range })
    expect(await amount({ currency: 'JPY', atLeast: '77000.5', atMost: '77001' })).toEqual([yen])
    expect(await amount({ currency: 'EUR', equals: '77001' })).toEqual([euros])
    expect(await listed('payments', { currency: 'EUR' })).toEqual([euros])
    expect(await listed('payments', { currency: 'EUR', amount: { currency: 'JPY', equals: '77001' } })).toEqual([])
  })

  test('are found by when they were settled, from a moment on and before another', async () => {
    const at = (settled_at: string | null) => payment({ settled_at })
    await at('2026-05-01T09:59:59.999999Z')
    const [first, last] = [await at('2026-05-01T10:00:00Z'), await at('2026-05-01T10:59:59.999999Z')]
    await at('2026-05-01T11:00:00Z')
    await at(null)
    await payment({ tenant_id: OTHERS.tenant, settled_at: '2026-05-01T10:00:00Z' })
    const filter = { settledFrom: '2026-05-01T12:00:00+02:00', settledBefore: '2026-05-01T11:00:00Z' }
    expect((await listed('payments', filter)).sort()).toEqual([first, last].sort())
  })

  test('are found by subscription and by seller', async () => {
    const [one, other] = [await add('subscription'), await add('subscription')]
    const id = await payment({ subscription_id: one, user_id: sellerId })
    await payment({ subscription_id: other })
    expect(await listed('payments', { subscriptionId: encodeId('Subscription', one) })).toEqual([id])
    expect(await listed('payments', { subscriptionId: encodeId('Payment', one) })).toEqual([])
    const sellers = await listed('payments', { sellerId: encodeId('User', sellerId) })
    expect(sellers).toContain(id)
    expect(sellers).toEqual(await listed('payments', {}, seller))
  })
})

describe('what is looked for', () => {
  const long = 'x'.repeat(501)
  test.each([
    [{ reference: long }, 'BAD_USER_INPUT'],
    [{ metadata: [{ key: 'a', value: long }] }, 'BAD_USER_INPUT'],
    [{ metadata: Array.from({ length: 25 }, () => ({ key: 'a', value: 'b' })) }, 'BAD_USER_INPUT'],
    [{ customerEmail: long }, 'BAD_USER_INPUT'],
    [{ transactionHash: long }, 'BAD_USER_INPUT'],
    [{ amount: { currency: 'USD', atLeast: 'a' } }, 'BAD_USER_INPUT'],
  ])('is bounded', async (filter, code) => {
    const query = 'query ($filter: PaymentFilter) { payments(filter: $filter) { edges { node { id } } } }'
    const { errors } = await manager(query, { filter })
    expect(errors?.map(({ extensions }) => extensions?.code)).toEqual([code])
  })

  test.each(['\0', '\ud800', '"}', "'; DROP TABLE payment", '\\'])('is text, whatever is in it: %j', async (value) => {
    const query = 'query ($filter: PaymentFilter) { payments(filter: $filter) { edges { node { id } } } }'
    for (const filter of [{ reference: value }, { metadata: [{ key: value, value }] }, { transactionHash: value }]) {
      const { status, errors } = await manager(query, { filter })
      expect([200, 400]).toContain(status)
      for (const { extensions } of errors ?? []) expect(extensions?.code).toBe('BAD_USER_INPUT')
    }
  })
})
