import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** What may be called by one character here, and is sold by a provider that needs two. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const ITEM = { name: 'Tea', description: 'Green', price: { amount: '0.50', currency: 'USD' } }
const MONTHLY = { value: 1, unit: 'MONTHS' }

interface Created {
  readonly checkout: { readonly status: string } | null
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[]
}

async function create(kind: string, input: object): Promise<Created> {
  const query = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
    checkout { status } userErrors { code message field } } }`
  const terms = kind === 'PAYMENT' ? {} : { frequency: MONTHLY }
  const wanted = { kind, idempotencyKey: crypto.randomUUID(), ...terms, ...input }
  return (await gateway.api.ask<{ createCheckout: Created }>(query, { input: wanted })).createCheckout
}

const kept = async () =>
  (await gateway.api.ask<{ checkouts: { totalCount: number } }>('{ checkouts { totalCount } }')).checkouts.totalCount

test.each([
  ['an item', 'PAYMENT', { name: '茶', description: '緑' }, ['item.name', 'item.description']],
  ['an item of a subscription', 'SUBSCRIPTION', { name: 'Tea', description: '緑' }, ['item.description']],
  ['an item with one sign of two parts', 'PAYMENT', { name: '🍵', description: 'Green' }, ['item.name']],
])('%s whose text is too short for the provider is refused by its field', async (_, kind, text, fields) => {
  const before = await kept()
  const { checkout, userErrors } = await create(kind, { item: { ...ITEM, ...text } })
  expect([checkout, userErrors.map(({ code, field }) => [code, field?.join('.')])]).toEqual([
    null,
    fields.map((field) => ['TOO_SHORT', field]),
  ])
  expect(userErrors[0]?.message).toMatch(/^QBITFLOW takes a product's (name|description) of 2 characters at least$/)
  expect(await kept()).toBe(before)
})

test('nothing is said of a description that was not sent', async () => {
  const { userErrors } = await create('PAYMENT', { items: [{ name: 'T', price: ITEM.price }] })
  expect(userErrors.map(({ field }) => field?.join('.'))).toEqual(['items.0.name'])
})

test('a product of one character is kept, and refused where a provider that needs two would sell it', async () => {
  const query = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
    product { id } userErrors { code message field } } }`
  const made = await gateway.api.change<{ product: { id: string } }>(query, {
    ...ITEM,
    name: '茶',
    idempotencyKey: crypto.randomUUID(),
  })
  const { checkout, userErrors } = await create('PAYMENT', { productId: made.product.id })
  expect([checkout, userErrors]).toEqual([
    null,
    [{ code: 'TOO_SHORT', message: "QBITFLOW takes a product's name of 2 characters at least", field: ['productId'] }],
  ])
  const two = await create('PAYMENT', { item: { ...ITEM, name: '緑茶', description: '緑茶' } })
  expect(two).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
})
