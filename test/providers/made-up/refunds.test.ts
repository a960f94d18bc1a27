import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { PROVIDERS } from '../../../src/providers/providers.ts'
import { eventually } from '../../support/app.ts'
import { type OpenGateway, startGateway } from '../../support/gateway.ts'
import { ADA, ITEM } from '../../support/shop.ts'
import { clientOf } from './adapter/client.ts'
import { MADE_UP } from './row.ts'

/** Giving money back with createRefund, as a merchant's program has it: everything goes over HTTP. */

interface ProviderView {
  readonly provider: string
  readonly capabilities: readonly string[]
  readonly notificationUrl: string
  readonly sandbox: { readonly url: string; readonly credentials: Record<string, string> }
}

let gateway: OpenGateway
let providers: readonly ProviderView[]

beforeAll(async () => {
  gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
  const query = '{ providers { provider capabilities notificationUrl sandbox { url credentials } } }'
  providers = (await gateway.api.ask<{ providers: ProviderView[] }>(query)).providers
})
afterAll(() => gateway.stop())
beforeEach(() => decide('DONE'))

function viewOf(name: string): ProviderView {
  const found = providers.find(({ provider }) => provider === name)
  if (!found) throw new Error(`${name} is not connected`)
  return found
}

/** What comes of refunds that are created from now on. */
async function decide(next: string): Promise<void> {
  const { url: baseUrl, credentials } = viewOf('MADE_UP').sandbox
  const openSocket = () => {
    throw new Error('the provider has no socket')
  }
  await clientOf({ baseUrl, credentials, fetch, openSocket }).control(z.null(), 'POST', '/refunds', { next })
}

