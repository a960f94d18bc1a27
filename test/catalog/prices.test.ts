import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pricesOf } from '../../src/catalog/prices.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const EUR = { amount: '18', currency: 'EUR' }
const USD = { amount: '19.99', currency: 'USD' }
const JPY = { amount: '3000', currency: 'JPY' }
const MUG = { name: 'A mug', description: 'Blue, holds tea' }
const create = async (input: object) => (await shop.app.products.create(call(shop.owner), { ...MUG, ...input })).id
const update = (id: string, input: object) =>
  shop.app.products.update(call(shop.owner), { id: encodeId('Product', id), ...input })
async function pricesFor(id: string) {
  const where = { tenantId_id: { tenantId: shop.owner.tenantId, id } }
  const product = await shop.app.db.prisma.product.findUniqueOrThrow({ where })
  return pricesOf(product).map(({ minor, currency: { code } }) => `${minor} ${code}`)
}
const sell = (id: string, input: object = {}) => shop.open({ productId: encodeId('Product', id), ...input })

describe('the prices of a product', () => {
  test('are one for each currency, of which the first is the default', async () => {
    expect(await pricesFor(await create({ prices: [EUR, USD, JPY] }))).toEqual(['1800 EUR', '1999 USD', '3000 JPY'])
    expect(await pricesFor(await create({ price: USD }))).toEqual(['1999 USD'])
  })

  test('are replaced together, and the default also alone', async () => {
    const id = await create({ prices: [EUR, USD] })
    await update(id, { name: 'A cup' })
    expect(await pricesFor(id)).toEqual(['1800 EUR', '1999 USD'])
    await update(id, { price: JPY })
    expect(await pricesFor(id)).toEqual(['3000 JPY', '1999 USD'])
    await update(id, { price: { ...USD, amount: '5' } })
    expect(await pricesFor(id)).toEqual(['500 USD'])
    await update(id, { prices: [JPY, EUR] })
    expect(await pricesFor(id)).toEqual(['3000 JPY', '1800 EUR'])
  })

  test.each([
    [{ prices: [] }, ['OUT_OF_RANGE prices']],
    [{ prices: [USD, EUR, USD] }, ['INVALID prices.2']],
    [{ prices: [USD, { ...EUR, amount: '0' }] }, ['OUT_OF_RANGE prices.1.amount']],
    [{ prices: [{ ...EUR, currency: 'XYZ' }] }, ['INVALID prices.0.currency']],
    [{ price: USD, prices: [EUR] }, ['INVALID prices']],
    [{}, ['REQUIRED price.amount', 'REQUIRED price.currency']],
  ])('are refused where they are %o', async (input, expected) => {
    expect(await refusals(create(input))).toEqual(expected)
  })
})

describe('a product that no connected provider can sell', () => {
  const warningOf = async (input: object) =>
    (await shop.app.products.create(call(shop.owner), { ...MUG, ...input })).warning

  test('is kept with a warning that names the currencies that are taken', async () => {
    expect(await warningOf({ prices: [EUR, JPY] })).toBe(
      'No connected provider can sell the product at its prices in EUR, JPY: QBITFLOW accepts only prices in USD',
    )
    expect(await warningOf({ prices: [EUR, USD] })).toBeUndefined()
    const id = await create({ price: USD })
    expect((await update(id, { price: EUR })).warning).toContain('QBITFLOW accepts only prices in USD')
    expect((await update(id, { price: USD })).warning).toBeUndefined()
  })

  test('is no worry while no provider is connected', async () => {
    const live = await shop.actor('LIVE')
    const made = await shop.app.products.create(call(live), { ...MUG, price: JPY })
    expect(made).toEqual({ id: made.id, replayed: false })
  })
})

describe('a checkout', () => {
  test('sells a product in the currency that is wished for', async () => {
    const id = await create({ prices: [EUR, USD] })
    const { id: checkout, problems } = await sell(id, { currency: 'USD' })
    expect(problems).toEqual([])
    expect(await shop.checkout(checkout)).toMatchObject({ priceMinor: 1999n, currency: 'USD', status: 'OPEN' })
  })

  test('names the currencies that there are where it is none of them', async () => {
    const id = await create({ prices: [EUR, USD] })
    expect(await refusals(sell(id, { currency: 'JPY' }))).toEqual(['CURRENCY_MISMATCH currency'])
    await expect(sell(id, { currency: 'JPY' })).rejects.toThrow('its prices are in EUR, USD')
  })

  test('in a currency that no connected provider takes is refused at once', async () => {
    expect(await refusals(sell(await create({ prices: [EUR, USD] })))).toEqual(['CURRENCY_MISMATCH productId'])
  })

  test('has one currency in all of its lines', async () => {
    const productId = encodeId('Product', await create({ prices: [EUR, USD] }))
    const other = { ...MUG, price: USD }
    const items = [{ productId }, other]
    expect(await refusals(shop.open({ items }))).toEqual(['CURRENCY_MISMATCH items.1.price.currency'])
    expect((await shop.open({ items, currency: 'USD' })).problems).toEqual([])
    expect(await refusals(shop.open({ items: [other], currency: 'EUR' }))).toEqual([
      'CURRENCY_MISMATCH items.0.price.currency',
    ])
  })
})
