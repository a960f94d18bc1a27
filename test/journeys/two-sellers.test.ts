import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Api } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { newSeller, type Seller } from '../support/sellers.ts'
import { CUSTOMER, createCheckout, ITEM, readCheckout, simulate } from '../support/storefront.ts'

/** What one seller has is nothing to another, also where both have the same. */

let gateway: OpenGateway
let ann: Seller
let ben: Seller
beforeAll(async () => {
  gateway = await startGateway()
  ann = await newSeller(gateway, 'Ann')
  ben = await newSeller(gateway, 'Ben')
})
afterAll(() => gateway.stop())

const CREATE_CUSTOMER = `mutation ($input: CreateCustomerInput!) {
  createCustomer(input: $input) { customer { id } userErrors { code field } }
}`
const CREATE_PRODUCT = `mutation ($input: CreateProductInput!) {
  createProduct(input: $input) { product { id } userErrors { code field } }
}`

async function refusal(api: Api, query: string, input: object): Promise<object[]> {
  const data = await api.ask<Record<string, { userErrors: object[] }>>(query, { input })
  return Object.values(data)[0]?.userErrors ?? []
}

async function sell(api: Api, input: object = { item: ITEM }): Promise<{ id: string; email: string } | null> {
  const { checkout } = await createCheckout(api, input)
  await simulate(api, checkout.id, 'PAY')
  await eventually(async () => (await readCheckout(api, checkout.id)).payment?.status === 'COMPLETED', 20_000)
  return (await readCheckout(api, checkout.id)).customer
}

test('one buyer of two sellers is a customer of each, and each payment has its own', async () => {
  const ofAnn = await sell(ann.api)
  const ofBen = await sell(ben.api)
  const ofHouse = await sell(gateway.api)
  for (const customer of [ofAnn, ofBen, ofHouse]) expect(customer).toMatchObject({ email: CUSTOMER.email })
  expect(new Set([ofAnn?.id, ofBen?.id, ofHouse?.id]).size).toBe(3)
  expect(await sell(ben.api)).toEqual(ofBen)
})

test('a customer known to two sellers keeps what each has said of them, at the provider too', async () => {
  const email = 'grace@example.com'
  const made = []
  for (const { api } of [ann, ben]) {
    const { customer } = await api.change<{ customer: { id: string } }>(CREATE_CUSTOMER, {
      name: 'Grace',
      lastName: 'Hopper',
      email,
    })
    made.push(customer.id)
    expect(await sell(api, { item: ITEM, customerId: customer.id })).toEqual({ id: customer.id, email })
  }
  expect(await sell(ann.api, { item: ITEM, customerId: made[0] })).toEqual({ id: made[0], email })
})

test('neither an e-mail address nor a reference tells that another seller has it, or the organization', async () => {
  const customer = { name: 'Edith', email: 'Edith@example.com', reference: 'buyer-1' }
  const product = { name: 'A pot', description: 'Holds four', price: ITEM.price, reference: 'pot-1' }
  for (const { api } of [gateway, ann, ben]) {
    expect(await refusal(api, CREATE_CUSTOMER, customer)).toEqual([])
    expect(await refusal(api, CREATE_PRODUCT, product)).toEqual([])
    // The owner's own second is refused as ever.
    expect(await refusal(api, CREATE_CUSTOMER, { ...customer, email: 'edith@EXAMPLE.com', reference: 'x' })).toEqual([
      { code: 'ALREADY_EXISTS', field: ['email'] },
    ])
    expect(await refusal(api, CREATE_CUSTOMER, { name: 'Edith', reference: 'buyer-1' })).toEqual([
      { code: 'ALREADY_EXISTS', field: ['reference'] },
    ])
    expect(await refusal(api, CREATE_PRODUCT, product)).toEqual([{ code: 'ALREADY_EXISTS', field: ['reference'] }])
  }
})

test('a customer without e-mail or reference is one of many', async () => {
  for (const { api } of [gateway, ann, ann]) {
    expect(await refusal(api, CREATE_CUSTOMER, { name: 'Nobody' })).toEqual([])
  }
})

test('a manager finds by reference what is the organization’s, or says whose is meant', async () => {
  const product = { name: 'A jug', description: 'Holds two', price: ITEM.price }
  const make = async ({ api }: { api: Api }, reference: string) =>
    (await api.change<{ product: { id: string } }>(CREATE_PRODUCT, { ...product, reference })).product.id
  const find = (api: Api, reference: string, sellerId?: string) =>
    api.ask<{ product: { id: string; seller: { id: string } | null } | null }>(
      'query ($reference: String!, $sellerId: ID) { product(by: { reference: $reference }, sellerId: $sellerId) { id seller { id } } }',
      { reference, sellerId },
    )
  const alone = await make(ann, 'jug-1')
  expect((await find(gateway.api, 'jug-1')).product).toEqual({ id: alone, seller: { id: ann.id } })

  const second = await make(ben, 'jug-1')
  await expect(find(gateway.api, 'jug-1')).rejects.toThrow('BAD_USER_INPUT')
  expect((await find(gateway.api, 'jug-1', ben.id)).product?.id).toBe(second)
  expect((await find(ann.api, 'jug-1')).product?.id).toBe(alone)
  expect((await find(ann.api, 'jug-1', ben.id)).product).toBeNull()

  const house = await make(gateway, 'jug-1')
  expect((await find(gateway.api, 'jug-1')).product).toEqual({ id: house, seller: null })
  expect((await find(gateway.api, 'jug-1', ann.id)).product?.id).toBe(alone)
})
