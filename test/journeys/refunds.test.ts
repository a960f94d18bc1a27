import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { watchStatus } from '../support/api.ts'
import { eventually } from '../support/app.ts'
import { expectAllSettled } from '../support/books.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { createCheckout, readCheckout, recipesOf, simulate, statesOf } from '../support/storefront.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway?.stop())

interface SeenRefund {
  readonly id: string
  readonly status: string
  readonly merchantMessage: string | null
  readonly amount: { readonly amount: string }
  readonly payment: { readonly status: string; readonly refundable: { readonly amount: string } }
  readonly parts: readonly { readonly account: { readonly externalId: string }; readonly amount: { amount: string } }[]
  readonly timeline: readonly { readonly type: string }[]
}

const ASK = `mutation ($input: SimulateRefundRequestInput!) {
  simulateRefundRequest(input: $input) { refund { id status reason } userErrors { code message field } }
}`
const APPROVE = `mutation ($input: ApproveRefundInput!) {
  approveRefund(input: $input) { refund { id status } userErrors { code message field } }
}`
const REFUSE = `mutation ($input: RefuseRefundInput!) {
  refuseRefund(input: $input) { refund { id status merchantMessage } userErrors { code message field } }
}`
const ADVANCE = `mutation ($input: AdvanceTestClockInput!) {
  advanceTestClock(input: $input) { testClock { now } userErrors { code message field } }
}`
const REFUND = `query ($id: ID!) {
  refund(by: { id: $id }) {
    id status merchantMessage amount { amount } payment { status refundable { amount } }
    parts { account { externalId } amount { amount } } timeline { type }
  }
}`
const ACTIVE = `query ($active: Boolean!) { refunds(filter: { active: $active }) { edges { node { id } } totalCount } }`

/** A checkout that was paid. */
async function paid(): Promise<{ checkoutId: string; paymentId: string }> {
  const { checkout } = await createCheckout(gateway.api)
  await simulate(gateway.api, checkout.id, 'PAY')
  const { payment } = await eventually(async () => {
    const seen = await readCheckout(gateway.api, checkout.id)
    return seen.payment?.status === 'COMPLETED' && seen
  })
  return { checkoutId: checkout.id, paymentId: payment?.id ?? '' }
}

async function asked(paymentId: string): Promise<{ id: string; status: string; reason: string }> {
  const { refund } = await gateway.api.change<{ refund: { id: string; status: string; reason: string } }>(ASK, {
    paymentId,
    reason: 'It came broken',
  })
  return refund
}

const read = async (id: string) => (await gateway.api.ask<{ refund: SeenRefund }>(REFUND, { id })).refund

async function activeIds(active: boolean): Promise<string[]> {
  const { refunds } = await gateway.api.ask<{ refunds: { edges: { node: { id: string } }[] } }>(ACTIVE, { active })
  return refunds.edges.map(({ node }) => node.id)
}

test('a refund that is approved brings the money back, which the books and every status page say', async () => {
  const { api, url, key } = gateway
  const { checkoutId, paymentId } = await paid()
  const { id, status, reason } = await asked(paymentId)
  expect([status, reason]).toEqual(['PENDING', 'It came broken'])
  expect([await activeIds(true), await activeIds(false)]).toEqual([[id], []])

  const watch = watchStatus(url, key, id)
  await watch.reaches(1)
  expect(await api.change(APPROVE, { id, idempotencyKey: randomUUID() })).toMatchObject({
    refund: { status: expect.stringMatching(/PROCESSING|COMPLETED/) },
  })
  expect([await activeIds(true), await activeIds(false)]).toEqual([[], [id]])
  expect(await watch.ended).toBe('complete')
  expect(watch.seen.map(({ state }) => state)).toEqual(['CREATED', 'PENDING', 'COMPLETED'])
  expect(watch.seen.at(-1)?.transactionHash).toBeTruthy()

  const done = await read(id)
  expect(done).toMatchObject({
    status: 'COMPLETED',
    amount: { amount: '19.99' },
    payment: { status: 'REFUNDED', refundable: { amount: '0.00' } },
  })
  expect(done.timeline.map(({ type }) => type)).toEqual(['refund.requested', 'refund.processing', 'refund.completed'])
  const parts = new Map(done.parts.map(({ account, amount }) => [account.externalId, amount.amount]))
  expect(parts.get('customers:qbitflow:USD')).toBe('19.99')
  expect(Number(parts.get('organization:qbitflow:USD')) + Number(parts.get('world:USD'))).toBeCloseTo(-19.99, 10)

  const checkout = await readCheckout(api, checkoutId)
  expect(statesOf(checkout).at(-1)).toBe('REFUNDED')
  expect(recipesOf(checkout)).toEqual(['paymentSettled'])
  await expectAllSettled(gateway)
})

