import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { type Api, apiOf } from '../support/api.ts'
import { call, eventually } from '../support/app.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { newKey, newSeller, newUser } from '../support/sellers.ts'
import { ITEM, simulate } from '../support/storefront.ts'
import { newTenant } from '../support/tenant.ts'

/** Whether a second checkout may have a reference is what the merchant has decided. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())
beforeEach(() => setUnique(true))

const SET = `mutation ($input: SetUniqueReferencesInput!) { setUniqueReferences(input: $input) {
  organization { uniqueReferences } userErrors { code message } } }`
const CREATE = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
  checkout { id } replayed userErrors { __typename code field ... on ReferenceInUse { checkoutId } } } }`

const setUnique = (unique: boolean, api: Api = gateway.api) => api.change(SET, { unique })

interface Created {
  readonly checkout: { readonly id: string } | null
  readonly replayed: boolean
  readonly userErrors: readonly object[]
}

async function create(reference: string | null, more: object = {}, api: Api = gateway.api): Promise<Created> {
  const input = { idempotencyKey: randomUUID(), kind: 'PAYMENT', item: ITEM, reference, ...more }
  return (await api.ask<{ createCheckout: Created }>(CREATE, { input })).createCheckout
}

async function created(reference: string, api?: Api): Promise<string> {
  const { checkout, userErrors } = await create(reference, {}, api)
  expect(userErrors).toEqual([])
  return checkout?.id ?? ''
}

async function reaches(id: string, status: string): Promise<void> {
  const query = 'query ($id: ID!) { checkout(by: { id: $id }) { status } }'
  await eventually(async () => {
    const { checkout } = await gateway.api.ask<{ checkout: { status: string } }>(query, { id })
    return checkout.status === status
  }, 60_000)
}

const inUse = (checkoutId: string) => ({
  checkout: null,
  replayed: false,
  userErrors: [{ __typename: 'ReferenceInUse', code: 'ALREADY_EXISTS', field: ['reference'], checkoutId }],
})
const numbered = () => `order ${randomUUID()}`

test('two checkouts may have one reference until the merchant says otherwise, and again after that', async () => {
  await setUnique(false)
  const reference = numbered()
  const first = await created(reference)
  const second = await created(reference)
  expect(second).not.toBe(first)
  await setUnique(true)
  // The newest of those that have it.
  expect(await create(reference)).toEqual(inUse(second))
  await setUnique(false)
  await created(reference)
})

test('the second of two checkouts is refused and names the first, which a repeat of its request still gets', async () => {
  const reference = numbered()
  const request = { idempotencyKey: randomUUID() }
  const first = await create(reference, request)
  expect(await create(reference)).toEqual(inUse(first.checkout?.id ?? ''))
  expect(await create(reference, request)).toEqual({ ...first, replayed: true })
})

test('of ten requests at the same moment one gets the reference, and the others are told which', async () => {
  const reference = numbered()
  const answers = await Promise.all(Array.from({ length: 10 }, () => create(reference)))
  const made = answers.flatMap(({ checkout }) => checkout?.id ?? [])
  expect(made).toHaveLength(1)
  const refused = answers.filter(({ checkout }) => checkout === null)
  expect(refused).toEqual(Array.from({ length: 9 }, () => inUse(made[0] ?? '')))
}, 60_000)

test('spellings of one text are one reference, and another case, a longer text and none at all are others', async () => {
  const id = randomUUID()
  const first = await created(`Café ${id}`)
  expect(await create(` Cafe\u0301 ${id} `)).toEqual(inUse(first))
  for (const other of [`café ${id}`, `Café ${id}1`, `Café ${id}%`, null, null]) {
    expect((await create(other)).userErrors).toEqual([])
  }
})

describe('a reference is free again', () => {
  test('after its checkout was cancelled', async () => {
    const reference = numbered()
    const id = await created(reference)
    const cancel = 'mutation ($input: CancelCheckoutInput!) { cancelCheckout(input: $input) { userErrors { code } } }'
    await gateway.api.change(cancel, { id })
    await created(reference)
  })

  test.each([
    ['expired after an attempt that failed', ['FAIL', 'EXPIRE'], 'EXPIRED'],
    ['expired', ['EXPIRE'], 'EXPIRED'],
  ])(
    'after its checkout %s without money',
    async (_, outcomes, status) => {
      const reference = numbered()
      const id = await created(reference)
      for (const outcome of outcomes) {
        await simulate(gateway.api, id, outcome)
        if (outcome === 'FAIL') await fails(id)
      }
      await reaches(id, status)
      await created(reference)
    },
    120_000,
  )
})

/** Waits until the last attempt to pay is known to have failed. */
function fails(id: string): Promise<boolean> {
  const query = 'query ($id: ID!) { checkout(by: { id: $id }) { attempts { status } } }'
  type Found = { checkout: { attempts: { status: string }[] } }
  return eventually(
    async () => (await gateway.api.ask<Found>(query, { id })).checkout.attempts.at(-1)?.status === 'FAILED',
    60_000,
  )
}

