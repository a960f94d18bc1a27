import { describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { ADA, ITEM, refusals } from '../support/shop.ts'
import { product, SESSION, setStage, shop, wire } from './opening-stage.ts'

setStage()

async function customer(input: object = {}, actor: Actor = shop.owner) {
  const { id } = await shop.app.customers.create(call(actor), input)
  return { id, customerId: encodeId('Customer', id) }
}

/** What the provider was asked for at the last session. */
function lastSession() {
  const { body } = wire.requests.findLast(({ path }) => path === SESSION) ?? { body: '{}' }
  return JSON.parse(body)
}

describe('a checkout of an item', () => {
  test('is open with a link for 24 hours, and says how it came there', async () => {
    const { id, problems, replayed } = await shop.open({
      item: ITEM,
      successUrl: 'https://shop.example/?id={{UUID}}',
      cancelUrl: 'https://shop.example/no',
    })
    expect({ problems, replayed }).toEqual({ problems: [], replayed: false })
    const checkout = await shop.checkout(id)
    expect(checkout).toMatchObject({ status: 'OPEN', priceMinor: 1999n, currency: 'USD', itemName: 'A mug' })
    expect(checkout.url).toContain(`/checkout/${checkout.externalId}`)
    const hours = (checkout.expiresAt.getTime() - checkout.createdAt.getTime()) / 3_600_000
    expect(hours).toBeCloseTo(24, 2)
    expect(await shop.announced(id)).toEqual(['checkout.created', 'checkout.opened'])
    expect(lastSession()).toMatchObject({
      productName: 'A mug',
      price: 19.99,
      successUrl: 'https://shop.example/?id={{UUID}}',
      cancelUrl: 'https://shop.example/no',
      reference: encodeId('Checkout', id),
    })
  })

  test('keeps its addresses in the form in which browsers write them, or refuses them', async () => {
    const { id } = await shop.open({
      item: ITEM,
      successUrl: 'HTTPS://Shop.example/a/../{{UUID}}',
      cancelUrl: 'https://shop.example',
    })
    const { successUrl, cancelUrl } = await shop.checkout(id)
    expect([successUrl, cancelUrl]).toEqual(['https://shop.example/{{UUID}}', 'https://shop.example/'])
    const bad = {
      successUrl: 'https://shop.example/\nx',
      cancelUrl: 'https:\\\\evil.example',
      webhookUrl: 'https://a:b@x.example',
    }
    expect((await refusals(shop.open({ item: ITEM, ...bad }))).sort()).toEqual([
      'INVALID cancelUrl',
      'INVALID successUrl',
      'INVALID webhookUrl',
    ])
  })

  test('is not even recorded when anything of it is wrong, all of which is said', async () => {
    const before = await shop.app.db.prisma.checkout.count()
    const bad = {
      kind: 'GIFT',
      item: { name: '', description: '<b>', price: { amount: '0', currency: 'USD' } },
      customerId: 'cust_x',
      successUrl: 'javascript:alert(1)',
    }
    expect((await refusals(shop.open(bad))).sort()).toEqual([
      'INVALID item.description',
      'INVALID kind',
      'INVALID successUrl',
      'NOT_FOUND customerId',
      'OUT_OF_RANGE item.price.amount',
      'REQUIRED item.name',
    ])
    expect(await shop.app.db.prisma.checkout.count()).toBe(before)
    expect(wire.requests).toEqual([])
  })
})

describe('what is sold', () => {
  test('is either a product or an item', async () => {
    const { productId } = await product()
    expect(await refusals(shop.open({}))).toEqual(['REQUIRED productId'])
    expect(await refusals(shop.open({ productId, item: ITEM }))).toEqual(['INVALID item'])
  })

  test('is a product of the tenant that is neither deleted nor switched off', async () => {
    const { productId } = await product()
    const foreign = await product({}, await shop.actor('LIVE'))
    expect(await refusals(shop.open({ productId: foreign.productId }))).toEqual(['NOT_FOUND productId'])
    expect(await refusals(shop.open({ productId: encodeId('Product', newId()) }))).toEqual(['NOT_FOUND productId'])
    expect(await refusals(shop.open({ productId: encodeId('Customer', newId()) }))).toEqual(['NOT_FOUND productId'])
    await shop.app.products.update(call(shop.owner), { id: productId, active: false })
    expect(await refusals(shop.open({ productId }))).toEqual(['INVALID_STATE productId'])
    await shop.app.products.remove(call(shop.owner), { id: productId })
    expect(await refusals(shop.open({ productId }))).toEqual(['NOT_FOUND productId'])
  })

  test('is priced in a currency that the provider takes', async () => {
    const price = { amount: '5', currency: 'EUR' }
    const { productId } = await product({ price })
    expect(await refusals(shop.open({ productId }))).toEqual(['CURRENCY_MISMATCH productId'])
    expect(await refusals(shop.open({ item: { ...ITEM, price } }))).toEqual(['CURRENCY_MISMATCH item.price.currency'])
  })

  test('is a seller’s own product', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const { productId } = await product({}, seller)
    expect(await refusals(shop.open({ productId }, other))).toEqual(['NOT_FOUND productId'])
    const { id } = await shop.open({ productId }, seller)
    expect((await shop.checkout(id)).userId).toBe(seller.userId)
  })
})

test('a kind or a provider that is not there is UNSUPPORTED, by its field', async () => {
  expect(await refusals(shop.open({ kind: 'SETUP', item: ITEM }))).toEqual(['UNSUPPORTED kind'])
  expect(await refusals(shop.open({ item: ITEM, provider: 'QFPAY' }))).toEqual(['UNSUPPORTED provider'])
  expect(await refusals(shop.open({ item: ITEM }, await shop.actor('LIVE')))).toEqual(['UNSUPPORTED provider'])
})

