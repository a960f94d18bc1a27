import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { ADA, openShop, refusals, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'

/** Money that came in otherwise than it was asked for waits on the suspense account, visible, until that is decided. */

let shop: Shop
let books: ReturnType<typeof suspenseDesk>
let desk: ReturnType<typeof refundDesk>
beforeAll(async () => {
  shop = await openShop()
  books = suspenseDesk(shop)
  desk = refundDesk(shop)
})
beforeEach(() => books.begin())
afterAll(() => shop.close())

const paymentId = ({ id }: PaymentRow) => encodeId('Payment', id)
const usd = (amount: string) => ({ amount, currency: 'USD' })

describe('too little money', () => {
  test('is booked in suspense, shown, and tells who sent it', async () => {
    const payment = await books.paid('UNDERPAY', 'UNDERPAID')
    expect(payment).toMatchObject({ amountMinor: 1799n, suspenseMinor: 1799n - 27n, settledCurrency: 'ETH' })
    expect(payment.settledMinor).toBeGreaterThan(0n)
    expect(payment.message).toContain('underpaid')
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1799n,
      'fees:qbitflow': 27n,
      'suspense:qbitflow': 1772n,
    })
    const customer = await shop.app.db.prisma.customer.findFirst({ where: { id: payment.customerId ?? '' } })
    expect(customer).toMatchObject(ADA)
    expect(await shop.checkout(payment.checkoutId ?? '')).toMatchObject({ status: 'OPEN', customerId: customer?.id })
    expect(await books.notifications()).toContain('with less than the requested amount')
    await books.expectProven()
  })

  test('is completed by the rest, in one sum to the last cent', async () => {
    const short = await books.paid('UNDERPAY', 'UNDERPAID')
    const checkoutId = short.checkoutId ?? ''
    await shop.play(checkoutId, 'PAY')
    const payment = await shop.reaches(checkoutId, 'COMPLETED')
    expect(payment).toMatchObject({ id: short.id, amountMinor: 1999n, providerFeeMinor: 30n, suspenseMinor: 0n })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1999n,
      'fees:qbitflow': 30n,
      'organization:qbitflow': 1969n,
    })
    expect(await shop.checkout(checkoutId)).toMatchObject({ status: 'COMPLETED', reason: null })
    await books.expectProven()
    expect(await refusals(books.accept(payment))).toEqual(['INVALID_STATE paymentId'])
  })

  test('comes to what was asked for in as many parts as it takes, also with too much at the end', async () => {
    const short = await books.paid('UNDERPAY', 'UNDERPAID')
    const checkoutId = short.checkoutId ?? ''
    await shop.play(checkoutId, 'UNDERPAY')
    await eventually(async () => (await books.again(short)).amountMinor > 1799n)
    expect(await books.again(short)).toMatchObject({ status: 'UNDERPAID', amountMinor: 1979n })
    await books.expectProven()
    await shop.play(checkoutId, 'OVERPAY')
    const payment = await shop.reaches(checkoutId, 'OVERPAID')
    expect(payment.amountMinor).toBe(1979n + 22n)
    const made = await books.gained()
    expect(made['customers:qbitflow']).toBe(-2001n)
    expect(made['suspense:qbitflow']).toBe(2n)
    await books.expectProven()
  })

  test('of a seller leaves the shares where the rest would put them', async () => {
    const seller = await shop.seller(250)
    const short = await books.paid('UNDERPAY', 'UNDERPAID', seller)
    await shop.play(short.checkoutId ?? '', 'PAY')
    await shop.reaches(short.checkoutId ?? '', 'COMPLETED')
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1999n,
      'fees:qbitflow': 30n,
      'organization-fees:qbitflow': 50n,
      [`seller:${seller.userId}`]: 1919n,
    })
    await books.expectProven()
  })

  test('is the merchant’s once it is accepted, and the checkout is paid', async () => {
    const payment = await books.paid('UNDERPAY', 'UNDERPAID')
    await books.accept(payment)
    expect(await books.again(payment)).toMatchObject({ status: 'UNDERPAID', suspenseMinor: 0n })
    expect(await books.gained()).toMatchObject({ 'organization:qbitflow': 1772n, 'customers:qbitflow': -1799n })
    expect(await shop.checkout(payment.checkoutId ?? '')).toMatchObject({ status: 'COMPLETED' })
    expect(await shop.announced(payment.checkoutId ?? '')).toContain('checkout.completed')
    await books.expectProven()
  })

  test('goes back over the provider when the customer asks for it there', async () => {
    const payment = await books.paid('UNDERPAY', 'UNDERPAID')
    const { id } = await shop.app.refunds.request(call(shop.owner), { paymentId: paymentId(payment), reason: 'Mine' })
    await shop.app.refunds.approve(call(shop.owner), { id: encodeId('Refund', id) })
    await desk.reaches(await desk.refund(id), 'COMPLETED')
    expect(await books.again(payment)).toMatchObject({ status: 'REFUNDED', suspenseMinor: 0n, refundedMinor: 1799n })
    const { 'network-fees:qbitflow': _, ...made } = await books.gained()
    expect(made['suspense:qbitflow']).toBeUndefined()
    expect(made['customers:qbitflow']).toBeUndefined()
    await books.expectProven()
  })
})

