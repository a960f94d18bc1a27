import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const create = (input: object = {}, actor: Actor = shop.owner) =>
  shop.app.customers.create(call(actor), { name: 'Ada', ...input })
const update = (id: string, input: object, actor: Actor = shop.owner) =>
  shop.app.customers.update(call(actor), { id: encodeId('Customer', id), ...input })
const remove = (id: string, actor: Actor = shop.owner) =>
  shop.app.customers.remove(call(actor), { id: encodeId('Customer', id) })
const row = (id: string) =>
  shop.app.db.prisma.customer.findUniqueOrThrow({ where: { tenantId_id: { tenantId: shop.owner.tenantId, id } } })

const FULL = {
  name: 'Ada',
  lastName: 'Byron',
  email: 'Ada@Example.com',
  phone: '+44 20 7946 0000',
  address: { line1: '12 St James’s Square', city: 'London', country: 'GB' },
  reference: 'c-1',
  metadata: { vip: true },
}

describe('a customer', () => {
  test('is kept as given, and may be no more than a name', async () => {
    expect(await row((await create(FULL)).id)).toMatchObject(FULL)
    const bare = { name: 'Bo', lastName: null, email: null, phone: null, address: null, reference: null }
    expect(await row((await create({ name: 'Bo' })).id)).toMatchObject(bare)
  })

  test('changes where it is told to and nowhere else', async () => {
    const { id } = await create({ email: 'change@example.com', metadata: { a: 1 } })
    await update(id, { lastName: 'King', address: { city: 'Ockham' } })
    expect(await row(id)).toMatchObject({
      name: 'Ada',
      lastName: 'King',
      email: 'change@example.com',
      address: { city: 'Ockham' },
      metadata: { a: 1 },
    })
  })

  test('is announced at each change', async () => {
    const { id } = await create()
    await update(id, { name: 'Eve' })
    await remove(id)
    const where = { entityId: id }
    expect(await shop.app.db.prisma.event.findMany({ where, orderBy: { sequence: 'asc' } })).toMatchObject([
      { type: 'customer.created', payload: { object: { id: encodeId('Customer', id), name: 'Ada' } } },
      { type: 'customer.updated', payload: { object: { name: 'Eve' } } },
      { type: 'customer.deleted', payload: { object: { name: 'Eve' } } },
    ])
  })

  test('that was deleted can be neither changed nor deleted again', async () => {
    const { id } = await create()
    await remove(id)
    expect(await refusals(update(id, { name: 'Eve' }))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(id))).toEqual(['NOT_FOUND id'])
  })
})

describe('an e-mail address', () => {
  test('belongs to one customer, however it is written, and is free again once they were deleted', async () => {
    const { id } = await create({ email: 'one@example.com' })
    expect(await refusals(create({ email: 'ONE@example.com' }))).toEqual(['ALREADY_EXISTS email'])
    await remove(id)
    const { id: next } = await create({ email: 'One@Example.COM' })
    expect((await row(next)).email).toBe('One@Example.COM')
    expect(await refusals(create({ email: 'one@example.com' }))).toEqual(['ALREADY_EXISTS email'])
  })

  test('cannot be taken from another customer by a change', async () => {
    await create({ email: 'taken@example.com' })
    const { id } = await create({ email: 'mine@example.com' })
    expect(await refusals(update(id, { email: 'Taken@example.com' }))).toEqual(['ALREADY_EXISTS email'])
    await update(id, { email: 'MINE@example.com' })
    expect((await row(id)).email).toBe('MINE@example.com')
  })

  test('and a reference may be the same in another tenant', async () => {
    await create({ email: 'both@example.com', reference: 'both' })
    const live = await shop.actor('LIVE')
    expect(await create({ email: 'both@example.com', reference: 'both' }, live)).toMatchObject({ replayed: false })
  })
})

test('a reference belongs to one customer, and is free again once they were deleted', async () => {
  const { id } = await create({ reference: 'r-1' })
  expect(await refusals(create({ reference: 'r-1' }))).toEqual(['ALREADY_EXISTS reference'])
  await remove(id)
  expect(await create({ reference: 'r-1' })).toMatchObject({ replayed: false })
})

test('bad input is reported field by field, all at once', async () => {
  const bad = {
    name: '',
    lastName: ' ',
    email: 'nobody',
    phone: '1'.repeat(31),
    address: { line1: 'x'.repeat(201), country: 'GBR' },
    reference: ' ',
    metadata: { 'a b': 1 },
  }
  expect(await refusals(create(bad))).toEqual([
    'REQUIRED name',
    'REQUIRED lastName',
    'INVALID email',
    'TOO_LONG phone',
    'TOO_LONG address.line1',
    'TOO_LONG address.country',
    'INVALID metadata.a b',
    'REQUIRED reference',
  ])
})

describe('who may', () => {
  test('a seller changes and deletes its own customers, and nobody else’s', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const { id: mine } = await create({}, seller)
    const { id: theirs } = await create({}, other)
    const { id: house } = await create()
    expect((await row(mine)).userId).toBe(seller.userId)
    await update(mine, { name: 'Bo' }, seller)
    for (const foreign of [theirs, house]) {
      expect(await refusals(update(foreign, { name: 'Bo' }, seller))).toEqual(['NOT_FOUND id'])
      expect(await refusals(remove(foreign, seller))).toEqual(['NOT_FOUND id'])
    }
    await remove(mine, seller)
  })

  test('a customer of another tenant, of another kind or of nobody is not found', async () => {
    const { id } = await create()
    expect(await refusals(update(id, { name: 'Bo' }, await shop.actor('LIVE')))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(newId()))).toEqual(['NOT_FOUND id'])
    expect(await refusals(shop.app.customers.remove(call(shop.owner), { id: encodeId('Product', id) }))).toEqual([
      'NOT_FOUND id',
    ])
  })
})
