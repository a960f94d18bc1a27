import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ADA, ITEM, openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const prisma = () => shop.app.db.prisma
const create = async (input: object = {}, actor: Actor = shop.owner) =>
  (await shop.app.customers.create(call(actor), { name: 'Ada', ...input })).id
const merge = (fromId: string, intoId: string, actor: Actor = shop.owner) =>
  shop.app.customers.merge(call(actor), {
    fromId: encodeId('Customer', fromId),
    intoId: encodeId('Customer', intoId),
  })
const row = (id: string) =>
  prisma().customer.findUniqueOrThrow({ where: { tenantId_id: { tenantId: shop.owner.tenantId, id } } })
const eventsOf = async (entityId: string) =>
  (await prisma().event.findMany({ where: { entityId }, orderBy: { sequence: 'asc' } })).map(({ type }) => type)

/** A checkout of the customer that was paid. */
async function paid(customerId: string): Promise<string> {
  const { id } = await shop.open({ item: ITEM, customerId: encodeId('Customer', customerId) })
  await shop.play(id, 'PAY', { customer: ADA })
  await shop.reaches(id, 'COMPLETED')
  return id
}

describe('two customers who are merged', () => {
  test('are one, who has what both had', async () => {
    const from = await create({ lastName: 'Byron', email: 'had@example.com' })
    const into = await create({ lastName: 'Byron', email: 'has@example.com' })
    const checkouts = [await paid(from), await paid(into)]
    expect(await merge(from, into)).toMatchObject({ id: into })
    for (const id of checkouts) {
      expect((await shop.checkout(id)).customerId).toBe(into)
      expect((await shop.payment(id))?.customerId).toBe(into)
    }
    expect(await row(from)).toMatchObject({ mergedIntoId: into, deletedAt: expect.any(Date) })
    expect(await eventsOf(from)).toEqual(['customer.created', 'customer.merged'])
    expect(await eventsOf(into)).toEqual(['customer.created', 'customer.updated'])
  })

  test('are known by what was known of either, and a name is not put together from two', async () => {
    const known = { lastName: 'Byron', phone: '+442079460958', reference: 'merged-1', language: 'en' }
    const from = await create({ ...known, email: 'filled@example.com', metadata: { a: 1, b: 1 }, taxId: 'X1' })
    const into = await create({ name: 'Augusta', language: 'fr', metadata: { b: 2 } })
    await merge(from, into)
    expect(await row(into)).toMatchObject({
      ...{ name: 'Augusta', lastName: null, language: 'fr', metadata: { a: 1, b: 2 }, taxId: 'X1' },
      ...{ phone: '+442079460958', reference: 'merged-1', email: 'filled@example.com' },
    })
  })

  test('are merged once, however often it is asked for', async () => {
    const [from, into] = [await create(), await create()]
    await Promise.all(Array.from({ length: 5 }, () => merge(from, into)))
    await merge(from, into)
    expect(await eventsOf(from)).toEqual(['customer.created', 'customer.merged'])
    expect(await eventsOf(into)).toEqual(['customer.created', 'customer.updated'])
  })

  test('stay with the last one where that is merged too', async () => {
    const [first, second, third] = [await create(), await create(), await create()]
    const checkout = await paid(first)
    await merge(first, second)
    await merge(second, third)
    expect((await row(first)).mergedIntoId).toBe(third)
    expect((await shop.payment(checkout))?.customerId).toBe(third)
  })

  test('in both directions at the same moment leave one', async () => {
    const [one, other] = [await create(), await create()]
    const all = await Promise.allSettled([merge(one, other), merge(other, one)])
    expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const rows = [await row(one), await row(other)]
    expect(rows.filter(({ deletedAt }) => deletedAt === null)).toHaveLength(1)
  })

  test('keep the copies that providers have of them', async () => {
    const [from, into, bare] = [
      await create({ ...ADA, email: 'copy1@example.com' }),
      await create({ ...ADA, email: 'copy2@example.com' }),
      await create(),
    ]
    await paid(from)
    await paid(into)
    const linkOf = (entityId: string) => prisma().providerLink.findFirst({ where: { entityId } })
    const before = await linkOf(from)
    await merge(from, into)
    expect(await linkOf(from)).toEqual(before)
    await merge(into, bare)
    expect(await linkOf(into)).toBeNull()
    expect(await linkOf(bare)).not.toBeNull()
  })
})

