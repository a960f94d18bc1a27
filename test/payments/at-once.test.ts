import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyToCheckout } from '../../src/checkouts/apply.ts'
import type { PaymentRow } from '../../src/db/rows.ts'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { applyFee } from '../../src/payments/fee.ts'
import { applyUnclaimed } from '../../src/payments/unclaimed.ts'
import { transact } from '../../src/work/work.ts'
import { ITEM, openShop, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'
import { tellingDesk } from '../support/telling.ts'

/** What happens to a payment at the moment at which the provider tells of more of its money. */

let shop: Shop
let books: ReturnType<typeof suspenseDesk>
beforeAll(async () => {
  shop = await openShop()
  books = suspenseDesk(shop)
})
afterAll(() => shop.close())

const usd = (minor: bigint) => money(minor, currency('USD'))
const change = () => ({ tenantId: shop.owner.tenantId, at: shop.clock.now() })
const breaks = async () => (await shop.app.ledger.proof(shop.owner.tenantId)).breaks
const FIVE = { amount: { amount: '5.00', currency: 'USD' } }

/** Lets both wait for the payment, the first in front of the second, before either goes on. */
async function oneBehindTheOther(payment: PaymentRow, first: () => Promise<unknown>, second: () => Promise<unknown>) {
  const waiting = async () => {
    const sql = `SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted`
    return (await shop.app.db.query<{ count: number }>('test.waiting', sql, []))[0]?.count ?? 0
  }
  const untilWaiting = async (count: number) => {
    while ((await waiting()) < count) await sleep(10)
  }
  let both: Promise<unknown[]> | undefined
  await shop.app.db.prisma.$transaction(
    async (tx) => {
      await tx.$queryRawUnsafe(`SELECT FROM payment WHERE id = '${payment.id}'::uuid FOR UPDATE`)
      const one = first()
      await untilWaiting(1)
      both = Promise.all([one, second()])
      await untilWaiting(2)
    },
    { timeout: 20_000 },
  )
  await both
}

describe('money that was booked as unclaimed, and whose checkout takes it over', () => {
  async function adopted(meanwhile: (payment: PaymentRow) => Promise<unknown>) {
    // There is money of others in suspense, which would hide that some is missing.
    await books.paid('UNDERPAY', 'UNDERPAID')
    await books.begin()
    const { id } = await shop.open({ item: ITEM })
    const reference = (await shop.checkout(id)).externalId ?? ''
    const received = { reference, amount: usd(1_999n), organizationFee: 0n, at: shop.clock.now() }
    await transact(shop.app.db, change(), (work) => applyUnclaimed(work, 'QBITFLOW', 'ONE_TIME', received))
    const payment = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { externalId: reference } })
    const fact = {
      noun: 'CHECKOUT',
      proof: true,
      checkout: reference,
      status: { state: 'COMPLETED' },
      received,
    } as const
    await oneBehindTheOther(
      payment,
      () => meanwhile(payment),
      () => transact(shop.app.db, change(), (work) => applyToCheckout(work, { id }, fact)),
    )
    expect(await breaks()).toEqual([])
    return books.again(payment)
  }

  test('goes to the merchant once, though it is accepted at the same moment', async () => {
    const after = await adopted((payment) => books.accept(payment))
    expect(after).toMatchObject({ status: 'COMPLETED', amountMinor: 1_999n, suspenseMinor: 0n })
  })

  test('bears the fee that is told at the same moment', async () => {
    const after = await adopted((payment) =>
      transact(shop.app.db, change(), (work) => applyFee(work, payment, usd(60n))),
    )
    expect(after).toMatchObject({ amountMinor: 1_999n, providerFeeMinor: 60n, suspenseMinor: 0n })
  })

  test('keeps what is given back at the same moment', async () => {
    const after = await adopted((payment) => books.giveBack(payment, FIVE))
    expect(after).toMatchObject({ amountMinor: 1_999n, refundedMinor: 500n, suspenseMinor: 0n })
  })
})

test('the rest of an underpaid payment that comes while some of it is given back loses neither', async () => {
  const short = await books.paid('UNDERPAY', 'UNDERPAID')
  const { checkoutId, externalId: checkout } = short
  const received = { reference: checkout ?? '', amount: usd(1_999n), organizationFee: 0n, at: shop.clock.now() }
  const fact = {
    noun: 'CHECKOUT',
    proof: true,
    checkout: checkout ?? '',
    status: { state: 'COMPLETED' },
    received,
  } as const
  await oneBehindTheOther(
    short,
    () => books.giveBack(short, FIVE),
    () => transact(shop.app.db, change(), (work) => applyToCheckout(work, { id: checkoutId ?? '' }, fact)),
  )
  expect(await books.again(short)).toMatchObject({ amountMinor: 1_999n, refundedMinor: 500n })
  expect(await breaks()).toEqual([])
})

test('a fee below zero is refused, and the payment keeps what it has', async () => {
  const payment = await books.paid('UNDERPAY', 'UNDERPAID')
  const told = transact(shop.app.db, change(), (work) => applyFee(work, payment, usd(-5n)))
  await expect(told).rejects.toThrow('a fee is not negative')
  expect((await books.again(payment)).providerFeeMinor).toBe(payment.providerFeeMinor)
})

describe('a payment that is told of for the first time by several at the same moment is booked once, and none of them fails,', () => {
  test('where nothing asked for it', async () => {
    await books.begin()
    const desk = tellingDesk(shop)
    const references = Array.from({ length: 4 }, () => newId())
    const telling = references.flatMap((each) => [1, 2, 3].map(() => desk.unclaimed(each, 500n, { fee: 20n })))
    await Promise.all(telling)
    expect(await shop.app.db.prisma.payment.count({ where: { externalId: { in: references } } })).toBe(4)
    expect(await books.gained()).toMatchObject({ 'customers:qbitflow': -2_000n, 'fees:qbitflow': 80n })
    expect(await breaks()).toEqual([])
  })

  test('where one takes it for nobody’s and another for that of its checkout', async () => {
    await books.begin()
    const desk = tellingDesk(shop)
    const ids = await Promise.all([1, 2, 3, 4].map(() => desk.open()))
    const telling = ids.flatMap(async (id) => {
      const reference = (await shop.checkout(id)).externalId ?? ''
      return Promise.all([
        desk.unclaimed(reference, 1_999n),
        desk.arrive(id, 1_999n),
        desk.unclaimed(reference, 1_999n),
      ])
    })
    await Promise.all(telling)
    for (const id of ids) expect(await shop.payment(id)).toMatchObject({ status: 'COMPLETED', suspenseMinor: 0n })
    expect((await books.gained())['customers:qbitflow']).toBe(-4n * 1_999n)
    expect(await breaks()).toEqual([])
  })
})

test('more money for what nobody asked for is booked as well, once', async () => {
  await books.begin()
  const desk = tellingDesk(shop)
  const reference = newId()
  await desk.unclaimed(reference, 500n)
  await Promise.all([1, 2, 3].map(() => desk.unclaimed(reference, 700n)))
  expect(await books.gained()).toEqual({ 'customers:qbitflow': -700n, 'suspense:qbitflow': 700n })
  expect(await breaks()).toEqual([])
})
