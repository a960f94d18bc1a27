import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { postTo } from '../support/post.ts'
import { ITEM } from '../support/shop.ts'

/** What becomes of customers and products that were deleted or merged, as their merchant sees it. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

async function ask(query: string, variables: object = {}) {
  const headers = { authorization: `Bearer ${gateway.key}` }
  const { body } = await postTo(gateway, '/graphql', JSON.stringify({ query, variables }), headers)
  expect(body.errors).toBeUndefined()
  return body.data
}

async function change(mutation: string, object: string, input: object) {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { ${mutation}(input: $input) { ${object} { id } userErrors { code message } } }`
  const { [mutation]: payload } = await ask(query, { input })
  expect(payload.userErrors).toEqual([])
  return payload[object].id as string
}

const PRODUCT = { ...ITEM, name: 'A kettle' }
const CASES = [
  { what: 'customer', list: 'customers', made: { name: 'Ada', reference: 'archived-1' } },
  { what: 'product', list: 'products', made: { ...PRODUCT, reference: 'archived-1' } },
] as const

test.each(CASES)('a $what that was deleted is found by id and in the archive alone, and comes back', async (each) => {
  const { what, list, made } = each
  const verb = (name: string) => `${name}${what === 'customer' ? 'Customer' : 'Product'}`
  const id = await change(verb('create'), what, made)
  const look = async () => {
    const data = await ask(
      `query ($id: ID!) {
        byId: ${what}(by: { id: $id }) { id archived }
        byReference: ${what}(by: { reference: "archived-1" }) { id }
        node(id: $id) { id }
        listed: ${list}(filter: { search: "archived-1" }) { edges { node { id } } }
        without: ${list}(filter: { search: "archived-1", archived: false }) { edges { node { id } } }
        archive: ${list}(filter: { archived: true }) { edges { node { id archived } } }
      }`,
      { id },
    )
    const ids = (connection: { edges: { node: { id: string } }[] }) => connection.edges.map(({ node }) => node.id)
    const { byId, byReference, node, listed, without, archive } = data
    return { byId, byReference, node, listed: ids(listed), without: ids(without), archive: ids(archive) }
  }
  const present = {
    byId: { id, archived: false },
    byReference: { id },
    node: { id },
    listed: [id],
    without: [id],
    archive: [],
  }
  expect(await look()).toEqual(present)
  await change(verb('delete'), what, { id })
  const gone = { byId: { id, archived: true }, byReference: null, listed: [], without: [], archive: [id] }
  expect(await look()).toEqual({ ...present, ...gone })
  await change(verb('restore'), what, { id })
  expect(await look()).toEqual(present)
})

test('a checkout still shows the customer and product that were deleted after it', async () => {
  const customerId = await change('createCustomer', 'customer', { email: 'kept@example.com' })
  const productId = await change('createProduct', 'product', PRODUCT)
  const input = { idempotencyKey: 'kept', kind: 'PAYMENT', customerId, productId }
  const id = await change('createCheckout', 'checkout', input)
  await change('deleteCustomer', 'customer', { id: customerId })
  await change('deleteProduct', 'product', { id: productId })
  const query = `query ($id: ID!) { checkout(by: { id: $id }) { customer { id name email archived } item { product { id archived } } } }`
  expect(await ask(query, { id })).toEqual({
    checkout: {
      customer: { id: customerId, name: null, email: 'kept@example.com', archived: true },
      item: { product: { id: productId, archived: true } },
    },
  })
})

test('the id of a customer who was merged leads to the one who is left', async () => {
  const fromId = await change('createCustomer', 'customer', { phone: '+44 20 7946 0958' })
  const intoId = await change('createCustomer', 'customer', { name: 'Ada' })
  expect(await change('mergeCustomers', 'customer', { fromId, intoId })).toBe(intoId)
  const query = `query ($id: ID!) {
    customer(by: { id: $id }) { id phone archived mergedInto { id } }
    node(id: $id) { id ... on Customer { archived mergedInto { id } } }
  }`
  expect(await ask(query, { id: fromId })).toEqual({
    customer: { id: intoId, phone: '+442079460958', archived: false, mergedInto: null },
    node: { id: fromId, archived: true, mergedInto: { id: intoId } },
  })
})

test('the address of a customer who was merged finds the one who is left, and null in a change clears', async () => {
  const fromId = await change('createCustomer', 'customer', { email: 'Ma@shop.example' })
  const alsoId = await change('createCustomer', 'customer', { email: 'ma.old@shop.example' })
  const intoId = await change('createCustomer', 'customer', { name: 'Ma', email: 'new@shop.example' })
  for (const gone of [fromId, alsoId]) await change('mergeCustomers', 'customer', { fromId: gone, intoId })
  const paid = 'edges { node { __typename } }'
  const query = `{
    customer(by: { email: "ma@SHOP.example" }) { id }
    customers(filter: { email: "ma@shop.example" }) { edges { node { id } } }
    search(text: "ma") { edges { node { ... on Customer { id } } } }
    whole: search(text: "ma.old@shop.example") { edges { node { ... on Customer { id } } } }
    payments(filter: { customerEmail: "ma@shop.example" }) { ${paid} }
  }`
  const left = { edges: [{ node: { id: intoId } }] }
  expect(await ask(query)).toEqual({
    ...{ customer: { id: intoId }, customers: left, search: left, whole: left, payments: { edges: [] } },
  })
  await change('updateCustomer', 'customer', { id: intoId, email: null, reference: 'ma-1' })
  const after = `query ($id: ID!) { customer(by: { id: $id }) { name email reference } }`
  expect(await ask(after, { id: intoId })).toEqual({ customer: { name: 'Ma', email: null, reference: 'ma-1' } })
})
