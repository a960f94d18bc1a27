import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RefundRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { type Wire, wireTo } from '../support/wire.ts'

let shop: Shop
let desk: ReturnType<typeof refundDesk>
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  desk = refundDesk(shop)
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(async () => {
  await wire.close()
  const { breaks } = await shop.app.ledger.proof(shop.owner.tenantId)
  expect(breaks).toEqual([])
})
afterAll(() => shop.close())

const idOf = ({ id }: RefundRow) => ({ id: encodeId('Refund', id) })
const approve = (refund: RefundRow, actor = shop.owner, key?: string) =>
  shop.app.refunds.approve(call(actor, key), idOf(refund))
const refuse = (refund: RefundRow, message = 'Used already', actor = shop.owner) =>
  shop.app.refunds.refuse(call(actor), { ...idOf(refund), message })
describe('a refund that the customer asks for', () => {
  test('waits for its answer, with the whole amount and the reason', async () => {
    const refund = await desk.asked()
    const payment = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { id: refund.paymentId } })
    expect(refund).toMatchObject({
      status: 'PENDING',
      reason: 'It broke',
      amountMinor: payment.amountMinor,
      settledMinor: payment.settledMinor,
      customerId: payment.customerId,
      answer: null,
      respondedAt: null,
      nextCheckAt: null,
    })
    expect(await desk.announced(refund)).toEqual(['refund.requested'])
  })

  test('is the same one when the customer asks again, under the same key or another', async () => {
    const payment = await desk.paid()
    const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
    const first = await shop.app.refunds.request(call(shop.owner, 'k-1', input), input)
    const repeat = await shop.app.refunds.request(call(shop.owner, 'k-1', input), input)
    const other = await shop.app.refunds.request(call(shop.owner), input)
    expect([repeat, other]).toEqual([
      { id: first.id, replayed: true },
      { id: first.id, replayed: false },
    ])
  })

  test('is answered again under its key as it was first, while the provider is down and after a later one', async () => {
    const payment = await desk.paid()
    const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
    const ask = (key: string) => shop.app.refunds.request(call(shop.owner, key, input), input)
    const first = await ask('first')
    wire.fault = () => ({ status: 503 })
    expect(await ask('first')).toMatchObject({ id: first.id, replayed: true })
    wire.fault = undefined
    await refuse(await desk.refund(first.id))
    const later = await ask('later')
    expect(later.id).not.toBe(first.id)
    expect(await ask('first')).toMatchObject({ id: first.id, replayed: true })
    expect(await desk.refundsOf(payment)).toHaveLength(2)
  })

  test('needs a payment that came in, in test mode, of the one who asks', async () => {
    const { id } = await shop.open()
    await shop.play(id, 'FAIL')
    await shop.poll()
    const failed = await shop.reaches(id, 'FAILED')
    const of = (paymentId: string, actor = shop.owner) =>
      refusals(shop.app.refunds.request(call(actor), { paymentId, reason: 'x' }))
    expect(await of(encodeId('Payment', failed.id))).toEqual(['INVALID_STATE paymentId'])
    const payment = encodeId('Payment', (await desk.paid()).id)
    expect(await of(payment, await shop.seller())).toEqual(['NOT_FOUND paymentId'])
    expect(await of(payment, await shop.actor('LIVE'))).toEqual(['NOT_FOUND paymentId'])
    expect(await of('pay_nonsense')).toEqual(['NOT_FOUND paymentId'])
    expect(await refusals(shop.app.refunds.request(call(shop.owner), {}))).toEqual([
      'REQUIRED paymentId',
      'REQUIRED reason',
    ])
  })
})

