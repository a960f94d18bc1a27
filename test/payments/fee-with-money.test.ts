import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import { newId } from '../../src/kernel/id.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { suspenseDesk } from '../support/suspense.ts'
import { tamper } from '../support/tamper.ts'
import { tellingDesk } from '../support/telling.ts'

/** A fee that is told with the money: whatever it is, the money that comes in is in the books. */

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

const movements = ({ id: paymentId }: PaymentRow) =>
  shop.app.db.prisma.paymentMovement
    .findMany({ where: { paymentId }, orderBy: { id: 'asc' } })
    .then((rows) => rows.map(({ kind, amountMinor, providerFeeMinor: fee }) => `${kind} ${amountMinor} - ${fee}`))

describe('an arrival of less than the fee that is told with it is booked, and the merchant pays the rest of the fee', () => {
  test('as the first', async () => {
    const payment = await desk.arrive(await desk.open(), 100n, 150n)
    expect(payment).toMatchObject({ status: 'UNDERPAID', amountMinor: 100n, providerFeeMinor: 150n, suspenseMinor: 0n })
    const { world = 0n, 'organization:qbitflow': merchant = 0n, ...gained } = await books.gained()
    expect(gained).toEqual({ 'customers:qbitflow': -100n, 'fees:qbitflow': 150n })
    expect(world + merchant).toBe(-50n)
    expect(await movements(payment)).toEqual(['FEE 0 - 50'])
    await books.expectProven()
  })

  test('as a further one, out of the money that waits in suspense', async () => {
    const id = await desk.open()
    await desk.arrive(id, 100n, 10n)
    const payment = await desk.arrive(id, 110n, 40n)
    expect(payment).toMatchObject({ amountMinor: 110n, providerFeeMinor: 40n, suspenseMinor: 70n })
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -110n,
      'fees:qbitflow': 40n,
      'suspense:qbitflow': 70n,
    })
    expect(await movements(payment)).toEqual(['RECEIPT 10 - 10', 'FEE 0 - 20'])
    await books.expectProven()
  })

  test('as the second and third, however often each is told', async () => {
    const id = await desk.open()
    for (const [minor, fee] of [
      [100n, 90n],
      [120n, 130n],
      [120n, 130n],
      [1_999n, 2_100n],
      [1_999n, 2_100n],
    ] as const) {
      await desk.arrive(id, minor, fee)
      await books.expectProven()
    }
    const payment = await desk.arrive(id, 1_999n, 2_100n)
    expect(payment).toMatchObject({ status: 'COMPLETED', amountMinor: 1_999n, providerFeeMinor: 2_100n })
    const gained = await books.gained()
    expect(gained).toMatchObject({ 'customers:qbitflow': -1_999n, 'fees:qbitflow': 2_100n })
  })

  test('of a seller, of whom the organization takes its share first', async () => {
    const seller = await shop.seller(10_000)
    const payment = await desk.arrive(await desk.open(seller), 1_999n, 30n)
    expect(payment).toMatchObject({ status: 'COMPLETED', providerFeeMinor: 30n, organizationFeeMinor: 1_999n })
    const gained = await books.gained()
    expect(gained).toEqual({
      'customers:qbitflow': -1_999n,
      'fees:qbitflow': 30n,
      'organization-fees:qbitflow': 1_999n,
      world: -30n,
    })
    await books.expectProven()
  })

  test('for which nothing here asked', async () => {
    const reference = newId()
    for (const _ of ['once', 'again']) await desk.unclaimed(reference, 20n, { fee: 25n })
    await desk.unclaimed(reference, 300n, { fee: 30n })
    expect(await books.gained()).toMatchObject({ 'customers:qbitflow': -300n, 'fees:qbitflow': 30n })
    await books.expectProven()
  })
})

test.each([
  ['rises', 100, 9_000],
  ['falls', 9_000, 100],
])('the share of the organization stays within each arrival when its rate %s between two', async (_, first, then) => {
  const seller = await shop.seller(first)
  const id = await desk.open(seller)
  await desk.arrive(id, 1_000n, 0n)
  const where = { tenantId_id: { tenantId: seller.tenantId, id: seller.userId ?? '' } }
  await shop.app.db.prisma.user.update({ where, data: { organizationFeeBps: then } })
  const { organizationFeeMinor } = await desk.arrive(id, 1_100n, 0n)
  expect(organizationFeeMinor).toBe(first < then ? 110n : 900n)
  expect((await books.gained())['organization-fees:qbitflow']).toBe(organizationFeeMinor)
  await books.expectProven()
})

