import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PROVIDERS } from '../../../src/providers/providers.ts'
import { eventually } from '../../support/app.ts'
import { type OpenGateway, startGateway } from '../../support/gateway.ts'
import { ADA } from '../../support/shop.ts'
import { MADE_UP } from './row.ts'

/** A provider that the product does not know, added by its row: everything goes over HTTP, as a merchant has it. */

let gateway: OpenGateway
/** Where the provider notifies, and what it signs with. */
let inbox: { notificationUrl: string; sandbox: { url: string; credentials: Record<string, string> } }

beforeAll(async () => {
  gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
  const query = '{ providers { provider notificationUrl sandbox { url credentials } } }'
  type Found = { providers: (typeof inbox & { provider: string })[] }
  const { providers } = await gateway.api.ask<Found>(query)
  const found = providers.find(({ provider }) => provider === 'MADE_UP')
  if (!found) throw new Error('the provider is not connected')
  inbox = found
})
afterAll(() => gateway.stop())

const OPEN = `mutation ($input: CreateCheckoutInput!) {
  createCheckout(input: $input) { checkout { id status url } userErrors { code message } }
}`
const PLAY = 'mutation ($input: SimulateCheckoutInput!) { simulateCheckout(input: $input) { userErrors { message } } }'
const PAYMENT = `query ($id: ID!) { payment(by: { checkoutId: $id }) {
  status amount { amount currency } fee { amount currency } providerId customer { email }
} }`

interface Paid {
  readonly status: string
  readonly amount: { readonly amount: string; readonly currency: string }
  readonly fee: { readonly amount: string } | null
  readonly providerId: string
  readonly customer: { readonly email: string } | null
}

async function open(amount = '1000') {
  const price = { amount, currency: 'JPY' }
  const item = { name: 'Tea', description: 'Green tea & a cup', price }
  const input = { idempotencyKey: randomUUID(), kind: 'PAYMENT', provider: 'MADE_UP', item }
  type Opened = { checkout: { id: string; status: string; url: string } }
  return (await gateway.api.change<Opened>(OPEN, input)).checkout
}

async function paymentOf(id: string): Promise<Paid | null> {
  return (await gateway.api.ask<{ payment: Paid | null }>(PAYMENT, { id })).payment
}

/** The id of a checkout that was paid. */
async function sell(): Promise<{ id: string; payment: Paid }> {
  const { id } = await open()
  await gateway.api.change(PLAY, { checkoutId: id, outcome: 'PAY', customer: ADA })
  const payment = await eventually(async () => {
    const found = await paymentOf(id)
    return found?.status === 'COMPLETED' && found
  }, 30_000)
  return { id, payment }
}

/** Sends a notification as the provider would. */
function notify(message: object, key = inbox.sandbox.credentials.signingKey): Promise<Response> {
  const body = JSON.stringify(message)
  const signature = createHash('sha256').update(`${body}${key}`).digest('hex').toUpperCase()
  const headers = { 'content-type': 'application/json', 'x-notice-signature': signature }
  return fetch(inbox.notificationUrl, { method: 'POST', headers, body })
}

function feeFact({ providerId }: Pick<Paid, 'providerId'>, fee: string) {
  return { about: 'fee', payment_no: providerId, fee }
}

function feeIs(id: string, amount: string): Promise<true> {
  return eventually(async () => (await paymentOf(id))?.fee?.amount === amount, 30_000)
}

async function expectBalanced(): Promise<void> {
  const { ledger } = await gateway.api.ask<{ ledger: object }>('{ ledger { proof { balanced breaks { message } } } }')
  expect(ledger).toEqual({ proof: { balanced: true, breaks: [] } })
}

test('a checkout in yen is paid, and its payment has its own number, its payer and no fee yet', async () => {
  const { id, payment } = await sell()
  expect(payment).toEqual({
    status: 'COMPLETED',
    amount: { amount: '1000', currency: 'JPY' },
    fee: null,
    providerId: expect.stringMatching(/^P[0-9]+$/),
    customer: { email: ADA.email },
  })
  const byNumber = 'query ($by: PaymentBy!) { payment(by: $by) { checkout { id } } }'
  const found = await gateway.api.ask(byNumber, { by: { providerId: payment.providerId } })
  expect(found).toEqual({ payment: { checkout: { id } } })
  await expectBalanced()
})

