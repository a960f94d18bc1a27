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

const MUG = { name: 'A mug', description: 'Blue, holds tea', price: { amount: '19.99', currency: 'USD' } }
const create = (input: object = {}, actor: Actor = shop.owner) =>
  shop.app.products.create(call(actor), { ...MUG, ...input })
const update = (id: string, input: object, actor: Actor = shop.owner) =>
  shop.app.products.update(call(actor), { id: encodeId('Product', id), ...input })
const remove = (id: string, actor: Actor = shop.owner) =>
  shop.app.products.remove(call(actor), { id: encodeId('Product', id) })
const row = (id: string) =>
  shop.app.db.prisma.product.findUniqueOrThrow({ where: { tenantId_id: { tenantId: shop.owner.tenantId, id } } })
const eventsOf = (entityId: string) =>
  shop.app.db.prisma.event.findMany({ where: { entityId }, orderBy: { sequence: 'asc' } })

describe('a product', () => {
  test('is kept as it was given, under a reference of its own where none was', async () => {
    const { id, replayed } = await create({ metadata: { size: 'L' } })
    expect(replayed).toBe(false)
    expect(await row(id)).toMatchObject({
      name: 'A mug',
      description: 'Blue, holds tea',
      priceMinor: 1999n,
      currency: 'USD',
      reference: encodeId('Product', id),
      metadata: { size: 'L' },
      active: true,
      userId: null,
    })
  })

  test('changes where it is told to and nowhere else', async () => {
    const { id } = await create({ reference: 'changing' })
    await update(id, { name: 'A cup', price: { amount: '5', currency: 'EUR' }, description: null })
    const changed = { name: 'A cup', description: 'Blue, holds tea', priceMinor: 500n, currency: 'EUR' }
    expect(await row(id)).toMatchObject({ ...changed, reference: 'changing', active: true })
    await update(id, { active: false })
    expect(await row(id)).toMatchObject({ ...changed, active: false })
  })

  test('is announced at each change, with what it is after it', async () => {
    const { id } = await create()
    await update(id, { name: 'A cup' })
    await remove(id)
    expect(await eventsOf(id)).toMatchObject([
      { type: 'product.created', sequence: 1, payload: { object: { name: 'A mug', active: true } } },
      { type: 'product.updated', sequence: 2, payload: { object: { name: 'A cup', price: { minor: '1999' } } } },
      { type: 'product.deleted', sequence: 3, payload: { object: { name: 'A cup', active: false } } },
    ])
  })

  test('that was deleted can be neither changed nor deleted again', async () => {
    const { id } = await create()
    await remove(id)
    expect(await refusals(update(id, { name: 'A cup' }))).toEqual(['INVALID_STATE id'])
    await expect(update(id, { name: 'A cup' })).rejects.toThrow('restoreProduct')
    expect(await refusals(remove(id))).toEqual(['INVALID_STATE id'])
    expect(await eventsOf(id)).toHaveLength(2)
  })

  test('is not announced where nothing is different, and loses its metadata by null', async () => {
    const { id } = await create({ metadata: { a: 1, b: 2 } })
    const before = await row(id)
    await update(id, {})
    await update(id, {
      name: before.name,
      price: MUG.price,
      active: true,
      metadata: { b: 2, a: 1 },
      description: null,
    })
    expect((await row(id)).updatedAt).toEqual(before.updatedAt)
    await update(id, { metadata: null })
    expect((await row(id)).metadata).toEqual({})
    expect((await eventsOf(id)).map(({ type }) => type)).toEqual(['product.created', 'product.updated'])
  })

  test('whose reference another has is told which, and no reference has a line break', async () => {
    const { id } = await create({ reference: 'which' })
    await expect(create({ reference: 'which' })).rejects.toThrow(
      `The product ${encodeId('Product', id)} has this reference`,
    )
    expect(await refusals(create({ reference: 'a\nb' }))).toEqual(['INVALID reference'])
  })
})

describe('a product in the archive', () => {
  const restore = (id: string, actor: Actor = shop.owner) =>
    shop.app.products.restore(call(actor), { id: encodeId('Product', id) })
  const sell = (id: string) => shop.open({ productId: encodeId('Product', id) })

  test('is not sold, and is sold again once it was restored', async () => {
    const { id } = await create()
    await remove(id)
    expect(await refusals(sell(id))).toEqual(['NOT_FOUND productId'])
    await restore(id)
    await restore(id)
    expect(await row(id)).toMatchObject({ active: true, deletedAt: null })
    await sell(id)
    const types = (await eventsOf(id)).map(({ type }) => type)
    expect(types).toEqual(['product.created', 'product.deleted', 'product.restored'])
  })

  test('stays there while another has its reference', async () => {
    const { id } = await create({ reference: 'reused' })
    await remove(id)
    await create({ reference: 'reused' })
    expect(await refusals(restore(id))).toEqual(['ALREADY_EXISTS reference'])
    expect((await row(id)).deletedAt).not.toBeNull()
  })

  test('is restored by nobody else’s key', async () => {
    const { id } = await create()
    await remove(id)
    for (const actor of [await shop.seller(), await shop.actor('LIVE')]) {
      expect(await refusals(restore(id, actor))).toEqual(['NOT_FOUND id'])
    }
  })
})