describe('a product at the provider', () => {
  test('is made once, at its first sale, and changed when it was changed here', async () => {
    const { productId } = await product()
    for (let sale = 0; sale < 3; sale++) await shop.open({ productId })
    expect([wire.count('POST', '/product'), wire.count('PUT', '/product')]).toEqual([1, 0])

    await shop.app.products.update(call(shop.owner), { id: productId, price: { amount: '24.50', currency: 'USD' } })
    const { id } = await shop.open({ productId })
    await shop.open({ productId })
    expect([wire.count('POST', '/product'), wire.count('PUT', '/product')]).toEqual([1, 1])
    await shop.play(id, 'PAY')
    await shop.poll()
    expect((await shop.reaches(id, 'COMPLETED')).amountMinor).toBe(2450n)
  })

  test('is one and the same for ten first sales at once', async () => {
    const { productId } = await product()
    const opened = await Promise.all(Array.from({ length: 10 }, () => shop.open({ productId })))
    expect(opened.flatMap((done) => done.problems)).toEqual([])
    const products = wire.requests.filter(({ path }) => path === SESSION).map(({ body }) => JSON.parse(body).productId)
    expect(new Set(products).size).toBe(1)
  })

  test('is found again when the answer to its making was lost', async () => {
    const { productId } = await product()
    wire.fault = ({ method, path }) => (method === 'POST' && path === '/product' ? 'answer lost' : undefined)
    expect(await shop.open({ productId })).toMatchObject({ problems: [] })
    await shop.open({ productId })
    expect(wire.count('POST', '/product')).toBe(1)
  })

  test('that takes over the reference of a deleted one is sold at its own price', async () => {
    const old = await product({ reference: 'reused' })
    await shop.open({ productId: old.productId })
    await shop.app.products.remove(call(shop.owner), { id: old.productId })
    const { productId } = await product({ reference: 'reused', price: { amount: '5.00', currency: 'USD' } })
    const { id } = await shop.open({ productId })
    await shop.play(id, 'PAY')
    await shop.poll()
    expect(await shop.reaches(id, 'COMPLETED')).toMatchObject({ amountMinor: 500n })
  })
})

test('a checkout that opens late is sold at the price that it was made with', async () => {
  const { productId } = await product()
  wire.fault = ({ path }) => (path === SESSION ? 'lost on the way' : undefined)
  const { id } = await shop.open({ productId })
  await shop.app.products.update(call(shop.owner), { id: productId, price: { amount: '99.00', currency: 'USD' } })
  wire.fault = undefined
  await shop.poll()
  await shop.play(id, 'PAY')
  await shop.poll()
  expect(await shop.reaches(id, 'COMPLETED')).toMatchObject({ amountMinor: 1999n })
})

describe('a customer at the provider', () => {
  test('is made once when all is known that its page wants, so that it does not ask', async () => {
    const { customerId, id: ours } = await customer({ ...ADA, email: 'known@example.com' })
    const { id } = await shop.open({ item: ITEM, customerId })
    await shop.open({ item: ITEM, customerId })
    expect(wire.count('POST', '/customer')).toBe(1)
    expect(lastSession().customerUUID).toBeDefined()
    await shop.play(id, 'PAY', {})
    await shop.poll()
    expect((await shop.reaches(id, 'COMPLETED')).customerId).toBe(ours)
  })

  test('is changed when it was changed here', async () => {
    const { customerId } = await customer({ ...ADA, email: 'changing@example.com' })
    await shop.open({ item: ITEM, customerId })
    await shop.app.customers.update(call(shop.owner), { id: customerId, lastName: 'King' })
    await shop.open({ item: ITEM, customerId })
    expect([wire.count('POST', '/customer'), wire.count('PUT', '/customer')]).toEqual([1, 1])
  })

  test('is not made from half of what its page wants: it asks, and the payment is still our customer’s', async () => {
    const { customerId, id: ours } = await customer({ name: 'Bo' })
    const { id } = await shop.open({ item: ITEM, customerId })
    expect(wire.count('POST', '/customer')).toBe(0)
    await shop.play(id, 'PAY', { customer: { ...ADA, email: 'bo@example.com' } })
    await shop.poll()
    expect((await shop.reaches(id, 'COMPLETED')).customerId).toBe(ours)
  })

  test('whose name the provider does not take is no obstacle: its page asks', async () => {
    const { customerId } = await customer({ name: 'Müller & Söhne', lastName: 'GmbH (Köln)', email: 'm@example.com' })
    const { id, problems } = await shop.open({ item: ITEM, customerId })
    expect(problems).toEqual([])
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
  })

  test('is one of the tenant and not deleted', async () => {
    const foreign = await customer({ name: 'Bo' }, await shop.actor('LIVE'))
    expect(await refusals(shop.open({ item: ITEM, customerId: foreign.customerId }))).toEqual(['NOT_FOUND customerId'])
    const { customerId } = await customer({ name: 'Bo' })
    await shop.app.customers.remove(call(shop.owner), { id: customerId })
    expect(await refusals(shop.open({ item: ITEM, customerId }))).toEqual(['NOT_FOUND customerId'])
  })

  test('and a product that are both unknown are both reported', async () => {
    const unknown = { productId: encodeId('Product', newId()), customerId: encodeId('Customer', newId()) }
    expect(await refusals(shop.open(unknown))).toEqual(['NOT_FOUND productId', 'NOT_FOUND customerId'])
  })
})
