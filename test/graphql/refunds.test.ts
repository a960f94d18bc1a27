import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { statements } from './counting.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let owner: Awaited<ReturnType<Door['as']>>
let seller: Awaited<ReturnType<Door['as']>>
let actor: Actor
let sellerActor: Actor
/** A refund of the organization's payment, and one of the seller's. */
let own: string
let sold: string

beforeAll(async () => {
  door = await openDoor()
  owner = await door.as()
  actor = await door.house.actor()
  const userId = newId()
  const user = { tenantId: actor.tenantId, id: userId, name: 'Sam', lastName: 'Seller', email: 'sam@shop.example' }
  await door.app.db.prisma.user.create({ data: { ...user, role: 'USER', organizationFeeBps: 500 } })
  seller = await door.as('TEST', 'USER', userId)
  sellerActor = { ...actor, role: 'USER', userId }
  own = await refundOf(actor)
  sold = await refundOf(sellerActor)
})
afterAll(() => door.close())

async function paidBy(who: Actor): Promise<PaymentRow> {
  const { app } = door
  const { id } = await app.checkouts.create(call(who), { kind: 'PAYMENT', item: ITEM })
  await app.checkouts.simulate(call(who), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA })
  return eventually(() => app.db.prisma.payment.findFirst({ where: { checkoutId: id, status: 'COMPLETED' } }))
}

async function refundOf(who: Actor): Promise<string> {
  const input = { paymentId: encodeId('Payment', (await paidBy(who)).id), reason: 'It broke' }
  return encodeId('Refund', (await door.app.refunds.request(call(who), input)).id)
}

/** Waits until the simulator has told everything and all of it is applied. */
function quiet(): Promise<unknown> {
  const text = `SELECT 1 FROM sandbox_task WHERE kind = 'webhook'
    UNION ALL SELECT 1 FROM inbox_message WHERE applied_at IS NULL`
  return eventually(async () => (await door.app.db.query('test.open', text)).length === 0)
}

const LIST = `query ($filter: RefundFilter) { refunds(filter: $filter) { totalCount edges { node { id status } } } }`
const idsIn = (data: { refunds: { edges: { node: { id: string } }[] } }) =>
  data.refunds.edges.map(({ node }) => node.id)