describe('money that comes too late', () => {
  test('waits in suspense, is told to the merchant, and leaves the checkout’s own end', async () => {
    const payment = await books.paidLate()
    expect(payment).toMatchObject({ amountMinor: 1999n, suspenseMinor: 1969n })
    expect(await shop.checkout(payment.checkoutId ?? '')).toMatchObject({ status: 'CANCELLED' })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1999n,
      'fees:qbitflow': 30n,
      'suspense:qbitflow': 1969n,
    })
    expect(await books.notifications()).toContain('arrived after the checkout or billing had ended')
    await books.expectProven()
  })

  test('for an expired page and for a failed payment is no different', async () => {
    await shop.app.faults.inject(call(shop.owner), { provider: 'QBITFLOW', kind: 'PAY_LATE' })
    const { id } = await shop.open()
    await shop.play(id, 'PAY')
    await eventually(async () => {
      await shop.pass({ hours: 12 })
      await shop.poll()
      return (await shop.payment(id))?.status === 'PAID_LATE'
    })
    expect(await shop.checkout(id)).toMatchObject({ status: 'EXPIRED' })
    expect((await books.gained())['suspense:qbitflow']).toBe(1969n)
    await books.expectProven()
  })

  test('is the merchant’s once it is accepted, once', async () => {
    const payment = await books.paidLate()
    await books.accept(payment)
    expect(await refusals(books.accept(payment))).toEqual(['INVALID_STATE paymentId'])
    expect(await shop.checkout(payment.checkoutId ?? '')).toMatchObject({ status: 'COMPLETED' })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1999n,
      'fees:qbitflow': 30n,
      'organization:qbitflow': 1969n,
    })
    expect(await books.again(payment)).toMatchObject({ status: 'PAID_LATE', suspenseMinor: 0n })
    await books.expectProven()
  })

  test('is given back in parts and by two hands, and each cent is in the books', async () => {
    const payment = await books.paidLate()
    await books.giveBack(payment, { amount: usd('5.00'), transactionHash: '0xabc' })
    expect(await books.again(payment)).toMatchObject({ status: 'PAID_LATE', suspenseMinor: 1469n, refundedMinor: 500n })
    expect(await refusals(books.giveBack(payment, { amount: usd('15.00') }))).toEqual(['OUT_OF_RANGE amount.amount'])
    expect(await refusals(books.giveBack(payment, { amount: { amount: '1', currency: 'EUR' } }))).toEqual([
      'CURRENCY_MISMATCH amount.currency',
    ])
    await books.giveBack(payment)
    expect(await books.again(payment)).toMatchObject({ status: 'REFUNDED', suspenseMinor: 0n, refundedMinor: 1999n })
    expect(await refusals(books.giveBack(payment))).toEqual(['INVALID_STATE paymentId'])
    expect((await books.gained())['suspense:qbitflow']).toBeUndefined()
    await books.expectProven()
  })

  test('is not given back here while the provider has a refund of it open', async () => {
    const payment = await books.paidLate()
    await desk.askThere(payment)
    await desk.look()
    expect(await refusals(books.giveBack(payment))).toEqual(['INVALID_STATE paymentId'])
  })

  test('that was given back here and then at the provider too is told as it is', async () => {
    const payment = await books.paidLate()
    await books.giveBack(payment)
    await desk.askThere(payment)
    await desk.look()
    const [, second] = await desk.refundsOf(payment)
    await desk.answerThere(second?.externalId ?? '', 'approve')
    await eventually(async () => {
      await shop.pass({ seconds: 15 })
      await desk.look()
      return (await desk.refundsOf(payment)).every(({ status }) => status === 'COMPLETED')
    })
    expect(await books.again(payment)).toMatchObject({ status: 'REFUNDED', refundedMinor: 2n * 1999n })
    await books.expectProven()
  })
})

describe('too much money', () => {
  test('completes the checkout, and the surplus waits in suspense', async () => {
    const payment = await books.paid('OVERPAY', 'OVERPAID')
    expect(payment).toMatchObject({ amountMinor: 2198n, providerFeeMinor: 33n, suspenseMinor: 196n })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -2198n,
      'fees:qbitflow': 33n,
      'suspense:qbitflow': 196n,
      'organization:qbitflow': 1969n,
    })
    expect(await books.notifications()).toMatch(/with more than the requested amount.* USD too much/)
    await books.giveBack(payment, { amount: usd('1.99') })
    expect(await books.again(payment)).toMatchObject({ status: 'OVERPAID', suspenseMinor: 0n, refundedMinor: 199n })
    await books.expectProven()
  })
})

describe('who may decide', () => {
  test('is the seller whose payment it is, and nobody beside them', async () => {
    const [seller, other] = [await shop.seller(), await shop.seller()]
    const payment = await books.paidLate(seller)
    expect(await refusals(books.accept(payment, other))).toEqual(['NOT_FOUND paymentId'])
    expect(await refusals(books.giveBack(payment, {}, other))).toEqual(['NOT_FOUND paymentId'])
    expect(await refusals(books.accept(payment, await shop.actor('LIVE')))).toEqual(['NOT_FOUND paymentId'])
    await books.accept(payment, seller)
    expect((await books.gained())[`seller:${seller.userId}`]).toBe(1969n)
  })

  test('decides about money that came in, not about what never did', async () => {
    const failed = await books.paid('FAIL', 'FAILED')
    expect(await refusals(books.accept(failed))).toEqual(['INVALID_STATE paymentId'])
    expect(await refusals(books.giveBack(failed))).toEqual(['INVALID_STATE paymentId'])
  })
})
