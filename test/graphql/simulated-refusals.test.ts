import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { CUSTOMER, createCheckout, ITEM } from '../support/storefront.ts'

/** What a simulator refuses, and whatever names a provider that cannot be connected, is told by the field of the input. */

let gateway: OpenGateway
let checkoutId: string
beforeAll(async () => {
  gateway = await startGateway()
  checkoutId = (await createCheckout(gateway.api)).checkout.id
})
afterAll(() => gateway.stop())

async function problemsOf(mutation: string, type: string, input: object) {
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { code message field } } }`
  const data = await gateway.api.ask<Record<string, { userErrors: object[] }>>(query, { input })
  return data[mutation]?.userErrors
}

test.each([
  [{ customer: { ...CUSTOMER, name: '(x)' } }, ['customer', 'name']],
  [{ customer: { ...CUSTOMER, lastName: 'a;b' } }, ['customer', 'lastName']],
  [{ customer: { ...CUSTOMER, name: '(x)', lastName: 'a;b' } }, ['customer']],
  [{ customer: CUSTOMER, currency: 'DOGE' }, ['currency']],
  [{}, ['customer']],
])('simulateCheckout with %j names the field', async (input, field) => {
  const wanted = { checkoutId, outcome: 'PAY', ...input }
  expect(await problemsOf('simulateCheckout', 'SimulateCheckoutInput', wanted)).toMatchObject([
    { code: 'PROVIDER_REFUSED', field },
  ])
})

test.each([
  ['connectProvider', 'ConnectProviderInput', { credentials: {} }],
  ['connectProvider', 'ConnectProviderInput', { credentials: { apiKey: 'x' }, baseUrl: 'https://pay.example' }],
  ['createCheckout', 'CreateCheckoutInput', { kind: 'PAYMENT', item: ITEM, idempotencyKey: randomUUID() }],
  ['injectFault', 'InjectFaultInput', { kind: 'DELAY' }],
  ['clearFaults', 'ClearFaultsInput', {}],
  ['resetSandbox', 'ResetSandboxInput', {}],
  ['verifyWebhook', 'VerifyWebhookInput', { payload: '{}', signature: 'sha256=00', timestamp: '1700000000' }],
])('%s with a provider that this release has no adapter for says so', async (mutation, type, input) => {
  for (const provider of ['QBITPAY', 'QFPAY']) {
    expect(await problemsOf(mutation, type, { ...input, provider })).toEqual([
      {
        code: 'UNSUPPORTED',
        message: `${provider} cannot be used: this release has no adapter for it`,
        field: ['provider'],
      },
    ])
  }
})