describe('refunds in the API', () => {
  test('are found by id, by payment, as a node and in the list of their payment', async () => {
    const { data } = await owner(
      `query ($id: ID!) { refund(by: { id: $id }) { id status reason createdAt respondedAt amount { amount currency }
        provider customer { email } ledgerTransaction { id } parts { amount { amount } }
        payment { id refundable { amount } refunds { totalCount edges { node { id } } } } } node(id: $id) { __typename } }`,
      { id: own },
    )
    expect(data.refund).toMatchObject({
      id: own,
      status: 'PENDING',
      reason: 'It broke',
      respondedAt: null,
      amount: { amount: '19.99', currency: 'USD' },
      provider: 'QBITFLOW',
      customer: { email: ADA.email },
      ledgerTransaction: null,
      parts: [],
      payment: { refundable: { amount: '19.99' }, refunds: { totalCount: 1, edges: [{ node: { id: own } }] } },
    })
    expect(data.node).toEqual({ __typename: 'Refund' })
    const byPayment = 'query ($id: ID!) { refund(by: { paymentId: $id }) { id } }'
    expect((await owner(byPayment, { id: data.refund.payment.id })).data.refund).toEqual({ id: own })
  })

  test('are listed by what they wait for, their payment and their customer', async () => {
    expect(idsIn((await owner(LIST, { filter: { active: true } })).data)).toEqual(expect.arrayContaining([own, sold]))
    expect(idsIn((await owner(LIST, { filter: { active: false } })).data)).toEqual([])
    expect(idsIn((await owner(LIST, { filter: { status: ['COMPLETED', 'FAILED'] } })).data)).toEqual([])
    const { data } = await owner('query ($id: ID!) { refund(by: { id: $id }) { payment { id } customer { id } } }', {
      id: own,
    })
    const { payment, customer } = data.refund
    expect(idsIn((await owner(LIST, { filter: { paymentId: payment.id } })).data)).toEqual([own])
    expect(idsIn((await owner(LIST, { filter: { customerId: customer.id } })).data)).toContain(own)
    expect(idsIn((await owner(LIST, { filter: { customerId: payment.id } })).data)).toEqual([])
  })

  test("are a seller's where the payment is the seller's, and nobody's without a key", async () => {
    expect(idsIn((await seller(LIST)).data)).toEqual([sold])
    const one = 'query ($id: ID!) { refund(by: { id: $id }) { id parts { amount { amount } } } }'
    expect((await seller(one, { id: own })).data).toEqual({ refund: null })
    expect((await seller(one, { id: sold })).data.refund).toEqual({ id: sold, parts: [] })
    expect((await door.asking(undefined)(one, { id: own })).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
    const live = await door.as('LIVE')
    expect((await live(one, { id: own })).data).toEqual({ refund: null })
    expect(idsIn((await live(LIST)).data)).toEqual([])
  })

  test('have a status page that anybody with the id may read, with nothing personal on it', async () => {
    const status = 'query ($id: ID!) { transactionStatus(id: $id) { id type state final message } }'
    const { data } = await door.asking(undefined)(status, { id: own })
    expect(data.transactionStatus).toEqual({ id: own, type: 'REFUND', state: 'CREATED', final: false, message: null })
  })

  test('are answered under an idempotency key, with every bad field told', async () => {
    const refuse = `mutation ($input: RefuseRefundInput!) {
      refuseRefund(input: $input) { refund { id } userErrors { code field } } }`
    const asked = async (input: object, ask = owner) => (await ask(refuse, { input })).data.refuseRefund
    expect((await asked({ id: own, message: 'No' })).userErrors).toEqual([
      { code: 'REQUIRED', field: ['idempotencyKey'] },
    ])
    expect((await asked({ idempotencyKey: 'k', id: 'pay_x', message: ' ' })).userErrors).toEqual([
      { code: 'NOT_FOUND', field: ['id'] },
      { code: 'REQUIRED', field: ['message'] },
    ])
    expect((await asked({ idempotencyKey: 'another', id: own, message: 'No' }, seller)).userErrors).toEqual([
      { code: 'NOT_FOUND', field: ['id'] },
    ])
  })

  test('cost the same statements, however many there are on the page', async () => {
    const query = `{ refunds(first: 50) { edges { node { id amount { amount } payment { id refunds { edges { node { id } } } }
      customer { id } parts { account { id } amount { amount } } ledgerTransaction { id } timeline { type } } } } }`
    await quiet()
    const few = await statements(() => owner(query))
    for (let more = 0; more < 3; more++) await refundOf(actor)
    await quiet()
    expect(await statements(() => owner(query))).toHaveLength(few.length)
  })
})

describe('accounting in the API', () => {
  const ACCOUNTING = `query ($from: Date!, $to: Date!, $first: Int, $after: String) {
    accounting(from: $from, to: $to, first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      edges { node { paymentId type grossAmountUsd netAmountUsd platformFeePercent organizationFeeUsd tokenSymbol chain } }
    }
  }`
  const ALL = { from: '2000-01-01', to: '2999-12-31' }

  test('has the rows of the export, page by page, and a seller’s own alone', async () => {
    const { data } = await owner(ACCOUNTING, ALL)
    const { edges, totalCount } = data.accounting
    expect(totalCount).toBe(edges.length)
    for (const { node } of edges)
      expect(node).toMatchObject({ type: 'ONE_TIME', grossAmountUsd: '19.99', platformFeePercent: '1.5' })
    const first = (await owner(ACCOUNTING, { ...ALL, first: 1 })).data.accounting
    const second = (await owner(ACCOUNTING, { ...ALL, first: 1, after: first.pageInfo.endCursor })).data.accounting
    expect([first.edges[0], second.edges[0]]).toEqual(edges.slice(0, 2))
    const mine = (await seller(ACCOUNTING, ALL)).data.accounting
    expect(mine.edges.map((edge: { node: object }) => edge.node)).toMatchObject([{ organizationFeeUsd: '1.00' }])
  })

  test('refuses a period that ends before it begins, or in no time zone', async () => {
    const bad = await owner(ACCOUNTING, { from: '2026-02-02', to: '2026-02-01' })
    expect(bad.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
    const nowhere = await owner(ACCOUNTING, ALL, { 'time-zone': 'Mars/Olympus' })
    expect(nowhere.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
  })
})

test('verifyWebhook says whether a webhook is genuine, and why not', async () => {
  const verify = `mutation ($input: VerifyWebhookInput!) {
    verifyWebhook(input: $input) { verified reason replayed userErrors { code field } } }`
  const input = { provider: 'QBITFLOW', payload: '{}', signature: 'sha256=00', timestamp: '1' }
  expect((await seller(verify, { input })).data.verifyWebhook).toMatchObject({
    verified: false,
    reason: 'the timestamp is too far from now',
    userErrors: [],
  })
  expect((await owner(verify, { input: { ...input, provider: 'QFPAY' } })).data.verifyWebhook).toMatchObject({
    verified: false,
    userErrors: [{ code: 'UNSUPPORTED', field: ['provider'] }],
  })
})
