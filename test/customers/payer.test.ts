import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ITEM, openShop, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const create = async (input: object) => (await shop.app.customers.create(call(shop.owner), input)).id
const row = (id: string) =>
  shop.app.db.prisma.customer.findUniqueOrThrow({ where: { tenantId_id: { tenantId: shop.owner.tenantId, id } } })
const eventsOf = async (entityId: string) =>
  (await shop.app.db.prisma.event.findMany({ where: { entityId }, orderBy: { sequence: 'asc' } })).map(
    ({ type }) => type,
  )

/** Pays a page on which this is typed, and answers whose the payment is. */
async function pay(typed: object, customerId?: string): Promise<string> {
  const known = customerId === undefined ? {} : { customerId: encodeId('Customer', customerId) }
  const { id } = await shop.open({ item: ITEM, ...known })
  await shop.play(id, 'PAY', { customer: typed })
  await shop.reaches(id, 'COMPLETED')
  const payment = await shop.payment(id)
  return payment?.customerId ?? ''
}

describe('what a known customer types on the page', () => {
  test('is added where it was not known, and is told once', async () => {
    const id = await create({ phone: '+49 30 901820' })
    const typed = { name: 'Eve', lastName: 'Moss', email: 'eve@example.com', phone: '+44 20 7946 0958' }
    expect(await pay(typed, id)).toBe(id)
    expect(await row(id)).toMatchObject({ ...typed, phone: '+4930901820' })
    expect(await pay({ ...typed, name: 'Other', email: 'other@example.com' }, id)).toBe(id)
    expect(await row(id)).toMatchObject({ name: 'Eve', email: 'eve@example.com' })
    expect(await eventsOf(id)).toEqual(['customer.created', 'customer.updated'])
  })

  test('is added to one who is found by the address alone', async () => {
    const id = await create({ email: 'bare@example.com' })
    expect(await pay({ name: 'Bo', lastName: 'Reed', email: 'Bare@example.com' })).toBe(id)
    expect(await row(id)).toMatchObject({ name: 'Bo', lastName: 'Reed', email: 'bare@example.com' })
  })

  test('makes no name of two people’s', async () => {
    const id = await create({ name: 'Ada' })
    await pay({ name: 'Charles', lastName: 'Babbage', email: 'charles@example.com' }, id)
    expect(await row(id)).toMatchObject({ name: 'Ada', lastName: null, email: 'charles@example.com' })
    const same = await create({ name: 'Ada' })
    await pay({ name: 'ADA', lastName: 'Byron', email: 'ada.byron@example.com' }, same)
    expect(await row(same)).toMatchObject({ name: 'Ada', lastName: 'Byron' })
  })

  test('takes no address from another, and the payment is theirs all the same', async () => {
    const holder = await create({ email: 'held@example.com' })
    const merged = await create({ email: 'merged@example.com' })
    const ids = { fromId: encodeId('Customer', merged), intoId: encodeId('Customer', holder) }
    await shop.app.customers.merge(call(shop.owner), ids)
    for (const email of ['HELD@example.com', 'merged@example.com']) {
      const id = await create({ name: 'Gwen' })
      expect(await pay({ name: 'Gwen', lastName: 'Ash', email }, id)).toBe(id)
      expect(await row(id)).toMatchObject({ name: 'Gwen', lastName: 'Ash', email: null })
    }
    expect((await row(holder)).email).toBe('held@example.com')
  })

  test('gives an address to one of two who type it at the same moment, and both have paid', async () => {
    const ids = [await create({ name: 'Kim' }), await create({ name: 'Kim' })]
    const typed = { name: 'Kim', lastName: 'Lark', email: 'kim@example.com' }
    expect(await Promise.all(ids.map((id) => pay(typed, id)))).toEqual(ids)
    const rows = await Promise.all(ids.map(row))
    expect(rows.map(({ lastName }) => lastName)).toEqual(['Lark', 'Lark'])
    expect(rows.map(({ email }) => email).filter(Boolean)).toEqual(['kim@example.com'])
  })

  test('is no phone number where it is none', async () => {
    const id = await pay({ name: 'Moe', lastName: 'Fox', email: 'moe@example.com', phone: 'call me' })
    expect(await row(id)).toMatchObject({ name: 'Moe', phone: null })
    const known = await create({ name: 'Joe' })
    await pay({ name: 'Joe', lastName: 'Fox', email: 'joe@example.com', phone: '123' }, known)
    expect(await row(known)).toMatchObject({ email: 'joe@example.com', phone: null })
    const german = await create({ name: 'Jan', address: { country: 'DE' } })
    await pay({ name: 'Jan', lastName: 'Fox', email: 'jan@example.com', phone: '(030) 901820' }, german)
    expect((await row(german)).phone).toBe('+4930901820')
  })
})
