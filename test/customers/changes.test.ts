import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
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
  test('loses what is given as null, and keeps what is left out', async () => {
    const { id } = await create({
      ...FULL,
      ...{ email: 'null@example.com', reference: 'null-1' },
      language: 'en',
      taxId: 'T',
    })
    const gone = { name: null, phone: null, address: null, language: null, taxId: null, metadata: null }
    await update(id, gone)
    const kept = { lastName: 'Byron', email: 'null@example.com', reference: 'null-1' }
    expect(await row(id)).toMatchObject({ ...gone, ...kept, name: '', metadata: {} })
    await update(id, { lastName: null, reference: 'null-2', email: null })
    expect(await row(id)).toMatchObject({ lastName: null, reference: 'null-2', email: null })
    expect(await refusals(update(id, { reference: null }))).toEqual(['REQUIRED reference'])
    expect((await row(id)).reference).toBe('null-2')
  })

  test('is not announced where nothing is different', async () => {
    const { id } = await create({ ...FULL, email: 'same@example.com', reference: 'same-1' })
    const before = await row(id)
    await update(id, {})
    await update(id, { ...FULL, email: 'same@example.com', reference: 'same-1', taxId: null, language: null })
    expect(await row(id)).toEqual(before)
    expect(await shop.app.db.prisma.event.count({ where: { entityId: id } })).toBe(1)
  })

  test.each(['a\nb', 'a\u0001b', 'a\u2028b'])('has no name or reference such as %j', async (bad) => {
    const given = { name: bad, lastName: bad, reference: bad, taxId: bad, address: { city: bad } }
    const all = ['INVALID name', 'INVALID lastName', 'INVALID address.city', 'INVALID taxId', 'INVALID reference']
    expect(await refusals(create(given))).toEqual(all)
    expect(await refusals(update((await create()).id, given))).toEqual(all)
  })

  test('is told all errors at once, also those of several fields', async () => {
    const { id } = await create()
    const bad = { phone: '123', email: 'solo' }
    expect(await refusals(update(id, bad))).toEqual(['INVALID email', 'INVALID phone'])
    expect(await refusals(create(bad))).toEqual(['INVALID email', 'INVALID phone'])
    expect(await refusals(create({ name: null, language: 'x' }))).toEqual(['INVALID language', 'REQUIRED name'])
  })

  test('whose reference or address another has is told who that is', async () => {
    const { id } = await create({ email: 'who@example.com', reference: 'who' })
    const named = `The customer ${encodeId('Customer', id)} has this`
    await expect(create({ email: 'WHO@example.com' })).rejects.toThrow(`${named} e-mail address`)
    await expect(create({ reference: 'who' })).rejects.toThrow(`${named} reference`)
    const { id: other } = await create()
    await expect(update(other, { reference: 'who' })).rejects.toThrow(`${named} reference`)
  })
})