describe('a fee that is lower when more money comes', () => {
  test('goes back to the merchant once, by a movement of its own', async () => {
    const id = await desk.open()
    await desk.arrive(id, 1_000n, 50n)
    for (const _ of ['once', 'again']) {
      const payment = await desk.arrive(id, 1_999n, 30n)
      expect(payment).toMatchObject({ status: 'COMPLETED', providerFeeMinor: 30n, suspenseMinor: 0n })
      expect(await movements(payment)).toEqual(['RECEIPT 999 - 0', 'FEE 0 - -20'])
    }
    expect(await books.gained()).toEqual({
      'customers:qbitflow': -1_999n,
      'fees:qbitflow': 30n,
      'organization:qbitflow': 1_969n,
    })
    await books.expectProven()
  })

  test('goes back to what waits in suspense, where all of it waits there', async () => {
    const id = await desk.open()
    await desk.arrive(id, 1_000n, 50n)
    expect(await desk.arrive(id, 1_200n, 20n)).toMatchObject({ providerFeeMinor: 20n, suspenseMinor: 1_180n })
    expect(await books.gained()).toMatchObject({ 'fees:qbitflow': 20n, 'suspense:qbitflow': 1_180n })
    await books.expectProven()
  })

  test('goes back to the seller whose payment it is, and to nothing at all', async () => {
    const seller = await shop.seller(0)
    const id = await desk.open(seller)
    await desk.arrive(id, 1_000n, 50n)
    await desk.arrive(id, 1_999n, 0n)
    const gained = await books.gained()
    expect(gained[`seller:${seller.userId}`]).toBe(1_999n)
    expect(gained['fees:qbitflow']).toBeUndefined()
    await books.expectProven()
  })

  test('comes back from outside of the books where the fees have left them', async () => {
    const id = await desk.open()
    await desk.arrive(id, 1_000n, 50n)
    const fees = { tenantId: shop.owner.tenantId, externalId: 'fees:qbitflow:USD' }
    const [account] = await shop.app.db.prisma.account.findMany({ where: fees })
    await shop.app.db.prisma.account.updateMany({ where: fees, data: { held: String(account?.balance ?? 0n) } })
    expect(await desk.arrive(id, 1_999n, 30n)).toMatchObject({ status: 'COMPLETED', providerFeeMinor: 30n })
    await shop.app.db.prisma.account.updateMany({ where: fees, data: { held: '0' } })
    expect(await books.gained()).toMatchObject({ world: -20n, 'fees:qbitflow': 50n, 'organization:qbitflow': 1_969n })
    await books.expectProven()
  })
})

describe('a fee below zero', () => {
  test('keeps no money out of the books, is not booked, and is told as a contradiction once', async () => {
    const id = await desk.open()
    for (const _ of ['once', 'again']) {
      expect(await desk.arrive(id, 1_999n, -5n)).toMatchObject({ status: 'COMPLETED', providerFeeMinor: null })
    }
    expect(await books.gained()).toEqual({ 'customers:qbitflow': -1_999n, 'organization:qbitflow': 1_999n })
    const types = (await shop.app.db.prisma.event.findMany({ where: { type: 'payment.contradicted' } })).length
    expect(types).toBe(1)
    await books.expectProven()
  })

  test.each([
    ['payment', 'provider_fee_minor = -1'],
    ['payment', 'organization_fee_minor = -1'],
    ['payment_movement', "kind = 'RECEIPT', provider_fee_minor = -1"],
    ['payment_movement', 'organization_fee_minor = -1'],
  ])('is refused by the table %s itself: %s', async (table, change) => {
    const id = await desk.open()
    await desk.arrive(id, 1_000n, 50n)
    await desk.arrive(id, 1_999n, 60n)
    const spoiling = shop.app.db.query('test.spoil', `UPDATE ${table} SET ${change} WHERE tenant_id = $1`, [
      shop.owner.tenantId,
    ])
    await expect(spoiling).rejects.toThrow('fees_not_below_zero')
  })
})

describe('an amount of nothing', () => {
  test('that is too little is a state without money, however often it is told', async () => {
    const id = await desk.open()
    for (const _ of ['once', 'again']) {
      expect(await desk.arrive(id, 0n)).toMatchObject({ status: 'UNDERPAID', settledAt: null, suspenseMinor: 0n })
    }
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
    expect(await books.gained()).toEqual({})
    await books.expectProven()
  })

  test('is followed by the money, and is old news after it', async () => {
    const id = await desk.open()
    await desk.arrive(id, 0n)
    await desk.arrive(id, 1_999n, 30n)
    expect(await desk.arrive(id, 0n)).toMatchObject({ status: 'COMPLETED', amountMinor: 1_999n })
    expect(await books.gained()).toMatchObject({ 'customers:qbitflow': -1_999n, 'fees:qbitflow': 30n })
    await books.expectProven()
  })

  test('has its fee booked, which is not booked again with the money', async () => {
    const id = await desk.open()
    await desk.arrive(id, 0n, 10n)
    expect(await books.gained()).toMatchObject({ 'fees:qbitflow': 10n })
    await books.expectProven()
    expect(await desk.arrive(id, 1_999n, 35n)).toMatchObject({ status: 'COMPLETED', providerFeeMinor: 35n })
    expect(await books.gained()).toMatchObject({ 'customers:qbitflow': -1_999n, 'fees:qbitflow': 35n })
    await books.expectProven()
  })

  test('that the provider takes for enough completes the payment without a posting', async () => {
    const id = await desk.open()
    const payment = await desk.arrive(id, 0n, 0n, 'COMPLETED')
    expect(payment).toMatchObject({ status: 'COMPLETED', amountMinor: 0n })
    expect(await books.gained()).toEqual({})
    await books.expectProven()
  })

  test('below nothing is refused, and nothing is booked', async () => {
    const id = await desk.open()
    await expect(desk.arrive(id, -5n)).rejects.toThrow('is told as -5: an amount is not negative')
    expect(await shop.payment(id)).toBeNull()
  })
})

test.each([
  ['the provider’s fee', 'provider_fee_minor', 30n],
  ['the organization’s fee', 'organization_fee_minor', 20n],
])('the proof finds a payment that says otherwise than its postings what is %s', async (_, column, fee) => {
  const seller = await shop.seller(100)
  const { tenantId, id } = await desk.arrive(await desk.open(seller), 1_999n, 30n)
  const setTo = (value: bigint) =>
    tamper(shop.app.db, `UPDATE payment SET ${column} = $3 WHERE tenant_id = $1 AND id = $2`, [tenantId, id, value])
  await setTo(fee + 1n)
  const { breaks } = await shop.app.ledger.proof(tenantId)
  expect(breaks.map(({ kind }) => kind)).toEqual(['fee_differs'])
  await setTo(fee)
  await books.expectProven()
})