test('a refund that is refused leaves the money where it is, and the customer may ask again', async () => {
  const { api, url, key } = gateway
  const { paymentId } = await paid()
  const { id } = await asked(paymentId)
  const message = 'It was used for a year'
  expect(await api.change(REFUSE, { id, message, idempotencyKey: randomUUID() })).toMatchObject({
    refund: { status: 'REFUSED', merchantMessage: message },
  })
  const watch = watchStatus(url, key, id)
  expect(await watch.ended).toBe('complete')
  expect(watch.seen).toMatchObject([{ state: 'CANCELLED', final: true }])
  expect(await read(id)).toMatchObject({ parts: [], payment: { status: 'COMPLETED', refundable: { amount: '19.99' } } })
  const again = await asked(paymentId)
  expect(again).toMatchObject({ status: 'PENDING' })
  expect(again.id).not.toBe(id)
  await expectAllSettled(gateway)
})

test('a refund that the chain reverts has failed, and the payment is as it was', async () => {
  const { paymentId } = await paid()
  const { id } = await asked(paymentId)
  await approveToFail(id)
  // No notification tells of it, and the provider's refunds are looked through every 20 seconds of the tenant's clock.
  await gateway.api.change(ADVANCE, { by: { value: 1, unit: 'MINUTES' } })
  const failed = await eventually(async () => {
    const refund = await read(id)
    return refund.status === 'FAILED' && refund
  }, 30_000)
  expect(failed).toMatchObject({ parts: [], payment: { status: 'COMPLETED', refundable: { amount: '19.99' } } })
  await expectAllSettled(gateway)
})

/** The merchant approves in the provider's dashboard, and the chain will revert it. */
async function approveToFail(id: string): Promise<void> {
  const { providers } = await gateway.api.ask<{
    providers: readonly { sandbox: { url: string; credentials: { apiKey: string } } }[]
  }>('{ providers { sandbox { url credentials } } }')
  const sandbox = providers[0]?.sandbox
  if (!sandbox) throw new Error('there is no simulator')
  const headers = { 'x-api-key': sandbox.credentials.apiKey, 'content-type': 'application/json' }
  const waiting = await fetch(`${sandbox.url}/transaction/refunds/all`, { headers })
  const refunds = (await waiting.json()) as { uuid: string; createdAt: string; txId: string }[]
  const { payment } = (
    await gateway.api.ask<{ refund: { payment: { transactionHash: string } } }>(
      `query ($id: ID!) { refund(by: { id: $id }) { payment { transactionHash } } }`,
      { id },
    )
  ).refund
  for (const refund of refunds) {
    const paid = await fetch(`${sandbox.url}/transaction/payment/${refund.txId}`, { headers })
    if (((await paid.json()) as { transactionHash: string }).transactionHash !== payment.transactionHash) continue
    const uuid = refund.uuid.slice(refund.uuid.indexOf('@') + 1)
    const address = `${sandbox.url.replace(/\/v1$/, '')}/_sandbox/refunds/${uuid}/approve`
    const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ outcome: 'FAIL' }) })
    expect(answer.ok).toBe(true)
    return
  }
  throw new Error('the provider has no such refund')
}
