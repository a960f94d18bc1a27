import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PaymentRow, RefundRow } from '../../src/db/rows.ts'
import { eventually, openApp } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { type Wire, wireTo } from '../support/wire.ts'

let shop: Shop
let desk: ReturnType<typeof refundDesk>
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  desk = refundDesk(shop)
  await shop.control('/organization', { refundWebhooks: true })
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(async () => {
  await wire.close()
  expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
})
afterAll(() => shop.close())

const REFUNDS = '/transaction/refunds'

/** The one refund of a payment. */
async function refundOf(payment: PaymentRow): Promise<RefundRow> {
  const [refund, ...others] = await desk.refundsOf(payment)
  if (!refund || others.length > 0) throw new Error(`the payment has ${others.length + (refund ? 1 : 0)} refunds`)
  return refund
}

/** Lets the provider's notifications of refunds up to one of this status arrive after all, in this order. */
async function deliver(last: string, order: (kept: Wire['notifications']) => Wire['notifications']): Promise<void> {
  const kept = await eventually(async () => {
    const about = wire.notifications.filter(({ rawBody }) => rawBody.includes('"txType":"refund"'))
    return about.some(({ rawBody }) => rawBody.includes(`"status":"${last}"`)) && about
  })
  for (const notification of order([...kept])) {
    expect((await shop.app.inbox.receive(notification)).status).toBe(200)
    // What is received is applied by itself.
    await eventually(async () => (await shop.app.db.prisma.inboxMessage.count({ where: { appliedAt: null } })) === 0)
  }
}

test('what the provider says against a refund that is over is told once for each thing that it says, however often it is read', async () => {
  const payment = await desk.paid()
  await desk.askThere(payment)
  await desk.look()
  const { externalId } = await refundOf(payment)
  await desk.answerThere(externalId, 'approve')
  await desk.look()
  const refund = await desk.reaches(await refundOf(payment), 'COMPLETED')
  const contradictions = async () => (await desk.announced(refund)).filter((type) => type === 'refund.contradicted')
  for (const [index, status] of ['refused', 'failed'].entries()) {
    await shop.app.db.query(
      'test.contradict',
      `UPDATE sandbox_document SET body = jsonb_set(body, '{status}', to_jsonb($2::text))
       WHERE kind = 'refund' AND body ->> 'uuid' = $1`,
      [externalId, status],
    )
    for (const _ of ['once', 'twice', 'three times']) await desk.look()
    expect(await contradictions()).toHaveLength(index + 1)
  }
  expect(await refundOf(payment)).toMatchObject({ status: 'COMPLETED' })
})

describe('a refund of which no notification came', () => {
  test('is found by looking, once, and its answer too', async () => {
    const payment = await desk.paid()
    await desk.askThere(payment, 'Too small')
    await desk.look()
    const refund = await refundOf(payment)
    expect(refund).toMatchObject({ status: 'PENDING', reason: 'Too small' })
    await desk.look()
    await desk.answerThere(refund.externalId, 'approve')
    await desk.look()
    expect((await refundOf(payment)).status).toMatch(/PROCESSING|COMPLETED/)
    expect(await desk.reaches(refund, 'COMPLETED')).toMatchObject({ answer: null })
    await desk.look()
    expect(await desk.postings(refund)).toBe(1)
    expect((await desk.announced(refund)).filter((type) => type === 'refund.requested')).toHaveLength(1)
  })

  test('is found too when it was asked for and answered between two looks', async () => {
    const [approved, refused] = [await desk.paid(), await desk.paid()]
    await desk.askThere(approved)
    await desk.askThere(refused)
    for (const payment of [approved, refused]) {
      const found = await shop.app.db.query<{ id: string }>(
        'test.refund',
        `SELECT body ->> 'uuid' AS id FROM sandbox_document WHERE kind = 'refund' AND body ->> 'transaction' = $1`,
        [payment.externalId],
      )
      await desk.answerThere(found[0]?.id ?? '', payment === approved ? 'approve' : 'refuse', { message: 'No' })
    }
    await shop.pass({ seconds: 15 })
    await desk.look()
    expect(await refundOf(approved)).toMatchObject({ status: 'COMPLETED' })
    expect(await refundOf(refused)).toMatchObject({ status: 'REFUSED', merchantMessage: 'No' })
    expect(await desk.postings(await refundOf(approved))).toBe(1)
  })

  test('is found beside a later one of the same payment', async () => {
    const payment = await desk.paid()
    await desk.askThere(payment, 'first')
    await desk.look()
    const first = await refundOf(payment)
    await desk.answerThere(first.externalId, 'refuse', { message: 'No' })
    await desk.askThere(payment, 'second')
    await desk.look()
    expect(await desk.refundsOf(payment)).toMatchObject([
      { reason: 'first', status: 'REFUSED' },
      { reason: 'second', status: 'PENDING' },
    ])
  })

  test.each([
    ['fails', { status: 503 }],
    ['is away', 'lost on the way'],
    ['talks nonsense', 'answer garbled'],
  ] as const)('waits to be found while the provider %s', async (_, fault) => {
    const payment = await desk.paid()
    await desk.askThere(payment)
    wire.fault = () => fault
    await desk.look()
    expect(await desk.refundsOf(payment)).toEqual([])
    wire.fault = undefined
    await desk.look()
    expect(await refundOf(payment)).toMatchObject({ status: 'PENDING' })
  })
})

