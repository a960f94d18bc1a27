import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { ADA, ITEM } from '../support/shop.ts'

/** Checkouts of several lines, as a shop's program has them: everything goes over HTTP. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const usd = (amount: string) => ({ amount, currency: 'USD' })
const MONTHLY = { value: 1, unit: 'MONTHS' }

const LINES = `
  items { product { id } name description price { amount currency } quantity total { amount } metadata }
  discounts { name amount { amount } } taxes { name amount { amount currency } }
  subtotal { amount } total { amount currency } price { amount } item { name description price { amount } }`
const CREATE = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
  checkout { id url status product { id } ${LINES} } userErrors { code message field } } }`

interface Checkout {
  readonly id: string
  readonly url: string
  readonly status: string
  readonly product: { readonly id: string } | null
  readonly items: readonly { readonly name: string; readonly total: { readonly amount: string } }[]
  readonly item: { readonly name: string; readonly description: string }
  readonly total: { readonly amount: string }
}

interface Created {
  readonly checkout: Checkout | null
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[]
}

async function create(input: object): Promise<Created> {
  const wanted = { kind: 'PAYMENT', idempotencyKey: crypto.randomUUID(), ...input }
  return (await gateway.api.ask<{ createCheckout: Created }>(CREATE, { input: wanted })).createCheckout
}

async function open(input: object): Promise<Checkout> {
  const { checkout, userErrors } = await create(input)
  expect(userErrors).toEqual([])
  if (!checkout) throw new Error('there is no checkout')
  return checkout
}

async function product(amount: string, name = 'Mug'): Promise<string> {
  const make = `mutation ($input: CreateProductInput!) { createProduct(input: $input) {
    product { id } userErrors { message } } }`
  const input = { idempotencyKey: crypto.randomUUID(), name, description: 'Blue, holds tea', price: usd(amount) }
  return (await gateway.api.change<{ product: { id: string } }>(make, input)).product.id
}

async function read(id: string): Promise<Checkout & { readonly payment: { readonly status: string } | null }> {
  const query = `query ($id: ID!) { checkout(by: { id: $id }) { id status ${LINES}
    payment { status amount { amount } description } } }`
  return (await gateway.api.ask<{ checkout: never }>(query, { id })).checkout
}

const BASKET = {
  items: [
    { name: 'T-shirt', price: usd('19.99'), quantity: 2, metadata: { sku: 'TS-1' } },
    { name: 'Sticker', description: 'A gift', price: usd('0') },
  ],
  discounts: [{ name: 'Spring sale', amount: usd('5.00') }],
  taxes: [{ name: 'VAT 20%', amount: usd('9.49') }],
}

test('a basket of products and items with a discount and a tax is sold as one sum, and paid', async () => {
  const mug = await product('12.50')
  const items = [...BASKET.items, { productId: mug, description: 'In red' }]
  const { id, url, ...checkout } = await open({ ...BASKET, items })
  const description =
    '2 × T-shirt: 39.98 USD\nSticker: 0.00 USD\nMug: 12.50 USD\nSpring sale: −5.00 USD\nVAT 20%: 9.49 USD'
  expect(checkout).toEqual({
    status: 'OPEN',
    product: null,
    items: [
      {
        ...{ product: null, name: 'T-shirt', description: null, price: usd('19.99'), quantity: 2 },
        ...{ total: { amount: '39.98' }, metadata: { sku: 'TS-1' } },
      },
      {
        ...{ product: null, name: 'Sticker', description: 'A gift', price: usd('0.00'), quantity: 1 },
        ...{ total: { amount: '0.00' }, metadata: {} },
      },
      {
        ...{ product: { id: mug }, name: 'Mug', description: 'In red', price: usd('12.50'), quantity: 1 },
        ...{ total: { amount: '12.50' }, metadata: {} },
      },
    ],
    discounts: [{ name: 'Spring sale', amount: { amount: '5.00' } }],
    taxes: [{ name: 'VAT 20%', amount: usd('9.49') }],
    subtotal: { amount: '52.48' },
    total: usd('56.97'),
    price: { amount: '56.97' },
    item: { name: '2 × T-shirt and 2 more', description, price: { amount: '56.97' } },
  })
  const page = await (await fetch(url)).text()
  const lines = ['T-shirt</span> <span class="cost">$39.98<', '>Spring sale</span> <span class="cost">−$5.00<']
  for (const text of ['2 × T-shirt and 2 more', ...lines, '$56.97']) expect(page).toContain(text)
  const pay = 'mutation ($input: SimulateCheckoutInput!) { simulateCheckout(input: $input) { userErrors { message } } }'
  await gateway.api.change(pay, { checkoutId: id, outcome: 'PAY', customer: ADA })
  const paid = await eventually(async () => {
    const found = await read(id)
    return found.status === 'COMPLETED' && found
  }, 30_000)
  expect(paid.payment).toEqual({
    ...{ status: 'COMPLETED', amount: { amount: '56.97' }, description: '2 × T-shirt and 2 more' },
  })
  const { ledger } = await gateway.api.ask<{ ledger: object }>('{ ledger { proof { balanced breaks { message } } } }')
  expect(ledger).toEqual({ proof: { balanced: true, breaks: [] } })
})

test('the lines are in the events of a checkout and in the export of all data', async () => {
  const { id } = await open(BASKET)
  const query = 'query ($id: ID!) { checkout(by: { id: $id }) { timeline { type payload } } }'
  type Found = { checkout: { timeline: { type: string; payload: Record<string, never> }[] } }
  const { timeline } = (await gateway.api.ask<Found>(query, { id })).checkout
  const lines = {
    items: [
      {
        ...{ product: null, name: 'T-shirt', description: null, price: { minor: '1999', currency: 'USD' } },
        ...{ quantity: 2, total: { minor: '3998', currency: 'USD' }, metadata: { sku: 'TS-1' } },
      },
      { name: 'Sticker', total: { minor: '0', currency: 'USD' } },
    ],
    discounts: [{ name: 'Spring sale', amount: { minor: '500', currency: 'USD' } }],
    taxes: [{ name: 'VAT 20%', amount: { minor: '949', currency: 'USD' } }],
    price: { minor: '4447', currency: 'USD' },
  }
  expect(timeline.map(({ type }) => type)).toEqual(['checkout.created', 'checkout.opened'])
  for (const { payload } of timeline) expect(payload).toMatchObject({ object: lines })
  const headers = { authorization: `Bearer ${gateway.key}` }
  const file = await (await fetch(`${gateway.url}/exports/data`, { headers })).text()
  const uuid = decodeId(id)?.uuid ?? ''
  const row = file.split('\n').find((line) => line.includes('"table":"checkout"') && line.includes(uuid))
  expect(JSON.parse(row ?? '{}').row.lines).toMatchObject({
    items: [
      { name: 'T-shirt', price: '1999', quantity: 2 },
      { name: 'Sticker', price: '0' },
    ],
  })
})

test('the short forms are one line, and of several lines each has the price of the moment', async () => {
  const mug = await product('10.00')
  for (const form of [{ productId: mug }, { item: { productId: mug } }, { items: [{ productId: mug }] }]) {
    expect(await open(form)).toMatchObject({
      ...{ product: { id: mug }, total: usd('10.00'), item: { name: 'Mug', description: 'Blue, holds tea' } },
      items: [{ product: { id: mug }, description: 'Blue, holds tea', quantity: 1, total: { amount: '10.00' } }],
    })
  }
  expect(await open({ item: ITEM })).toMatchObject({
    ...{ product: null, subtotal: { amount: '19.99' }, discounts: [], taxes: [] },
    items: [{ product: null, name: 'A mug', quantity: 1, metadata: {} }],
  })
  const { id } = await open({ items: [{ productId: mug, quantity: 3 }] })
  const update = `mutation ($input: UpdateProductInput!) { updateProduct(input: $input) { userErrors { message } } }`
  await gateway.api.change(update, { id: mug, name: 'Large mug', price: usd('11.00') })
  expect(await read(id)).toMatchObject({ items: [{ name: 'Mug', total: { amount: '30.00' } }], total: usd('30.00') })
  expect((await read(id)).item.name).toBe('3 × Mug')
})

test('checkouts are found by the product of any of their lines', async () => {
  const [one, two] = [await product('1.00', 'One'), await product('2.00', 'Two')]
  const both = await open({ items: [{ productId: one }, { productId: two }] })
  const single = await open({ productId: two })
  const query = 'query ($id: ID!) { checkouts(filter: { productId: $id }) { edges { node { id } } } }'
  type Found = { checkouts: { edges: { node: { id: string } }[] } }
  const found = async (id: string) =>
    (await gateway.api.ask<Found>(query, { id })).checkouts.edges.map(({ node }) => node.id)
  expect(await found(one)).toEqual([both.id])
  expect(await found(two)).toEqual([single.id, both.id])
})

const many = (count: number, line: object = { name: 'Tea', price: usd('1.00') }) =>
  Array.from({ length: count }, () => line)

test('a hundred lines are sold, and told to the provider as far as there is room', async () => {
  const long = 'Longsleeve '.repeat(9).trim()
  const { item, total, items } = await open({ items: many(100, { name: long, price: usd('0.01'), quantity: 7 }) })
  expect([items.length, total.amount, item.name]).toEqual([100, '7.00', `7 × ${long.slice(0, 83)}… and 99 more`])
  expect(item.name).toHaveLength(100)
  expect(item.description).toMatch(/^7 × Longsleeve .*: 0\.07 USD\nand 96 more$/s)
  expect(item.description.length).toBeLessThanOrEqual(500)
})

test('a subscription of one item with metadata is sold as it is', async () => {
  const gym = { name: 'Gym', price: usd('10.00'), metadata: { plan: 'gold' } }
  const checkout = await open({ kind: 'SUBSCRIPTION', frequency: MONTHLY, items: [gym] })
  expect(checkout).toMatchObject({ item: { name: 'Gym', description: 'Gym' }, items: [{ metadata: { plan: 'gold' } }] })
})

test('a client secret reads the lines, but not what the merchant notes on them', async () => {
  const { id } = await open(BASKET)
  const secretOf = 'query ($id: ID!) { checkout(by: { id: $id }) { clientSecret } }'
  const found = await gateway.api.ask<{ checkout: { clientSecret: string } }>(secretOf, { id })
  const headers = { authorization: `Bearer ${found.checkout.clientSecret}`, 'content-type': 'application/json' }
  const ask = async (fields: string) => {
    const query = `query ($id: ID!) { checkout(by: { id: $id }) { ${fields} } }`
    const body = JSON.stringify({ query, variables: { id } })
    const answer = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })
    return (await answer.json()) as { data?: object; errors?: { extensions: { code: string } }[] }
  }
  expect(await ask('items { name quantity } total { amount }')).toMatchObject({
    data: { checkout: { items: [{ name: 'T-shirt', quantity: 2 }, { name: 'Sticker' }], total: { amount: '44.47' } } },
  })
  for (const hidden of ['metadata', 'product { id }']) {
    const { errors } = await ask(`items { ${hidden} }`)
    expect(errors?.[0]?.extensions.code, hidden).toBe('FORBIDDEN')
  }
})
