import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { applyFee } from '../../src/payments/fee.ts'
import { applyUnclaimed } from '../../src/payments/unclaimed.ts'
import { transact } from '../../src/work/work.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'
import { tellingDesk, usd } from '../support/telling.ts'

/** A fee that the provider tells after the money: once, in whatever order money and fees are told. */

let shop: Shop
let books: ReturnType<typeof suspenseDesk>
let desk: ReturnType<typeof tellingDesk>
beforeAll(async () => {
  shop = await openShop()
  books = suspenseDesk(shop)
  desk = tellingDesk(shop)
})
beforeEach(() => books.begin())
afterAll(() => shop.close())

describe('a payment whose fee is not told', () => {
  test('has no fee, and all of it is the merchant’s until then', async () => {
    const payment = await desk.arrive(await desk.open(), 1_999n)
    expect(payment.providerFeeMinor).toBeNull()
    expect(await books.gained()).toEqual({ 'customers:qbitflow': -1_999n, 'organization:qbitflow': 1_999n })
    await books.expectProven()
    await desk.tell(payment, 30n)
    expect((await books.again(payment)).providerFeeMinor).toBe(30n)
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1_999n,
      'fees:qbitflow': 30n,
      'organization:qbitflow': 1_969n,
    })
    await books.expectProven()
  })

  test('has its fee booked when its money is read again with it', async () => {
    const id = await desk.open()
    await desk.arrive(id, 1_999n)
    for (const _ of ['once', 'again']) expect((await desk.arrive(id, 1_999n, 30n)).providerFeeMinor).toBe(30n)
    expect((await books.gained())['fees:qbitflow']).toBe(30n)
    await books.expectProven()
  })

  test('has the fee of both parts booked when the rest of the money is told with it', async () => {
    const id = await desk.open()
    const short = await desk.arrive(id, 1_950n)
    expect(short).toMatchObject({ status: 'UNDERPAID', suspenseMinor: 1_950n, providerFeeMinor: null })
    // More than the rest that came in with it.
    const payment = await desk.arrive(id, 1_999n, 72n)
    expect(payment).toMatchObject({ status: 'COMPLETED', suspenseMinor: 0n, providerFeeMinor: 72n })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1_999n,
      'fees:qbitflow': 72n,
      'organization:qbitflow': 1_927n,
    })
    await books.expectProven()
  })

  test('and then is known to be nothing has a fee of zero, without a posting', async () => {
    const payment = await desk.arrive(await desk.open(), 1_999n)
    await desk.tell(payment, 0n)
    expect((await books.again(payment)).providerFeeMinor).toBe(0n)
    expect((await books.gained())['fees:qbitflow']).toBeUndefined()
    await books.expectProven()
  })

  test('is paid by the seller whose payment it is, also from money that was paid out', async () => {
    const seller = await shop.seller(100)
    const payment = await desk.arrive(await desk.open(seller), 1_999n)
    await desk.tell(payment, 30n)
    const gained = await books.gained()
    expect(gained).toMatchObject({ 'fees:qbitflow': 30n, 'organization-fees:qbitflow': 20n })
    expect(gained[`seller:${seller.userId}`]).toBe(1_999n - 30n - 20n)
    await books.giveBack(payment)
    await desk.tell(payment, 50n)
    expect((await books.gained()).world).toBe(-50n - 20n)
    await books.expectProven()
  })

  test('is booked once when it is told by several at the same moment', async () => {
    const payment = await desk.arrive(await desk.open(), 1_999n)
    await Promise.all(Array.from({ length: 6 }, () => desk.tell(payment, 30n)))
    expect((await books.gained())['fees:qbitflow']).toBe(30n)
    await books.expectProven()
  })
})

describe('a fee that was told', () => {
  test('stays when more money comes without one, and grows when it is told again for all', async () => {
    const id = await desk.open()
    await desk.arrive(id, 1_000n, 10n)
    expect(await desk.arrive(id, 1_999n)).toMatchObject({
      status: 'COMPLETED',
      providerFeeMinor: 10n,
      suspenseMinor: 0n,
    })
    await books.expectProven()
    await desk.tell(await desk.arrive(id, 1_999n), 25n)
    expect(await books.gained()).toMatchObject({ 'fees:qbitflow': 25n, 'organization:qbitflow': 1_974n })
    await books.expectProven()
  })

  test('is not lowered by what was told before it', async () => {
    const payment = await desk.arrive(await desk.open(), 1_999n, 30n)
    await desk.tell(payment, 10n)
    expect((await books.again(payment)).providerFeeMinor).toBe(30n)
    expect((await books.gained())['fees:qbitflow']).toBe(30n)
  })

  test('in another currency than the payment’s is refused, and nothing is booked', async () => {
    const payment = await desk.arrive(await desk.open(), 1_999n)
    const yen = money(30n, currency('JPY'))
    const telling = transact(shop.app.db, desk.change(), (work) => applyFee(work, payment, yen))
    await expect(telling).rejects.toThrow(/is told in JPY, and the payment is in USD/)
    expect((await books.again(payment)).providerFeeMinor).toBeNull()
  })
})

test('the fee of money that nothing asked for is taken from the suspense account, once', async () => {
  const told = { reference: newId(), amount: usd(700n), organizationFee: 0n, at: shop.clock.now() }
  for (const received of [told, { ...told, fee: 21n }, { ...told, fee: 21n }]) {
    await transact(shop.app.db, desk.change(), (work) => applyUnclaimed(work, 'QBITFLOW', 'ONE_TIME', received))
  }
  expect(await books.gained()).toEqual({
    'customers:qbitflow': -700n,
    'fees:qbitflow': 21n,
    'suspense:qbitflow': 679n,
  })
  await books.expectProven()
})

test('a fee that has no posting is found by the proof', async () => {
  const { tenantId, id: paymentId } = await desk.arrive(await desk.open(), 1_999n)
  const fee = { tenantId, id: newId(), paymentId, kind: 'FEE' as const, amountMinor: '0', providerFeeMinor: '5' }
  await shop.app.db.prisma.paymentMovement.create({ data: { ...fee, at: shop.clock.now() } })
  const { breaks } = await shop.app.ledger.proof(tenantId)
  expect(breaks.map(({ kind }) => kind)).toEqual(['fee_without_posting'])
  await shop.app.db.prisma.paymentMovement.deleteMany({ where: { id: fee.id } })
})
