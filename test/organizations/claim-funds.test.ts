import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { GYM, MONTHLY } from '../support/subscriber.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

/** A seller who has claimed the account, or not. */
async function seller(feeBps = 0, claimed = true): Promise<Actor & { userId: string }> {
  const actor = await shop.seller(feeBps)
  const userId = actor.userId ?? ''
  const data = { claimedAt: claimed ? shop.clock.now() : null }
  await shop.app.db.prisma.user.updateMany({ where: { id: userId }, data })
  return { ...actor, userId }
}

const trigger = ({ userId }: { userId: string }, actor = shop.owner) =>
  shop.app.claims.trigger(call(actor), { userId: encodeId('User', userId) })
const settle = (id: string, key?: string) =>
  shop.app.claims.settle(call(shop.owner, key), { id: encodeId('ClaimFunds', id) })
const claims = async ({ userId }: { userId: string }) =>
  shop.app.db.prisma.claimFunds.findMany({ where: { userId }, orderBy: { id: 'asc' } })
const owed = async (of: { userId: string }) => (await claims(of)).map(({ owedMinor }) => owedMinor)
const booksBalance = async () => expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])

/** The customer has the money of a payment back. */
async function giveBack(payment: PaymentRow): Promise<void> {
  const desk = refundDesk(shop)
  const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
  const { id } = await shop.app.refunds.request(call(shop.owner), input)
  await shop.app.refunds.approve(call(shop.owner), { id: encodeId('Refund', id) })
  await desk.reaches(await desk.refund(id), 'COMPLETED')
}

describe('what a seller is owed', () => {
  test('is computed once, and what comes later on its own', async () => {
    const sam = await seller()
    await refundDesk(shop).paid(sam, '10.00')
    await trigger(sam)
    await trigger(sam)
    expect(await owed(sam)).toEqual([985n])
    await refundDesk(shop).paid(sam, '20.00')
    await trigger(sam)
    expect(await owed(sam)).toEqual([985n, 1_970n])
    await booksBalance()
  })

  test("has the organization's fee split off, of a subscription's bills too", async () => {
    const sam = await seller(1_000)
    const wanted = { kind: 'SUBSCRIPTION', item: GYM, frequency: MONTHLY }
    const { id } = await shop.open(wanted, sam)
    await shop.play(id, 'PAY')
    await eventually(async () => {
      await shop.poll()
      return shop.app.db.prisma.payment.findFirst({ where: { userId: sam.userId, settledAt: { not: null } } })
    })
    await trigger(sam)
    // 10.00, of which the provider keeps 1.5 % and the organization 10 %.
    expect(await owed(sam)).toEqual([885n])
    await booksBalance()
  })

  test('is lowered by a refund, the latest claim first, and one of nothing is gone', async () => {
    const sam = await seller()
    await refundDesk(shop).paid(sam, '10.00')
    await trigger(sam)
    const second = await refundDesk(shop).paid(sam, '20.00')
    await trigger(sam)
    await giveBack(second)
    const [first] = await claims(sam)
    await trigger(sam)
    // Of 9.85 and 19.70 the refund took 20.00: the fee of the payment does not come back.
    expect(await owed(sam)).toEqual([955n])
    expect((await claims(sam))[0]?.id).toBe(first?.id)
    await booksBalance()
  })

  test('is not settled beyond what the books have', async () => {
    const sam = await seller()
    const payment = await refundDesk(shop).paid(sam, '10.00')
    await trigger(sam)
    await giveBack(payment)
    const [claim] = await claims(sam)
    expect(await refusals(settle(claim?.id ?? ''))).toEqual(['INSUFFICIENT_FUNDS'])
    expect((await claims(sam))[0]).toMatchObject({ funded: false, fundedAt: null })
    await trigger(sam)
    expect(await owed(sam)).toEqual([])
    await booksBalance()
  })

  test('is settled once, also by two at the same moment', async () => {
    const sam = await seller()
    await refundDesk(shop).paid(sam, '10.00')
    await trigger(sam)
    const [claim] = await claims(sam)
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => settle(claim?.id ?? '', `s${index}`)),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await shop.app.db.prisma.ledgerTransaction.count({ where: { causeId: claim?.id ?? '' } })).toBe(1)
    await booksBalance()
  })

  test('waits for the claim, and is computed by hand in test mode alone', async () => {
    const sam = await seller(0, false)
    await refundDesk(shop).paid(sam, '10.00')
    expect(await refusals(trigger(sam))).toEqual(['INVALID_STATE userId'])
    expect(await owed(sam)).toEqual([])
    await shop.app.db.prisma.user.updateMany({ where: { id: sam.userId }, data: { claimedAt: shop.clock.now() } })
    await trigger(sam)
    expect(await owed(sam)).toEqual([985n])
    expect(await refusals(trigger(sam, { ...shop.owner, mode: 'LIVE' }))).toEqual(['UNSUPPORTED'])
  })

  test('is looked at by several nodes at once, and computed by one', async () => {
    const sam = await seller()
    await refundDesk(shop).paid(sam, '10.00')
    const data = { claimFundsNextAt: shop.clock.now() }
    await shop.app.db.prisma.user.updateMany({ where: { id: sam.userId }, data })
    await Promise.all(Array.from({ length: 4 }, () => shop.app.claims.collectDue()))
    expect(await owed(sam)).toEqual([985n])
    const user = await shop.app.db.prisma.user.findFirstOrThrow({ where: { id: sam.userId } })
    expect(user.claimFundsNextAt?.getTime()).toBeGreaterThan(shop.clock.now().getTime())
    expect(user.claimFundsNextAt?.getUTCMinutes()).toBe(0)
  })
})
