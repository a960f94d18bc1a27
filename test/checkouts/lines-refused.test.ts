import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { ITEM } from '../support/shop.ts'

/** What the lines of a checkout must not be. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const usd = (amount: string) => ({ amount, currency: 'USD' })
const MONTHLY = { value: 1, unit: 'MONTHS' }
const CREATE = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
  checkout { id } userErrors { code message field } } }`

interface Created {
  readonly checkout: { readonly id: string } | null
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[]
}

async function create(input: object): Promise<Created> {
  const wanted = { kind: 'PAYMENT', idempotencyKey: crypto.randomUUID(), ...input }
  return (await gateway.api.ask<{ createCheckout: Created }>(CREATE, { input: wanted })).createCheckout
}

const many = (count: number, line: object = { name: 'Tea', price: usd('1.00') }) =>
  Array.from({ length: count }, () => line)

describe('is refused, with the field that is wrong, and nothing is kept', () => {
  test.each([
    ['no line at all', { items: [] }, 'OUT_OF_RANGE', 'items'],
    ['no form of a line', {}, 'REQUIRED', 'productId'],
    [
      'an address for webhooks that is private',
      { item: ITEM, webhookUrl: 'http://10.0.0.1/' },
      'INVALID',
      'webhookUrl',
    ],
    ['two forms at once', { item: ITEM, items: [ITEM] }, 'INVALID', 'items'],
    [
      'more than the provider takes',
      { item: { ...ITEM, price: usd('99999999999999999') } },
      'OUT_OF_RANGE',
      'item.price.amount',
    ],
    [
      'lines that are together more than the provider takes',
      { items: [{ ...ITEM, price: usd('999999999') }, ITEM, ITEM] },
      'OUT_OF_RANGE',
      'items',
    ],
    ['a line without a name', { items: [{ price: usd('1') }] }, 'REQUIRED', 'items.0.name'],
    ['a line without a price', { items: [{ name: 'Tea' }] }, 'REQUIRED', 'items.0.price'],
    ['a quantity of zero', { items: [{ ...ITEM, quantity: 0 }] }, 'OUT_OF_RANGE', 'items.0.quantity'],
    ['a quantity below zero', { items: [ITEM, { ...ITEM, quantity: -1 }] }, 'OUT_OF_RANGE', 'items.1.quantity'],
    ['too many pieces', { items: [{ ...ITEM, quantity: 1_000_001 }] }, 'OUT_OF_RANGE', 'items.0.quantity'],
    ['a price below zero', { items: [{ ...ITEM, price: usd('-1') }] }, 'OUT_OF_RANGE', 'items.0.price.amount'],
    ['a part of a cent', { items: [{ ...ITEM, price: usd('0.001') }] }, 'INVALID', 'items.0.price.amount'],
    ['a single item for nothing', { item: { ...ITEM, price: usd('0') } }, 'OUT_OF_RANGE', 'item.price.amount'],
    ['all for nothing', { items: [{ ...ITEM, price: usd('0') }] }, 'OUT_OF_RANGE', 'items'],
    ['too many lines', { items: many(101) }, 'OUT_OF_RANGE', 'items'],
    [
      'too many lines of all kinds',
      { items: many(99), taxes: many(2, { name: 'VAT', amount: usd('1') }) },
      'OUT_OF_RANGE',
      'items',
    ],
    [
      'a discount of more than the items',
      { items: [ITEM], discounts: [{ name: 'Sale', amount: usd('20') }], taxes: [{ name: 'VAT', amount: usd('9') }] },
      'OUT_OF_RANGE',
      'discounts',
    ],
    [
      'a discount of all there is',
      { items: [ITEM], discounts: [{ name: 'Sale', amount: usd('19.99') }] },
      'OUT_OF_RANGE',
      'items',
    ],
    [
      'a discount below zero',
      { items: [ITEM], discounts: [{ name: 'Sale', amount: usd('-1') }] },
      'OUT_OF_RANGE',
      'discounts.0.amount.amount',
    ],
    [
      'another currency of an item',
      { items: [ITEM, { name: 'Tea', price: { amount: '1', currency: 'EUR' } }] },
      'CURRENCY_MISMATCH',
      'items.1.price.currency',
    ],
    [
      'another currency of a tax',
      { items: [ITEM], taxes: [{ name: 'VAT', amount: { amount: '1', currency: 'EUR' } }] },
      'CURRENCY_MISMATCH',
      'taxes.0.amount.currency',
    ],
    [
      'a currency that the provider does not take',
      { items: [{ ...ITEM, price: { amount: '1', currency: 'EUR' } }] },
      'CURRENCY_MISMATCH',
      'items.0.price.currency',
    ],
    [
      'a product that nobody has',
      { items: [ITEM, { productId: 'prod_01jdvwxyz0000000000000000a' }] },
      'NOT_FOUND',
      'items.1.productId',
    ],
    ['text that a provider would not take', { items: [{ ...ITEM, name: 'a<b' }] }, 'INVALID', 'items.0.name'],
    [
      'a sum beyond all bounds',
      { items: many(2, { name: 'Tea', price: usd('9'.repeat(36)) }) },
      'OUT_OF_RANGE',
      'items',
    ],
    ['metadata in a list', { items: [{ ...ITEM, metadata: [] }] }, 'INVALID', 'items.0.metadata'],
    [
      'more text than events can carry',
      { items: many(100, { ...ITEM, metadata: { a: 'x'.repeat(500), b: 'x'.repeat(500) } }) },
      'TOO_LONG',
      'items',
    ],
    [
      'several items of a subscription',
      { kind: 'SUBSCRIPTION', frequency: MONTHLY, items: [ITEM, ITEM] },
      'UNSUPPORTED',
      'items',
    ],
    [
      'two pieces of a subscription',
      { kind: 'PAY_AS_YOU_GO', frequency: MONTHLY, item: { ...ITEM, quantity: 2 } },
      'UNSUPPORTED',
      'item.quantity',
    ],
    [
      'a discount of a subscription',
      { kind: 'SUBSCRIPTION', frequency: MONTHLY, items: [ITEM], discounts: [{ name: 'Sale', amount: usd('1') }] },
      'UNSUPPORTED',
      'discounts',
    ],
  ])('%s', async (_, input, code, field) => {
    const { checkout, userErrors } = await create(input)
    expect([checkout, userErrors.map((each) => [each.code, each.field?.join('.')])]).toEqual([null, [[code, field]]])
  })

  test('a name and a price of what is a product', async () => {
    const make = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
      product { id } userErrors { message } } }`
    const made = { ...ITEM, idempotencyKey: crypto.randomUUID() }
    const { product } = await gateway.api.change<{ product: { id: string } }>(make, made)
    const { userErrors } = await create({ items: [{ ...ITEM, productId: product.id }] })
    expect(userErrors.map(({ code, field }) => [code, field?.join('.')])).toEqual([
      ['INVALID', 'items.0.name'],
      ['INVALID', 'items.0.price'],
    ])
  })
})
