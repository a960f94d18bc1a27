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
    expect(await row((await create(FULL)).id)).toMatchObject({ ...FULL, phone: '+442079460000' })
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
    expect(await refusals(update(id, { name: 'Eve' }))).toEqual(['INVALID_STATE id'])
    await expect(update(id, { name: 'Eve' })).rejects.toThrow('restoreCustomer')
    expect(await refusals(remove(id))).toEqual(['INVALID_STATE id'])
  })
})

describe('who a customer is', () => {
  test.each([
    { email: 'only@example.com' },
    { phone: '+49 30 901820' },
    { reference: 'only-a-reference' },
    { lastName: 'Only' },
  ])('may be told by %o alone', async (known) => {
    const { id } = await create({ name: null, ...known })
    expect((await row(id)).name).toBe('')
    const where = { entityId: id }
    expect(await shop.app.db.prisma.event.findFirst({ where })).toMatchObject({ payload: { object: { name: null } } })
  })

  test('must be told by something that they can be found by', async () => {
    for (const nothing of [{}, { language: 'de' }, { metadata: { vip: true } }, { address: { city: 'London' } }]) {
      expect(await refusals(create({ name: null, ...nothing }))).toEqual(['REQUIRED name'])
    }
  })

  test('includes a language, a tax id and a country, each in its usual form', async () => {
    const given = { language: 'DE-at', taxId: ' ATU12345678 ', taxIdCountry: 'at', address: { country: 'gb' } }
    const kept = { language: 'de-AT', taxId: 'ATU12345678', taxIdCountry: 'AT', address: { country: 'GB' } }
    expect(await row((await create(given)).id)).toMatchObject(kept)
  })

  test.each([
    [{ language: 'german language' }, 'INVALID language'],
    [{ language: 'x' }, 'INVALID language'],
    [{ language: 'a-'.repeat(30) }, 'TOO_LONG language'],
    [{ address: { country: 'XX' } }, 'INVALID address.country'],
    [{ address: { country: 'UK' } }, 'INVALID address.country'],
    [{ address: { country: 'EU' } }, 'INVALID address.country'],
    [{ address: { country: 'ß' } }, 'TOO_SHORT address.country'],
    [{ taxIdCountry: '1A' }, 'INVALID taxIdCountry'],
    [{ taxId: '9'.repeat(51) }, 'TOO_LONG taxId'],
  ])('is refused where it says %o', async (input, refusal) => {
    expect(await refusals(create(input))).toEqual([refusal])
    const { id } = await create()
    expect(await refusals(update(id, input))).toEqual([refusal])
  })
})

describe('a phone number', () => {
  test.each([
    [{ phone: '+44 (0)20 7946 0958' }, '+442079460958'],
    [{ phone: '020 7946 0958', address: { country: 'GB' } }, '+442079460958'],
    [{ phone: '+1 202 555 0100', address: { country: 'DE' } }, '+12025550100'],
    [{ phone: '０２０ 7946 0958', address: { country: 'gb' } }, '+442079460958'],
  ])('as in %o is kept as %s', async (input, kept) => {
    expect((await row((await create(input)).id)).phone).toBe(kept)
  })

  test.each([
    [{ phone: '020 7946 0958' }],
    [{ phone: 'call me' }],
    [{ phone: '+1' }],
    [{ phone: '+999 123 456 789' }],
    [{ phone: '+44 20 7946 0958 ext. 12' }],
    [{ phone: 'phone: +44 20 7946 0958' }],
    [{ phone: '020 7946 0958', address: { country: 'AQ' } }],
  ])('as in %o is refused, and nothing is kept', async (input) => {
    expect(await refusals(create(input))).toEqual(['INVALID phone'])
    const { id } = await create()
    expect(await refusals(update(id, input))).toEqual(['INVALID phone'])
    expect((await row(id)).phone).toBeNull()
  })

  test('that was kept before in another form stays until it is changed', async () => {
    const { id } = await create()
    const where = { tenantId_id: { tenantId: shop.owner.tenantId, id } }
    await shop.app.db.prisma.customer.update({ where, data: { phone: 'ask Bob' } })
    await update(id, { name: 'Eve' })
    expect((await row(id)).phone).toBe('ask Bob')
  })
})

describe('a customer in the archive', () => {
  const restore = (id: string, actor: Actor = shop.owner) =>
    shop.app.customers.restore(call(actor), { id: encodeId('Customer', id) })

  test('comes back as they were, is announced, and is not announced again', async () => {
    const { id } = await create({ ...FULL, email: 'back@example.com', reference: 'back' })
    const before = await row(id)
    await remove(id)
    await restore(id)
    await restore(id)
    expect(await row(id)).toEqual({ ...before, updatedAt: expect.any(Date) })
    const events = await shop.app.db.prisma.event.findMany({ where: { entityId: id }, orderBy: { sequence: 'asc' } })
    expect(events.map(({ type }) => type)).toEqual(['customer.created', 'customer.deleted', 'customer.restored'])
  })

  test('stays there while another has their e-mail address or reference', async () => {
    const { id } = await create({ email: 'reused@example.com' })
    await remove(id)
    const { id: other } = await create({ email: 'Reused@example.com' })
    expect(await refusals(restore(id))).toEqual(['ALREADY_EXISTS email'])
    await remove(other)
    await restore(id)
    expect((await row(id)).deletedAt).toBeNull()
  })

  test('is restored by nobody else’s key', async () => {
    const { id } = await create()
    await remove(id)
    for (const actor of [await shop.seller(), await shop.actor('LIVE')]) {
      expect(await refusals(restore(id, actor))).toEqual(['NOT_FOUND id'])
    }
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