describe('a refund that is approved', () => {
  test('is PROCESSING until the money is back, and is posted once', async () => {
    const refund = await desk.asked()
    expect(await approve(refund)).toMatchObject({ id: refund.id, replayed: false, problems: [] })
    expect(await desk.refund(refund.id)).toMatchObject({ status: 'PROCESSING', answer: 'APPROVE' })
    const done = await desk.reaches(refund, 'COMPLETED')
    expect(done.transactionHash).toMatch(/^\w/)
    expect(done.networkFeeMinor).toBeGreaterThan(0n)
    expect(await desk.postings(done)).toBe(1)
    expect(await desk.announced(done)).toEqual(['refund.requested', 'refund.processing', 'refund.completed'])
    const payment = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { id: refund.paymentId } })
    expect(payment).toMatchObject({ status: 'REFUNDED', refundedMinor: payment.amountMinor })
    await shop.poll()
    expect(await shop.payment(payment.checkoutId ?? '')).toMatchObject({ status: 'REFUNDED' })
  })

  test('fails when the chain reverts it, and nothing is posted', async () => {
    const refund = await desk.asked()
    await desk.answerThere(refund.externalId, 'approve', { outcome: 'FAIL' })
    await shop.pass({ seconds: 15 })
    await desk.look()
    expect(await desk.refund(refund.id)).toMatchObject({ status: 'FAILED', answer: null })
    expect(await desk.postings(refund)).toBe(0)
  })

  test('twice at once is approved once, and the other is told', async () => {
    const refund = await desk.asked()
    const both = await Promise.allSettled([approve(refund), approve(refund)])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await refusals(approve(refund))).toEqual(['INVALID_STATE id'])
    await desk.reaches(refund, 'COMPLETED')
    expect(await desk.postings(refund)).toBe(1)
  })

  test('again under the same key is the same answer', async () => {
    const refund = await desk.asked()
    const both = await Promise.all([approve(refund, shop.owner, 'k-2'), approve(refund, shop.owner, 'k-2')])
    expect(both.map(({ replayed }) => replayed).toSorted()).toEqual([false, true])
    await desk.reaches(refund, 'COMPLETED')
    expect(wire.requests.filter(({ path }) => path.includes('approve'))).toHaveLength(1)
  })
})

describe('a refund that is refused', () => {
  test('tells the customer why, and moves nothing', async () => {
    const refund = await desk.asked()
    await refuse(refund, 'Used for a year')
    expect(await desk.refund(refund.id)).toMatchObject({
      status: 'REFUSED',
      merchantMessage: 'Used for a year',
      nextCheckAt: null,
    })
    expect(await desk.postings(refund)).toBe(0)
    expect(await refusals(approve(refund))).toEqual(['INVALID_STATE id'])
  })

  test('may be asked for again, and is another then', async () => {
    const refund = await desk.asked()
    await refuse(refund)
    const input = { paymentId: encodeId('Payment', refund.paymentId), reason: 'Please' }
    const again = await desk.refund((await shop.app.refunds.request(call(shop.owner), input)).id)
    expect(again).toMatchObject({ status: 'PENDING', reason: 'Please' })
    expect(again.id).not.toBe(refund.id)
    await approve(again)
    await desk.reaches(again, 'COMPLETED')
  })

  test.each([[''], ['   '], ['x'.repeat(501)]])('needs a message that can be read', async (message) => {
    expect(await refusals(refuse(await anyRefund(), message))).toHaveLength(1)
  })
})

describe('who may answer', () => {
  test("is a manager, or the seller whose payment it is, and nobody of another's", async () => {
    const [seller, other] = [await shop.seller(500), await shop.seller()]
    const refund = await desk.asked(seller)
    expect(await refusals(approve(refund, other))).toEqual(['NOT_FOUND id'])
    expect(await refusals(approve(refund, await shop.actor('LIVE')))).toEqual(['NOT_FOUND id'])
    expect(await refusals(refuse(await anyRefund(), 'x', seller))).toEqual(['NOT_FOUND id'])
    await approve(refund, seller)
    const done = await desk.reaches(refund, 'COMPLETED')
    expect(done.userId).toBe(seller.userId)
  })

  test('is told where to answer, where the provider takes no answers', async () => {
    const refund = await anyRefund()
    const live: Actor = { ...shop.owner, mode: 'LIVE' }
    await expect(approve(refund, live)).rejects.toThrow(/dashboard of QBitFlow/)
    expect(await refusals(approve(refund, live))).toEqual(['UNSUPPORTED id'])
    expect(await desk.refund(refund.id)).toMatchObject({ status: 'PENDING', answer: null })
  })
})