describe('a reference stays in use', () => {
  test('when its checkout is paid', async () => {
    const reference = numbered()
    const id = await created(reference)
    await simulate(gateway.api, id, 'PAY')
    await reaches(id, 'COMPLETED')
    expect(await create(reference)).toEqual(inUse(id))
  }, 120_000)

  test('when its checkout was cancelled with too little money, until that is given back', async () => {
    const reference = numbered()
    const id = await created(reference)
    await simulate(gateway.api, id, 'UNDERPAY')
    const query = 'query ($id: ID!) { checkout(by: { id: $id }) { payment { id settledAt } } }'
    const payment = await eventually(async () => {
      const { checkout } = await gateway.api.ask<{ checkout: { payment: { id: string; settledAt: string } | null } }>(
        query,
        { id },
      )
      return checkout.payment?.settledAt ? checkout.payment : undefined
    }, 60_000)
    expect(await create(reference)).toEqual(inUse(id))
    const cancel = 'mutation ($input: CancelCheckoutInput!) { cancelCheckout(input: $input) { userErrors { code } } }'
    await gateway.api.change(cancel, { id })
    expect(await create(reference)).toEqual(inUse(id))
    const refund = 'mutation ($input: RecordRefundInput!) { recordRefund(input: $input) { userErrors { code } } }'
    await gateway.api.change(refund, { idempotencyKey: randomUUID(), paymentId: payment.id, reason: 'Too little' })
    await created(reference)
  }, 120_000)
})

test('sellers, the organization and other tenants have references of their own', async () => {
  const reference = numbered()
  const [ann, bob] = [await newSeller(gateway, 'Ann'), await newSeller(gateway, 'Bob')]
  await created(reference)
  const annas = await created(reference, ann.api)
  await created(reference, bob.api)
  expect(await create(reference, {}, ann.api)).toEqual(inUse(annas))
  const { app } = gateway
  const stranger = await newTenant(app.db)
  await app.connectSandboxes()
  await app.checkouts.setUniqueReferences(call(stranger), { unique: true })
  const input = { kind: 'PAYMENT', item: ITEM, reference }
  const { id } = await app.checkouts.create(call(stranger), input)
  const refused = app.checkouts.create(call(stranger), input)
  await expect(refused).rejects.toMatchObject({ problems: [{ facts: { checkout: encodeId('Checkout', id) } }] })
})

test('only managers decide it, it is announced, and another tenant’s decision is its own', async () => {
  const seller = await newSeller(gateway, 'Cleo')
  await expect(setUnique(false, seller.api)).rejects.toThrow('FORBIDDEN')
  const admin = await newKey(gateway.api, { role: 'ADMIN', userId: await newUser(gateway.api, 'Adam', 'ADMIN') })
  expect(await setUnique(false, apiOf(gateway.url, admin.secret))).toMatchObject({
    organization: { uniqueReferences: false },
  })
  const { events } = await gateway.api.ask<{ events: { edges: { node: { payload: { object: object } } }[] } }>(
    '{ events(first: 1, types: ["organization.unique_references_set"]) { edges { node { payload } } } }',
  )
  expect(events.edges[0]?.node.payload.object).toMatchObject({ uniqueReferences: false })
  const query = '{ viewer { organization { uniqueReferences } } }'
  await setUnique(true)
  expect(await gateway.api.ask(query)).toEqual({ viewer: { organization: { uniqueReferences: true } } })
  const { rows } = await gateway.app.db.pool.query("SELECT unique_references FROM tenant WHERE mode = 'LIVE'")
  expect(rows).toEqual([{ unique_references: false }])
})