describe('a payment that arrives', () => {
  test('while its customer is merged is the one’s who is left', async () => {
    for (let round = 0; round < 5; round += 1) {
      const email = `race${round}@example.com`
      const [from, into] = [await create({ email }), await create()]
      const given = await shop.open({ item: ITEM, customerId: encodeId('Customer', from) })
      const asked = await shop.open()
      await Promise.all([
        shop.play(given.id, 'PAY', { customer: { ...ADA, email } }),
        shop.play(asked.id, 'PAY', { customer: { ...ADA, email } }),
        merge(from, into),
        shop.open({ item: ITEM, customerId: encodeId('Customer', from) }).catch(() => undefined),
      ])
      for (const { id } of [given, asked]) expect((await shop.reaches(id, 'COMPLETED')).customerId).toBe(into)
      const left = { tenantId: shop.owner.tenantId, customerId: from }
      expect(await prisma().payment.count({ where: left })).toBe(0)
      expect(await prisma().checkout.count({ where: left })).toBe(0)
    }
  })

  test('from an address of somebody who was merged is the one’s who is left', async () => {
    const [from, into] = [await create({ email: 'old@example.com' }), await create({ email: 'new@example.com' })]
    await merge(from, into)
    const { id } = await shop.open()
    await shop.play(id, 'PAY', { customer: { ...ADA, email: 'OLD@example.com' } })
    expect((await shop.reaches(id, 'COMPLETED')).customerId).toBe(into)
  })
})

describe('the address of somebody who was merged', () => {
  const refused = (work: Promise<unknown>) =>
    work.then(String, ({ problems: [{ code, message }] }) => `${code} ${message}`)

  test('is given to nobody but the one who is left, until that one is archived', async () => {
    const [from, into] = [await create({ email: 'kept@example.com' }), await create({ email: 'left@example.com' })]
    await merge(from, into)
    const taken = `ALREADY_EXISTS The customer ${encodeId('Customer', into)} has this e-mail address`
    expect(await refused(create({ email: 'KEPT@example.com' }))).toBe(taken)
    const other = encodeId('Customer', await create())
    const take = () => shop.app.customers.update(call(shop.owner), { id: other, email: 'kept@example.com' })
    expect(await refused(take())).toBe(taken)
    await create({ email: 'kept@example.com' }, await shop.seller())
    const id = encodeId('Customer', into)
    await shop.app.customers.update(call(shop.owner), { id, email: 'kept@example.com' })
    await shop.app.customers.update(call(shop.owner), { id, email: 'left@example.com' })
    await shop.app.customers.remove(call(shop.owner), { id })
    await take()
    const checkout = await shop.open()
    await shop.play(checkout.id, 'PAY', { customer: { ...ADA, email: 'kept@example.com' } })
    const { customerId } = await shop.reaches(checkout.id, 'COMPLETED')
    expect(encodeId('Customer', customerId ?? '')).toBe(other)
  })
})

describe('a merge is refused', () => {
  test('of customers of two sellers, of somebody else’s, and of one with themselves', async () => {
    const seller = await shop.seller()
    const [mine, theirs] = [await create(), await create({}, seller)]
    expect(await refusals(merge(mine, theirs))).toEqual(['INVALID_STATE intoId'])
    expect(await refusals(merge(mine, theirs, seller))).toEqual(['NOT_FOUND fromId'])
    expect(await refusals(merge(theirs, mine, seller))).toEqual(['NOT_FOUND intoId'])
    expect(await refusals(merge(mine, mine))).toEqual(['INVALID intoId'])
    expect(await refusals(merge(mine, theirs, await shop.actor('LIVE')))).toEqual(['NOT_FOUND fromId'])
  })

  test('into one who is archived, and of one who was merged into another', async () => {
    const [one, other, third] = [await create(), await create(), await create()]
    await merge(one, other)
    expect(await refusals(merge(one, third))).toEqual(['INVALID_STATE fromId'])
    expect(await refusals(merge(third, one))).toEqual(['INVALID_STATE intoId'])
    await shop.app.customers.remove(call(shop.owner), { id: encodeId('Customer', other) })
    expect(await refusals(merge(third, other))).toEqual(['INVALID_STATE intoId'])
    expect(await refusals(shop.app.customers.restore(call(shop.owner), { id: encodeId('Customer', one) }))).toEqual([
      'INVALID_STATE id',
    ])
  })
})