describe('an answer whose own answer', () => {
  const LOST = [
    ['was lost after it was heard', 'answer lost'],
    ['was cut off', 'answer cut off'],
    ['could not be read', 'answer garbled'],
    ['was lost before it was heard', 'lost on the way'],
    ['was a failure', { status: 503 }],
  ] as const

  test.each(LOST)('%s leaves the refund UNKNOWN, which asking resolves: approved once', async (_, fault) => {
    const refund = await desk.asked()
    wire.fault = ({ path }) => (path.includes('/approve') ? fault : undefined)
    const { problems } = await approve(refund)
    expect(problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
    expect(await desk.refund(refund.id)).toMatchObject({ status: 'UNKNOWN', answer: 'APPROVE' })
    wire.fault = undefined
    await desk.reaches(refund, 'COMPLETED')
    expect(await desk.postings(refund)).toBe(1)
    expect((await desk.announced(refund)).slice(0, 3)).toEqual([
      'refund.requested',
      'refund.processing',
      'refund.unknown',
    ])
  })

  test('was lost is resolved by a repeat of the request too', async () => {
    const refund = await desk.asked()
    wire.fault = ({ path }) => (path.includes('/approve') ? 'answer lost' : undefined)
    await approve(refund, shop.owner, 'k-3')
    wire.fault = undefined
    expect(await approve(refund, shop.owner, 'k-3')).toMatchObject({ replayed: true, problems: [] })
    expect((await desk.refund(refund.id)).status).toBe('PROCESSING')
    await desk.reaches(refund, 'COMPLETED')
  })

  test('was lost while the merchant answered otherwise there, is what it is there', async () => {
    const refund = await desk.asked()
    wire.fault = ({ path }) => (path.includes('/approve') ? 'lost on the way' : undefined)
    await approve(refund)
    wire.fault = undefined
    await desk.answerThere(refund.externalId, 'refuse', { message: 'No' })
    expect(await desk.reaches(refund, 'REFUSED')).toMatchObject({ merchantMessage: 'No' })
    expect(await desk.postings(refund)).toBe(0)
  })

  test('is that it was answered there, of which nothing can be read, is asked about', async () => {
    const refund = await desk.asked()
    await desk.answerThere(refund.externalId, 'approve')
    wire.fault = ({ path }) => (path.startsWith('/transaction/refunds') ? { status: 503 } : undefined)
    const { problems } = await approve(refund)
    expect(problems?.map(({ code }) => code)).toEqual(['PROVIDER_UNAVAILABLE'])
    expect((await desk.refund(refund.id)).status).toBe('UNKNOWN')
    wire.fault = undefined
    await desk.reaches(refund, 'COMPLETED')
    expect(await desk.postings(refund)).toBe(1)
  })

  test('never came because the process died is given by whoever comes next', async () => {
    const refund = await desk.asked()
    const data = { status: 'PROCESSING' as const, answer: 'APPROVE' as const, nextCheckAt: shop.clock.now() }
    const where = { tenantId_id: { tenantId: refund.tenantId, id: refund.id } }
    await shop.app.db.prisma.refund.update({ where, data })
    await shop.app.refunds.resolveDue()
    expect((await desk.refund(refund.id)).respondedAt).not.toBeNull()
    await desk.reaches(refund, 'COMPLETED')
  })
})

test('an answer that the provider will not have leaves the refund waiting, and may be given again', async () => {
  const refund = await desk.asked()
  wire.fault = ({ path }) => (path.includes('/approve') ? { status: 403 } : undefined)
  expect(await approve(refund, shop.owner, 'k-4')).toMatchObject({ problems: [{ code: 'PROVIDER_REFUSED' }] })
  expect(await desk.refund(refund.id)).toMatchObject({ status: 'PENDING', answer: null, nextCheckAt: null })
  wire.fault = undefined
  expect(await approve(refund, shop.owner, 'k-4')).toMatchObject({ replayed: false, problems: [] })
  await desk.reaches(refund, 'COMPLETED')
})

let unanswered: RefundRow | undefined
/** A refund that waits, for tests that leave it so. */
async function anyRefund(): Promise<RefundRow> {
  unanswered ??= await desk.asked()
  return unanswered
}
