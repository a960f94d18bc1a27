import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { statements } from './counting.ts'

/** How often mutations wait for the database, and how many statements a checkout takes until it is paid. */

const PRICE = { amount: '10.00', currency: 'USD' }
const CUSTOMER = { name: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' }
const CHECKOUT = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id status } userErrors { message } } }`

let gateway: OpenGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

type Payload = Record<string, { readonly userErrors: readonly object[] } & Record<string, { readonly id: string }>>

async function ask<Data = Payload>(query: string, variables: object): Promise<Data> {
  const headers = { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ query, variables })
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })
  const { data, errors } = (await response.json()) as { data: Data; errors?: object[] }
  expect(errors).toBeUndefined()
  return data
}

async function change(name: string, query: string, input: object) {
  const payload = (await ask(query, { input: { idempotencyKey: newId(), ...input } }))[name]
  expect(payload?.userErrors).toEqual([])
  return payload
}

/** What the gateway does by itself every second: it looks for what is due, at every kind of work. */
const LOOKS = [
  'full_or_busy',
  'WITH busy AS',
  'WITH RECURSIVE hop',
  'clock_target_at IS NOT NULL',
  'h.expires_at <=',
  'claim_funds_next_at <=',
  'FROM event_counter c',
  'pg_try_advisory_xact_lock',
  '"removal_due_at" <=',
  '"organization"."id" IN (NULL)',
]
const seenBy = async (work: () => Promise<unknown>) =>
  (await statements(work)).filter((text) => !LOOKS.some((look) => text.includes(look)))
const isSimulators = (text: string) => text.includes('sandbox_')

/** What goes out with the next statement is not waited for. */
function waits(texts: readonly string[]): string[] {
  return texts.filter((text) => !text.startsWith('/* sent ahead */') && text !== 'BEGIN')
}

async function twice(work: () => Promise<unknown>): Promise<string[]> {
  await work()
  return seenBy(work)
}

const customer = () =>
  change(
    'createCustomer',
    `mutation ($input: CreateCustomerInput!) {
       createCustomer(input: $input) { customer { id } userErrors { message } } }`,
    { ...CUSTOMER, email: `${newId()}@example.com` },
  )

const checkout = () =>
  change('createCheckout', CHECKOUT, {
    kind: 'PAYMENT',
    item: { name: 'Tea', description: 'Green tea', price: PRICE },
  })

describe('a mutation waits for the database', () => {
  test('4 times to make a customer: for the key, the row, the commit and the answer', async () => {
    const seen = await twice(customer)
    expect(waits(seen), seen.join('\n')).toHaveLength(4)
  })

  test('4 times to hold money', async () => {
    const open = `mutation ($input: CreateAccountInput!) {
      createAccount(input: $input) { account { id } userErrors { message } } }`
    const input = { kind: 'CLIENT', currency: 'USD', overdraft: true }
    const [payer, seller] = [await change('createAccount', open, input), await change('createAccount', open, input)]
    const hold = () =>
      change(
        'createHold',
        `mutation ($input: CreateHoldInput!) {
           createHold(input: $input) { transaction { id } userErrors { message } } }`,
        {
          accountId: payer?.account?.id,
          total: PRICE,
          charges: [{ destinationId: seller?.account?.id, subtotal: PRICE }],
        },
      )
    const seen = await twice(hold)
    expect(waits(seen), seen.join('\n')).toHaveLength(4)
  })

  test('7 times to open a checkout, besides what its provider does', async () => {
    const seen = await twice(checkout)
    const before = seen.slice(0, seen.findIndex(isSimulators))
    // The simulator's commit is its last statement.
    const after = seen.slice(seen.findLastIndex(isSimulators) + 2)
    expect(waits([...before, ...after]).length, seen.join('\n')).toBeLessThanOrEqual(7)
  })
})

const STATUS = 'query ($id: ID!) { checkout(by: { id: $id }) { status } }'

async function pay(): Promise<void> {
  const id = (await checkout())?.checkout?.id
  await change(
    'simulateCheckout',
    `mutation ($input: SimulateCheckoutInput!) {
       simulateCheckout(input: $input) { checkout { id } userErrors { message } } }`,
    { checkoutId: id, outcome: 'PAY', customer: CUSTOMER },
  )
  const deadline = performance.now() + 60_000
  for (let status = ''; status !== 'COMPLETED' && performance.now() < deadline; ) {
    await sleep(3_000)
    status = (await ask<{ checkout: { status: string } }>(STATUS, { id })).checkout.status
  }
  expect(performance.now()).toBeLessThan(deadline)
}

/** Some 100 and 32; the rest is for a look at the provider's refunds, which may fall into it. */
test('a checkout takes at most 120 statements until it is paid, 42 of them the simulator’s, besides looks for due work', async () => {
  const seen = await twice(pay)
  expect(seen.filter(isSimulators).length, seen.join('\n')).toBeLessThanOrEqual(42)
  expect(seen.length, seen.join('\n')).toBeLessThanOrEqual(120)
}, 180_000)
