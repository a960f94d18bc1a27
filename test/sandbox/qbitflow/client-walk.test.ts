import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Playground, reaches, startPlayground } from './support.ts'

/** The way that an official client's own integration suite takes through the API. */

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const call = (method: string, path: string, body?: unknown) => world.call(method, `/v1${path}`, body)

test('products are created, found, changed and deleted', async () => {
  const wanted = {
    name: 'Test Product',
    description: 'A product for testing',
    price: 29.99,
    reference: `ref-${Date.now()}`,
  }
  const { body: product, status } = await call('POST', '/product/', wanted)
  expect([status, product]).toEqual([201, expect.objectContaining(wanted)])
  expect((await call('GET', `/product/id/${product.id}`)).body).toEqual(product)
  expect((await call('GET', `/product/reference/${wanted.reference}`)).body).toEqual(product)
  expect((await call('GET', '/product/')).body).toContainEqual(product)
  const change = { name: 'Changed Product', description: 'Changed', price: 39.99 }
  expect((await call('PUT', `/product/${product.id}`, change)).body).toEqual({ ...product, ...change })
  expect((await call('POST', '/product/', { ...wanted, price: -10 })).status).toBe(400)
  expect((await call('GET', '/product/id/-1')).status).toBe(404)
  expect((await call('DELETE', `/product/${product.id}`)).body).toEqual({ message: expect.any(String) })
  expect((await call('GET', `/product/id/${product.id}`)).status).toBe(404)
})

test('customers are created, found, paged through and deleted', async () => {
  const make = async (name: string) =>
    (
      await call('POST', '/customer/', {
        name,
        lastName: 'Doe',
        email: `${name}@example.com`,
        phoneNumber: '+41 44 000',
      })
    ).body
  const [first, second, third] = [await make('john'), await make('jane'), await make('jim')]
  expect((await call('GET', `/customer/uuid/${first.uuid}`)).body).toEqual(first)
  expect((await call('GET', `/customer/email/${encodeURIComponent(second.email)}`)).body).toEqual(second)
  const { body: page } = await call('GET', '/customer/all?limit=2')
  expect([page.items, page.nextCursor]).toEqual([[third, second], expect.any(String)])
  const { body: next } = await call('GET', `/customer/all?limit=2&cursor=${page.nextCursor}`)
  expect(next).toEqual({ items: [first], nextCursor: null })
  const changed = await call('PUT', `/customer/${first.uuid}`, { ...first, name: 'Johnny' })
  expect(changed.body).toEqual({ ...first, name: 'Johnny' })
  expect((await call('DELETE', `/customer/uuid/${third.uuid}`)).status).toBe(200)
  expect((await call('GET', `/customer/uuid/${third.uuid}`)).status).toBe(404)
})

test('sessions are opened of every kind, and a paid one is in both lists', async () => {
  const { body: product } = await call('POST', '/product/', {
    name: 'Session Product',
    description: 'To sell',
    price: 10,
  })
  const { body: customer } = await call('GET', '/customer/email/john@example.com')
  const urls = { successUrl: 'https://example.com/ok?u={{UUID}}', cancelUrl: 'https://example.com/no' }
  const inline = { productName: 'Custom Product', description: 'Made for this', price: 99.99 }
  const monthly = { frequency: { value: 1, unit: 'months' }, trialPeriod: { value: 7, unit: 'days' }, minPeriods: 3 }
  const base = '/transaction/session-checkout'
  for (const [path, body, txType] of [
    [`${base}/new/payment`, { productId: product.id, customerUUID: customer.uuid, ...urls }, 'payment'],
    [`${base}/new/payment`, { ...inline, ...urls }, 'payment'],
    [`${base}/new/subscription`, { productId: product.id, ...monthly, ...urls }, 'createSubscription'],
    [`${base}/new/subscription`, { ...inline, ...monthly }, 'createSubscription'],
    [`${base}/`, { ...inline, options: { subscriptionType: 'subscription', ...monthly } }, 'createSubscription'],
    [`${base}/`, { ...inline, options: { subscriptionType: 'payAsYouGo', ...monthly } }, 'createPAYGSubscription'],
  ] as const) {
    const { status, body: session } = await call('POST', path, body)
    expect([path, status, session.link]).toEqual([path, 201, expect.stringContaining('http')])
    const shown = await call('GET', `${base}/${session.uuid}`)
    expect([shown.status, shown.body]).toEqual([200, expect.objectContaining({ uuid: session.uuid, txType })])
    const query = `txUUID=${session.uuid}&txType=${txType}`
    expect((await call('GET', `/transaction/status?${query}`)).status).toBe(404)
  }
  const { body: session } = await call('POST', `${base}/new/payment`, {
    productId: product.id,
    customerUUID: customer.uuid,
  })
  const uuid = session.uuid.slice('pay@'.length)
  await world.play(uuid, { outcome: 'PAY' })
  await reaches(world, uuid, 'completed')
  for (const path of ['/transaction/payments', '/transaction/payments/combined']) {
    expect((await call('GET', `${path}?limit=2`)).body.items[0]).toMatchObject({
      uuid: session.uuid,
      productId: product.id,
    })
  }
  expect((await call('GET', `/transaction/payment/${session.uuid}`)).body).toMatchObject({
    customerUUID: customer.uuid,
  })
  expect((await call('GET', `/transaction/customer/${session.uuid}`)).body).toMatchObject({ uuid: customer.uuid })
  expect((await call('GET', `/transaction/refunds/by-transaction/${session.uuid}`)).status).toBe(404)
  expect((await call('GET', '/transaction/refunds/all')).body).toEqual([])
})