describe('a notification', () => {
  test('is acknowledged in the provider’s own words, as plain text', async () => {
    const answer = await notify({ message_no: 'M-words', facts: [] })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toBe('RECEIVED')
  })

  test('is verified for a merchant without a timestamp, since the provider sends none', async () => {
    const payload = JSON.stringify({ message_no: 'M-verify', facts: [] })
    const key = inbox.sandbox.credentials.signingKey
    const signature = createHash('sha256').update(`${payload}${key}`).digest('hex').toUpperCase()
    const mutation = `mutation ($input: VerifyWebhookInput!) {
      verifyWebhook(input: $input) { verified reason userErrors { message } }
    }`
    const verify = (input: object) =>
      gateway.api.ask(mutation, { input: { provider: 'MADE_UP', payload, signature, ...input } })
    expect(await verify({})).toEqual({ verifyWebhook: { verified: true, reason: null, userErrors: [] } })
    const forged = { verified: false, reason: 'the signature does not match', userErrors: [] }
    expect(await verify({ payload: `${payload} ` })).toEqual({ verifyWebhook: forged })
  })

  test('that somebody else has signed is refused, and nothing is kept of it', async () => {
    const answer = await notify({ message_no: 'M-forged', facts: [] }, 'the key of somebody else')
    expect(answer.status).toBe(400)
    expect(await answer.text()).not.toContain('RECEIVED')
    expect(await gateway.app.db.prisma.inboxMessage.count({ where: { dedupeKey: 'M-forged' } })).toBe(0)
  })

  test('has all of its facts applied, also those after one about a payment that nobody knows', async () => {
    const [one, other] = [await sell(), await sell()]
    const facts = [feeFact({ providerId: 'P0' }, '1'), feeFact(one.payment, '36'), feeFact(other.payment, '37')]
    expect((await notify({ message_no: 'M-several', facts })).status).toBe(200)
    await feeIs(one.id, '36')
    await feeIs(other.id, '37')
    await expectBalanced()
  })

  test('has its usable facts applied beside one about what nothing can be called, and is then given up', async () => {
    const { id, payment } = await sell()
    const facts = [feeFact({ providerId: 'P\u0000' }, '1'), feeFact(payment, '38')]
    for (const _ of ['once', 'again']) {
      expect((await notify({ message_no: 'M-\u0000', facts })).status).toBe(200)
    }
    await feeIs(id, '38')
    const kept = await eventually(async () => {
      const found = await gateway.app.db.prisma.inboxMessage.findMany({ where: { provider: 'MADE_UP' } })
      const about = found.filter(({ body }) => body.includes('M-\\u0000'))
      return about[0]?.error != null && about
    }, 30_000)
    expect(kept).toMatchObject([{ nextAttemptAt: null, appliedAt: null }])
    expect(kept[0]?.error).toContain('unusable id')
  })

  test('is applied once under its number, whatever a repeat says', async () => {
    const { id, payment } = await sell()
    for (const fee of ['36', '50']) {
      const answer = await notify({ message_no: 'M-once', facts: [feeFact(payment, fee)] })
      expect(await answer.text()).toBe('RECEIVED')
    }
    await feeIs(id, '36')
    const where = { dedupeKey: 'M-once' }
    await eventually(
      async () =>
        (await gateway.app.db.prisma.inboxMessage.count({ where: { ...where, appliedAt: { not: null } } })) > 0,
    )
    expect(await gateway.app.db.prisma.inboxMessage.count({ where })).toBe(1)
    expect((await paymentOf(id))?.fee?.amount).toBe('36')
  })

  test('about a fee that is told again under another number books nothing more', async () => {
    const { id, payment } = await sell()
    for (const number of ['M-first', 'M-second', 'M-third']) {
      await notify({ message_no: number, facts: [feeFact(payment, number === 'M-third' ? '35' : '36')] })
      const where = { dedupeKey: number, appliedAt: { not: null } }
      await eventually(async () => (await gateway.app.db.prisma.inboxMessage.count({ where })) > 0)
    }
    expect((await paymentOf(id))?.fee?.amount).toBe('36')
    const movements = await gateway.app.db.prisma.paymentMovement.findMany({
      where: { kind: 'FEE', payment: { externalId: payment.providerId } },
    })
    expect(movements.map(({ providerFeeMinor }) => providerFeeMinor)).toEqual([36n])
    await expectBalanced()
  })
})

test('what its simulator does not play is refused with that reason', async () => {
  const { id } = await sell()
  const { payment } = await gateway.api.ask<{ payment: { id: string } }>(
    'query ($id: ID!) { payment(by: { checkoutId: $id }) { id } }',
    { id },
  )
  const mutation = `mutation ($input: SimulateRefundRequestInput!) {
    simulateRefundRequest(input: $input) { userErrors { code message } }
  }`
  const input = { paymentId: payment.id, reason: 'It broke' }
  const message = 'MADE_UP has no refunds that customers ask for'
  expect(await gateway.api.ask(mutation, { input })).toEqual({
    simulateRefundRequest: { userErrors: [{ code: 'UNSUPPORTED', message }] },
  })
})

describe('a refusal inside HTTP 200', () => {
  const CONNECT = `mutation ($input: ConnectProviderInput!) {
    connectProvider(input: $input) { userErrors { code message } }
  }`
  const connect = (credentials: object) => {
    const input = { provider: 'MADE_UP', baseUrl: inbox.sandbox.url, credentials }
    return gateway.api.ask<{ connectProvider: { userErrors: object[] } }>(CONNECT, { input })
  }

  test('of the credentials is told with the provider’s own message', async () => {
    const { connectProvider } = await connect({ ...inbox.sandbox.credentials, signingKey: 'another' })
    const refused = { code: 'PROVIDER_REFUSED', message: 'the signature does not match' }
    expect(connectProvider.userErrors).toEqual([refused])
  })

  test('does not come for form bodies that are signed as they are sent over the network', async () => {
    expect((await connect(inbox.sandbox.credentials)).connectProvider.userErrors).toEqual([])
    const { status, url } = await open('2500')
    expect(status).toBe('OPEN')
    expect(await (await fetch(url)).text()).toContain('transfer 2500 yen')
  })
})