describe('a reference', () => {
  test('belongs to one product, and is free again once that was deleted', async () => {
    const { id } = await create({ reference: 'mug' })
    expect(await refusals(create({ reference: 'mug' }))).toEqual(['ALREADY_EXISTS reference'])
    await remove(id)
    expect(await create({ reference: 'mug' })).toMatchObject({ replayed: false })
    expect(await refusals(create({ reference: 'mug' }))).toEqual(['ALREADY_EXISTS reference'])
  })

  test('goes to one of twenty who want it at once', async () => {
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => create({ reference: 'wanted' })))
    expect(all.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
    for (const each of all) {
      if (each.status === 'rejected')
        expect(await refusals(Promise.reject(each.reason))).toEqual(['ALREADY_EXISTS reference'])
    }
  })

  test('may be the same in another tenant', async () => {
    await create({ reference: 'everywhere' })
    expect(await create({ reference: 'everywhere' }, await shop.actor('LIVE'))).toMatchObject({ replayed: false })
  })
})

describe('bad input', () => {
  test('is reported field by field, all at once', async () => {
    const bad = { name: ' ', description: '', price: { amount: '-1', currency: 'USD' }, reference: 'a/b', metadata: [] }
    expect(await refusals(create(bad))).toEqual([
      'REQUIRED name',
      'REQUIRED description',
      'OUT_OF_RANGE price.amount',
      'INVALID reference',
      'INVALID metadata',
    ])
    const nothing = { name: null, description: null, price: null }
    const required = ['REQUIRED name', 'REQUIRED description', 'REQUIRED price.amount', 'REQUIRED price.currency']
    expect(await refusals(create(nothing))).toEqual(required)
  })

  test('that no provider could sell is refused', async () => {
    for (const name of ['<b>mug</b>', 'a "mug"', 'mug; drop', 'bell \u0007']) {
      expect(await refusals(create({ name })), name).toEqual(['INVALID name'])
    }
    expect(await create({ description: 'Two lines\nare fine' })).toMatchObject({ replayed: false })
  })

  test('in a change is named like in the making', async () => {
    const { id } = await create()
    const bad = { name: 'x'.repeat(101), price: { amount: '1.999', currency: 'USD' } }
    expect(await refusals(update(id, bad))).toEqual(['TOO_LONG name', 'INVALID price.amount'])
  })

  test('leaves nothing behind', async () => {
    const before = await shop.app.db.prisma.product.count()
    await refusals(create({ name: '' }))
    expect(await shop.app.db.prisma.product.count()).toBe(before)
  })
})

describe('who may', () => {
  test('a seller changes and deletes its own products, and nobody else’s', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const { id: mine } = await create({}, seller)
    const { id: theirs } = await create({}, other)
    const { id: house } = await create()
    expect((await row(mine)).userId).toBe(seller.userId)
    await update(mine, { name: 'My mug' }, seller)
    for (const foreign of [theirs, house]) {
      expect(await refusals(update(foreign, { name: 'My mug' }, seller))).toEqual(['NOT_FOUND id'])
      expect(await refusals(remove(foreign, seller))).toEqual(['NOT_FOUND id'])
    }
    await remove(mine, seller)
  })

  test('an owner changes a seller’s product, which stays the seller’s', async () => {
    const seller = await shop.seller()
    const { id } = await create({}, seller)
    await update(id, { name: 'Their mug' })
    expect(await row(id)).toMatchObject({ name: 'Their mug', userId: seller.userId })
  })

  test('a product of another tenant, of another kind or of nobody is not found', async () => {
    const { id } = await create()
    const live = await shop.actor('LIVE')
    expect(await refusals(update(id, { name: 'Mine' }, live))).toEqual(['NOT_FOUND id'])
    expect(await refusals(remove(id, live))).toEqual(['NOT_FOUND id'])
    expect(await refusals(update(newId(), { name: 'Mine' }))).toEqual(['NOT_FOUND id'])
    for (const wrong of [undefined, null, '', 'prod_x', encodeId('Customer', id)]) {
      const [problem] = await refusals(shop.app.products.remove(call(shop.owner), { id: wrong }))
      expect(problem).toMatch(/ id$/)
    }
  })
})

test('a repeat under the same key is answered with the same product, also after it was deleted', async () => {
  const by = call(shop.owner, 'make a mug', MUG)
  const { id } = await shop.app.products.create(by, { ...MUG, reference: 'keyed' })
  await remove(id)
  expect(await shop.app.products.create(by, { ...MUG, reference: 'keyed' })).toEqual({ id, replayed: true })
})