describe("the provider's notifications of a refund", () => {
  test.each([
    ['in order', (kept: Wire['notifications']) => kept],
    ['the wrong way round', (kept: Wire['notifications']) => kept.toReversed()],
    ['each twice', (kept: Wire['notifications']) => kept.flatMap((each) => [each, each])],
  ])('that come %s lead to one posting', async (_, order) => {
    const refund = await desk.asked()
    await desk.answerThere(refund.externalId, 'approve')
    await shop.pass({ seconds: 15 })
    await deliver('completed', order)
    const done = await desk.refund(refund.id)
    expect(done).toMatchObject({ status: 'COMPLETED' })
    expect(await desk.postings(done)).toBe(1)
    const { status } = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { id: refund.paymentId } })
    expect(status).toBe('REFUNDED')
  })

  test('tell of one that we have never seen', async () => {
    const payment = await desk.paid()
    await desk.askThere(payment)
    await shop.pass({ seconds: 5 })
    await deliver('created', (kept) => kept.slice(-1))
    expect(await refundOf(payment)).toMatchObject({ status: 'PENDING' })
  })

  test('and a look at the same moment make one refund and one posting', async () => {
    const payment = await desk.paid()
    await desk.askThere(payment)
    await shop.pass({ seconds: 5 })
    const { tenantId } = shop.owner
    const look = () => shop.app.refunds.look(tenantId, 'QBITFLOW')
    await Promise.all([look(), look(), deliver('created', (kept) => kept), look()])
    const refund = await refundOf(payment)
    await desk.answerThere(refund.externalId, 'approve')
    await shop.pass({ seconds: 15 })
    await Promise.all([look(), look(), deliver('completed', (kept) => kept), shop.app.refunds.resolveDue()])
    expect(await desk.postings(refund)).toBe(1)
    expect((await desk.announced(refund)).filter((type) => type === 'refund.completed')).toHaveLength(1)
  })
})

describe('looking', () => {
  test('costs two questions when there is nothing new, however many refunds there are', async () => {
    await desk.look()
    const before = wire.count('GET', REFUNDS)
    await desk.look()
    expect(wire.count('GET', REFUNDS) - before).toBe(2)
  })

  test('happens once when it is due, by one of two nodes', async () => {
    const other = await openApp(shop.databaseUrl, { clock: shop.clock })
    try {
      shop.clock.turn({ minutes: 2 })
      const counts = await Promise.all([shop.app.refunds.lookDue(), other.refunds.lookDue()])
      expect(counts.toSorted()).toEqual([0, 1])
      expect(await shop.app.refunds.lookDue()).toBe(0)
    } finally {
      await other.close()
    }
  })

  test('leaves refunds of payments alone that are none of ours', async () => {
    const payment = await desk.paid()
    await desk.askThere(payment)
    const { prisma } = shop.app.db
    const where = { tenantId_id: { tenantId: payment.tenantId, id: payment.id } }
    const { externalId } = await prisma.payment.update({ where, data: { externalId: null } })
    expect(externalId).toBeNull()
    await desk.look()
    expect(await desk.refundsOf(payment)).toEqual([])
    await prisma.payment.update({ where, data: { externalId: payment.externalId } })
    await desk.look()
    expect(await refundOf(payment)).toMatchObject({ status: 'PENDING' })
  })
})