const OPEN = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id } userErrors { code message } }
}`
const PLAY = 'mutation ($input: SimulateCheckoutInput!) { simulateCheckout(input: $input) { userErrors { message } } }'
const PAYMENT = `query ($id: ID!) { payment(by: { checkoutId: $id }) {
  id status providerId refundable { amount } refunds { totalCount edges { node { id issued status } } }
} }`

interface PaymentView {
  readonly id: string
  readonly status: string
  readonly providerId: string
  readonly refundable: { readonly amount: string }
  readonly refunds: { readonly totalCount: number }
}

async function paymentOf(checkoutId: string): Promise<PaymentView | null> {
  return (await gateway.api.ask<{ payment: PaymentView | null }>(PAYMENT, { id: checkoutId })).payment
}

/** A checkout that was paid, with its payment. */
async function sell(provider = 'MADE_UP', currency = 'JPY', amount = '1000') {
  const item = { ...ITEM, price: { amount, currency } }
  const input = { idempotencyKey: randomUUID(), kind: 'PAYMENT', provider, item }
  const { checkout } = await gateway.api.change<{ checkout: { id: string } }>(OPEN, input)
  await gateway.api.change(PLAY, { checkoutId: checkout.id, outcome: 'PAY', customer: ADA })
  const payment = await eventually(async () => {
    const found = await paymentOf(checkout.id)
    return found?.status === 'COMPLETED' && found
  }, 30_000)
  return { checkoutId: checkout.id, payment }
}

const CREATE = `mutation ($input: CreateRefundInput!) {
  createRefund(input: $input) {
    replayed refund { id status issued reason retryable failureMessage amount { amount currency } }
    userErrors { code message field ... on ProviderRefusal { provider providerCode retryable } }
  }
}`

interface RefundView {
  readonly id: string
  readonly status: string
  readonly amount: { readonly amount: string }
}

interface Created {
  readonly replayed: boolean
  readonly refund: RefundView | null
  readonly userErrors: readonly { readonly code: string; readonly message: string; readonly field: string[] | null }[]
}

async function create(paymentId: string, more: object = {}): Promise<Created> {
  const input = { paymentId, reason: 'It broke', idempotencyKey: randomUUID(), ...more }
  return (await gateway.api.ask<{ createRefund: Created }>(CREATE, { input })).createRefund
}

const yen = (amount: string) => ({ amount: { amount, currency: 'JPY' } })

const REFUND = `query ($id: ID!) { refund(by: { id: $id }) {
  status amount { amount } completedAt ledgerTransaction { id } timeline { type }
} }`

async function ends(id: string, status: string): Promise<{ timeline: { type: string }[] }> {
  type Found = { refund: { status: string; timeline: { type: string }[] } }
  return eventually(async () => {
    const { refund } = await gateway.api.ask<Found>(REFUND, { id })
    return refund.status === status && refund
  }, 30_000)
}

async function expectBalanced(): Promise<void> {
  const { ledger } = await gateway.api.ask<{ ledger: object }>('{ ledger { proof { balanced breaks { message } } } }')
  expect(ledger).toEqual({ proof: { balanced: true, breaks: [] } })
}

test('a payment is given back in part and then whole, and its books balance', async () => {
  const { checkoutId, payment } = await sell()
  const first = await create(payment.id, yen('300'))
  expect(first).toEqual({
    replayed: false,
    refund: {
      ...{ id: expect.stringMatching(/^rfnd_/), status: 'PROCESSING', issued: true, reason: 'It broke' },
      ...{ retryable: null, failureMessage: null, amount: { amount: '300', currency: 'JPY' } },
    },
    userErrors: [],
  })
  const rest = await create(payment.id)
  expect(rest.refund?.amount.amount).toBe('700')
  for (const { refund } of [first, rest]) {
    const { timeline } = await ends(refund?.id ?? '', 'COMPLETED')
    expect(timeline.map(({ type }) => type)).toEqual(['refund.processing', 'refund.completed'])
  }
  expect(await paymentOf(checkoutId)).toMatchObject({ status: 'REFUNDED', refundable: { amount: '0' } })
  await expectBalanced()
})

test('requests under one key at the same moment issue one refund', async () => {
  const { checkoutId, payment } = await sell()
  const idempotencyKey = randomUUID()
  const wishes = [1, 2, 3].map(() => create(payment.id, { idempotencyKey, ...yen('200') }))
  const answers = await Promise.all(wishes)
  expect(new Set(answers.map(({ refund }) => refund?.id)).size).toBe(1)
  expect(answers.map(({ replayed }) => replayed).sort()).toEqual([false, true, true])
  await ends(answers[0]?.refund?.id ?? '', 'COMPLETED')
  expect(await paymentOf(checkoutId)).toMatchObject({ refundable: { amount: '800' }, refunds: { totalCount: 1 } })
})

test.each([
  ['BALANCE_TOO_LOW', 'the balance of the account is too low', true],
  ['FAILED', 'the bank of the payer does not answer', true],
  ['FAILED_FOR_GOOD', 'the account of the payer is closed', false],
])('a refund that ends as %s says so in the provider’s words', async (next, failureMessage, retryable) => {
  const { payment } = await sell()
  await decide(next)
  const { refund, userErrors } = await create(payment.id)
  const refusal = {
    ...{ code: 'PROVIDER_REFUSED', message: failureMessage, field: null },
    ...{ provider: 'MADE_UP', providerCode: next, retryable },
  }
  expect(userErrors).toEqual(next === 'BALANCE_TOO_LOW' ? [refusal] : [])
  await ends(refund?.id ?? '', 'FAILED')
  const why = 'query ($id: ID!) { refund(by: { id: $id }) { failureMessage retryable completedAt } }'
  const told = await gateway.api.ask(why, { id: refund?.id })
  expect(told).toEqual({ refund: { failureMessage, retryable, completedAt: null } })
  // Whoever has the id reads the status page: what the provider said is for the merchant.
  const page = 'query ($id: ID!) { transactionStatus(id: $id) { type state final message } }'
  expect(await gateway.api.ask(page, { id: refund?.id })).toEqual({
    transactionStatus: { type: 'REFUND', state: 'FAILED', final: true, message: null },
  })
  await expectBalanced()
})

describe('what cannot be given back is refused, and nothing is asked of the provider', () => {
  test.each([
    ['nothing', yen('0'), 'OUT_OF_RANGE', ['amount', 'amount']],
    ['less than nothing', yen('-5'), 'OUT_OF_RANGE', ['amount', 'amount']],
    ['more than came in', yen('1001'), 'OUT_OF_RANGE', ['amount', 'amount']],
    ['a part of a yen', yen('0.5'), 'INVALID', ['amount', 'amount']],
    ['another currency', { amount: { amount: '5', currency: 'USD' } }, 'CURRENCY_MISMATCH', ['amount', 'currency']],
    ['a refund for no reason', { reason: ' ' }, 'REQUIRED', ['reason']],
    ['a refund for too many reasons', { reason: 'x'.repeat(501) }, 'TOO_LONG', ['reason']],
    ['a refund without a key', { idempotencyKey: '' }, 'REQUIRED', ['idempotencyKey']],
    ['what is no payment', { paymentId: 'chk_x' }, 'NOT_FOUND', ['paymentId']],
  ])('%s', async (_, wrong, code, field) => {
    const { checkoutId, payment } = await shared()
    const { refund, userErrors } = await create(payment.id, wrong)
    expect([refund, userErrors]).toMatchObject([null, [{ code, field }]])
    expect((await paymentOf(checkoutId))?.refunds.totalCount).toBe(0)
  })

  let sold: ReturnType<typeof sell> | undefined
  const shared = () => {
    sold ??= sell()
    return sold
  }
})

test('a provider that issues no refunds says which way there is', async () => {
  expect(viewOf('MADE_UP').capabilities).toContain('ISSUED_REFUNDS')
  expect(viewOf('QBITFLOW').capabilities).not.toContain('ISSUED_REFUNDS')
  const { payment } = await sell('QBITFLOW', 'USD', '19.99')
  const { refund, userErrors } = await create(payment.id)
  expect(refund).toBeNull()
  expect(userErrors).toMatchObject([{ code: 'UNSUPPORTED', field: ['paymentId'] }])
  expect(userErrors[0]?.message).toBe(
    "QBITFLOW cannot issue refunds: the customer requests the refund on the provider's page of the payment, and the merchant approves it in the dashboard of QBitFlow, in test mode with approveRefund. recordRefund records a refund that was paid outside the provider",
  )
})

test('a refund that the provider tells of, and that nobody issued here, is taken in once', async () => {
  const { checkoutId, payment } = await sell()
  const { notificationUrl, sandbox } = viewOf('MADE_UP')
  const fact = {
    ...{ about: 'refund', refund_no: 'R0', refund_order_no: 'of the dashboard', payment_no: payment.providerId },
    ...{ amount: '10', currency: 'JPY', state: 'PENDING', created_at: '2026-01-01T00:00:00Z' },
  }
  for (const number of ['M-refund', 'M-refund', 'M-refund-again']) {
    const body = JSON.stringify({ message_no: number, facts: [fact] })
    const digest = createHash('sha256').update(`${body}${sandbox.credentials.signingKey}`).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-notice-signature': digest.toUpperCase() }
    const answer = await fetch(notificationUrl, { method: 'POST', headers, body })
    expect(await answer.text()).toBe('RECEIVED')
    const applied = { dedupeKey: number, appliedAt: { not: null } }
    await eventually(async () => (await gateway.app.db.prisma.inboxMessage.count({ where: applied })) > 0)
  }
  const after = await paymentOf(checkoutId)
  expect(after?.refunds).toMatchObject({ totalCount: 1, edges: [{ node: { issued: false, status: 'PROCESSING' } }] })
})

test('one that is not over when the sandbox is reset fails, and gives nothing back', async () => {
  const { checkoutId, payment } = await sell()
  const { refund } = await create(payment.id)
  const reset = 'mutation ($input: ResetSandboxInput!) { resetSandbox(input: $input) { userErrors { message } } }'
  await gateway.api.change(reset, { provider: 'MADE_UP' })
  await ends(refund?.id ?? '', 'FAILED')
  expect(await paymentOf(checkoutId)).toMatchObject({ status: 'COMPLETED', refundable: { amount: '1000' } })
  await expectBalanced()
})
