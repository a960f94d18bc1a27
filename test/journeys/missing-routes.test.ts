import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** A provider whose server has no route for something: it is found out by asking, and said plainly. */

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterEach(() => clear())
afterAll(() => gateway.stop())

const ITEM = { name: 'Calls', description: 'By the call', price: { amount: '0.50', currency: 'USD' } }
const MONTHLY = { value: 1, unit: 'MONTHS' }
const OLDER = 'POST /transaction/session-checkout'
const USAGE = 'POST /transaction/subscription/payg/increase-units-current-period'

interface Created {
  readonly checkout: { readonly id: string; readonly status: string } | null
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[]
}

async function clear(): Promise<void> {
  await gateway.api.change(
    'mutation ($input: ClearFaultsInput!) { clearFaults(input: $input) { userErrors { code } } }',
    {
      provider: 'QBITFLOW',
    },
  )
}

function lose(operation: string): Promise<unknown> {
  const query = 'mutation ($input: InjectFaultInput!) { injectFault(input: $input) { userErrors { code message } } }'
  return gateway.api.change(query, { provider: 'QBITFLOW', kind: 'MISSING_ROUTE', operation })
}

async function create(kind: string): Promise<Created> {
  const query = `mutation ($input: CreateCheckoutInput!) { createCheckout(input: $input) {
    checkout { id status } userErrors { code message field } } }`
  const terms = kind === 'PAYMENT' ? {} : { frequency: MONTHLY }
  const wanted = { kind, idempotencyKey: crypto.randomUUID(), ...terms, item: ITEM }
  return (await gateway.api.ask<{ createCheckout: Created }>(query, { input: wanted })).createCheckout
}

async function kept() {
  const query = '{ checkouts { totalCount } payments { totalCount } providers { capabilities } }'
  const { checkouts, payments, providers } = await gateway.api.ask<{
    checkouts: { totalCount: number }
    payments: { totalCount: number }
    providers: { capabilities: string[] }[]
  }>(query)
  return { counts: [checkouts.totalCount, payments.totalCount], capabilities: providers[0]?.capabilities }
}

const ALL = ['CHECKOUTS', 'SUBSCRIPTIONS', 'PAY_AS_YOU_GO', 'REFUNDS', 'STATUS', 'PAYMENT_LIST']
const METERED = {
  code: 'UNSUPPORTED',
  message: 'QBITFLOW has no PAY_AS_YOU_GO: the server of this connection has no route for it',
  field: ['kind'],
}

test.each([
  ['its pages', OLDER],
  ['the reports of usage', USAGE],
])('pay as you go is refused before anything is kept where the server has no route for %s', async (_, operation) => {
  const { counts } = await kept()
  await lose(operation)
  for (const _again of [1, 2]) {
    expect(await create('PAY_AS_YOU_GO')).toEqual({ checkout: null, userErrors: [METERED] })
  }
  expect(await kept()).toEqual({ counts, capabilities: ALL.filter((name) => name !== 'PAY_AS_YOU_GO') })
  for (const kind of ['PAYMENT', 'SUBSCRIPTION']) {
    expect(await create(kind)).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
  }
  await clear()
  expect(await create('PAY_AS_YOU_GO')).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
  expect((await kept()).capabilities).toEqual(ALL)
})

test('a route that turns out to be missing is no failed payment, and the next wish is refused early', async () => {
  const before = await kept()
  await lose('POST /transaction/session-checkout/new/subscription')
  const message = METERED.message.replace('PAY_AS_YOU_GO', 'SUBSCRIPTIONS')
  const first = await create('SUBSCRIPTION')
  expect(first).toMatchObject({ checkout: { status: 'FAILED' }, userErrors: [{ code: 'UNSUPPORTED', message }] })
  expect(await create('SUBSCRIPTION')).toEqual({
    checkout: null,
    userErrors: [{ code: 'UNSUPPORTED', message, field: ['kind'] }],
  })
  const after = await kept()
  expect(after.counts).toEqual([(before.counts[0] ?? 0) + 1, before.counts[1]])
  expect(after.capabilities).toEqual(ALL.filter((name) => name !== 'SUBSCRIPTIONS'))
  await clear()
  expect(await create('SUBSCRIPTION')).toMatchObject({ checkout: { status: 'OPEN' }, userErrors: [] })
})

test('a fault that is to strike once is not used up by asking which routes there are', async () => {
  const query = 'mutation ($input: InjectFaultInput!) { injectFault(input: $input) { userErrors { code message } } }'
  await gateway.api.change(query, { provider: 'QBITFLOW', kind: 'SERVER_ERROR', operation: OLDER })
  expect(await create('PAY_AS_YOU_GO')).toMatchObject({ checkout: { status: 'UNKNOWN' } })
})

test('an account is asked for its routes when it is connected', async () => {
  const { providers } = await gateway.api.ask<{ providers: { sandbox: { url: string; credentials: object } }[] }>(
    '{ providers { sandbox { url credentials } } }',
  )
  const { url, credentials } = providers[0]?.sandbox ?? { url: '', credentials: {} }
  const connect = async (account: object) => {
    const mutation = `mutation ($input: ConnectProviderInput!) { connectProvider(input: $input) {
      connection { capabilities } userErrors { code message } } }`
    const answer = await gateway.api.change<{ connection: { capabilities: string[] } }>(mutation, {
      provider: 'QBITFLOW',
      ...account,
    })
    return answer.connection.capabilities
  }
  await lose(OLDER)
  await lose('GET /transaction/refunds/all')
  const without = ALL.filter((name) => name !== 'PAY_AS_YOU_GO' && name !== 'REFUNDS')
  expect(await connect({ credentials, baseUrl: url })).toEqual(without)
  expect(await create('PAY_AS_YOU_GO')).toEqual({ checkout: null, userErrors: [METERED] })
  expect(await create('PAYMENT')).toMatchObject({ checkout: { status: 'OPEN' } })
  expect(await connect({ credentials: {} })).toEqual(without)
  await clear()
  expect(await connect({ credentials: {} })).toEqual(ALL)
})
