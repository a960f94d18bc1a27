import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { CUSTOMER, createCheckout, ITEM } from '../support/storefront.ts'

/** A key holds for 24 hours of real time: whoever turns the test clock by days has not waited. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

async function turn(days: number, idempotencyKey?: string): Promise<{ testClock: { now: string }; replayed: boolean }> {
  return gateway.api.change(
    'mutation ($input: AdvanceTestClockInput!) { advanceTestClock(input: $input) { testClock { now } replayed userErrors { code message } } }',
    { by: { value: days, unit: 'DAYS' }, ...(idempotencyKey && { idempotencyKey }) },
  )
}

/** A mutation with its whole answer, userErrors too. */
async function send(query: string, input: object): Promise<Record<string, unknown>> {
  const data = await gateway.api.ask<Record<string, Record<string, unknown>>>(query, { input })
  return Object.values(data)[0] ?? {}
}

const CREATE_CUSTOMER =
  'mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { customer { id } replayed userErrors { code message field } } }'
const SIMULATE =
  'mutation ($input: SimulateCheckoutInput!) { simulateCheckout(input: $input) { checkout { id } replayed userErrors { code message field } } }'
const CONNECT =
  'mutation ($input: ConnectProviderInput!) { connectProvider(input: $input) { connection { provider } replayed userErrors { code message field } } }'

test('mutations that are repeated after the test clock was turned by two days have the same answers', async () => {
  const { checkout } = await createCheckout(gateway.api, { item: ITEM, idempotencyKey: 'checkout' })
  const wishes: [string, object][] = [
    [CREATE_CUSTOMER, { name: 'Ada', idempotencyKey: 'customer' }],
    [CREATE_CUSTOMER, { name: '', idempotencyKey: 'refused' }],
    [SIMULATE, { checkoutId: checkout.id, outcome: 'PAY', customer: CUSTOMER, idempotencyKey: 'paid' }],
    [CONNECT, { provider: 'QBITFLOW', credentials: {}, idempotencyKey: 'connected' }],
  ]
  const first = []
  for (const wish of wishes) first.push(await send(...wish))
  expect(first.map(({ replayed }) => replayed)).toEqual([false, false, false, false])
  expect(await turn(2, 'clock')).toMatchObject({ replayed: false })
  await gateway.app.forgetExpired()

  for (const [index, wish] of wishes.entries()) expect(await send(...wish)).toEqual({ ...first[index], replayed: true })
  const again = await createCheckout(gateway.api, { item: ITEM, idempotencyKey: 'checkout' })
  expect([again.checkout.id, again.replayed]).toEqual([checkout.id, true])
  const { testClock, replayed } = await turn(2, 'clock')
  expect(replayed).toBe(true)
  expect(Math.round((Date.parse(testClock.now) - Date.now()) / 86_400_000)).toBe(2)
  const other = await send(CREATE_CUSTOMER, { name: 'Eve', idempotencyKey: 'customer' })
  expect(other.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }])
})
