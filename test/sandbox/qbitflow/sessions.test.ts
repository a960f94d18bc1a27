import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { PAYER, type Playground, startPlayground } from './support.ts'

const NEW = '/v1/transaction/session-checkout/new/payment'
const ITEM = { productName: 'Espresso machine', description: 'Two boilers, one lever', price: 19.99 }
const NOT_FOUND = { status: 404, body: { error: 'resource not found' } }

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const read = (uuid: string, query = '', apiKey?: string | null) =>
  world.call('GET', `/v1/transaction/session-checkout/${uuid}${query}`, undefined, apiKey)

describe('POST /transaction/session-checkout/new/payment', () => {
  test('answers 201 with the session, its link and its end', async () => {
    const { status, body } = await world.call('POST', NEW, ITEM)
    expect(status).toBe(201)
    const bare = body.uuid.replace(/^pay@/, '')
    expect(body).toEqual({
      uuid: `pay@${bare}`,
      link: `${world.publicUrl}/checkout/${bare}`,
      expiresAt: expect.any(Number),
    })
    expect(body.expiresAt - Date.now() / 1_000).toBeGreaterThan(24 * 3_600 - 10)
  })

  test('takes what a product says', async () => {
    const wanted = { name: 'Grinder', description: 'Flat burrs', price: 400 }
    const { body: product } = await world.call('POST', '/v1/product', wanted)
    const { body: made } = await world.call('POST', NEW, { productId: product.id, productName: '' })
    const { body } = await read(made.uuid)
    expect(body).toMatchObject({ productId: product.id, productName: 'Grinder', description: 'Flat burrs', price: 400 })
    expect(await world.call('POST', NEW, { productId: 1 })).toEqual(NOT_FOUND)
  })

  test('names every bad field at once', async () => {
    const fieldsOf = async (body: object) =>
      (await world.call('POST', NEW, body)).body.errors.map((error: { field: string }) => error.field)
    expect(await fieldsOf({})).toEqual(['ProductName', 'Description', 'Price'])
    expect(await fieldsOf({ productId: 'x', successUrl: 'ftp://x', webhookUrl: 'nowhere' })).toContain('ProductId')
    const urls = { successUrl: 'javascript:alert(1)', cancelUrl: '/here', webhookUrl: 'nowhere', customerUUID: 'me' }
    expect(await fieldsOf({ ...ITEM, ...urls })).toEqual(['CustomerUUID', 'SuccessUrl', 'CancelUrl', 'WebhookUrl'])
    expect(await fieldsOf({ ...ITEM, price: 0.001 })).toEqual(['Price'])
  })

  test('forgets a customer that nobody knows', async () => {
    const { status, body } = await world.call('POST', NEW, { ...ITEM, customerUUID: newId() })
    expect(status).toBe(201)
    expect((await read(body.uuid)).body.customerUUID).toBe('00000000-0000-0000-0000-000000000000')
    const { body: customer } = await world.call('POST', '/v1/customer/', PAYER)
    const { body: known } = await world.call('POST', NEW, { ...ITEM, customerUUID: customer.uuid })
    expect((await read(known.uuid)).body.customerUUID).toBe(customer.uuid)
  })
})

describe('POST /transaction/session-checkout/', () => {
  test('makes a payment without options, in both spellings', async () => {
    for (const path of ['/v1/transaction/session-checkout/', '/v1/transaction/session-checkout']) {
      expect((await world.call('POST', path, ITEM)).status).toBe(201)
    }
  })

  test('refuses options that it does not know', async () => {
    const body = { ...ITEM, options: { subscriptionType: 'subscription' } }
    expect((await world.call('POST', '/v1/transaction/session-checkout/', body)).status).toBe(400)
  })
})

describe('GET /transaction/session-checkout/{uuid}', () => {
  test('shows the owner more than the public', async () => {
    const uuid = await world.session({ successUrl: 'https://shop.example/?id={{UUID}}' })
    const { body: open } = await read(uuid, '', null)
    expect(Object.keys(open).sort()).toEqual(
      'availableCurrencies description organizationName price productName successUrl test txType uuid'.split(' '),
    )
    expect(open).toMatchObject({ uuid: `pay@${uuid}`, organizationName: 'Alma Coffee', test: true, txType: 'payment' })
    expect(open.successUrl).toBe('https://shop.example/?id={{UUID}}')
    expect(open.availableCurrencies).toHaveLength(8)
    expect(open.availableCurrencies[3]).toMatchObject({ symbol: 'USDC', decimals: 6, mainCurrencyId: 1, test: true })
    expect(open.availableCurrencies[3].mainCurrency).toMatchObject({ symbol: 'ETH', address: '', mainCurrencyId: null })
    const { body: own } = await read(uuid)
    expect(own).toMatchObject({ ...open, organizationId: expect.any(Number), feeBps: 150 })
    const { apiKey } = await world.sandbox.provision(newId())
    expect((await read(uuid, '', apiKey)).body).toEqual(open)
    expect((await read(uuid, '', 'sk_1_test_wrong')).status).toBe(401)
  })

  test('takes ids bare, prefixed and percent-encoded, with a slash at the end or without', async () => {
    const uuid = await world.session()
    for (const form of [uuid, `pay@${uuid}`, `pay%40${uuid}`, `${uuid.toUpperCase()}/`]) {
      expect((await read(form)).body.uuid).toBe(`pay@${uuid}`)
    }
    for (const form of [`sub@${uuid}`, newId(), 'nonsense', 'pay@', `pay@pay@${uuid}`]) {
      expect(await read(form)).toEqual(NOT_FOUND)
    }
  })

  test('warns when the end is near, unless told not to, and knows nothing after it', async () => {
    const uuid = await world.session()
    world.aheadMs = (24 * 60 - 4) * 60_000
    try {
      expect(await read(uuid)).toEqual({ status: 400, body: { error: 'session is close to expiration' } })
      expect((await read(uuid, '?closeToExpireError=true')).status).toBe(400)
      expect((await read(uuid, '?closeToExpireError=false')).status).toBe(200)
      world.aheadMs = (24 * 60 + 1) * 60_000
      expect(await read(uuid, '?closeToExpireError=false')).toEqual(NOT_FOUND)
    } finally {
      world.aheadMs = 0
    }
  })
})
