import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { type Desk, eachRefusal, openDesk, refusal } from './desk.ts'

let house: TestApp
let desk: Desk
let payer: string
let shop: string
let fees: string
let paid: string

beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())
beforeEach(async () => {
  desk = await openDesk(house.app)
  payer = await desk.account()
  shop = await desk.account()
  fees = await desk.account()
  await desk.fund(payer, '100.00 USD')
  paid = await desk.pay(payer, '100.00 USD', [
    [shop, '97.00 USD'],
    [fees, '3.00 USD'],
  ])
})

const balances = async () => Promise.all([payer, shop, fees].map(async (id) => (await desk.balance(id)).balance))

describe('a rollback', () => {
  test('gives everything back, fees included, once', async () => {
    const mirror = await desk.rollback(paid)
    expect(await balances()).toEqual([10_000n, 0n, 0n])
    expect(await desk.transaction(mirror)).toMatchObject({
      type: 'INTERNAL',
      recipe: 'rollback',
      referenceId: paid,
      total: 10_000n,
    })
    expect(await desk.transaction(paid)).toMatchObject({
      state: 'ROLLED_BACK',
      parts: [{ state: 'ROLLED_BACK' }, { state: 'ROLLED_BACK' }],
    })
    expect(await refusal(desk.rollback(paid))).toMatchObject({ code: 'INVALID_STATE', field: ['transactionId'] })
    expect(await refusal(desk.refund(paid, [[shop, '1.00 USD']]))).toMatchObject({ code: 'INVALID_STATE' })
    expect(await desk.breaks()).toEqual([])
  })

  test('of a conversion gives back what was paid and takes back what was received, whatever the rate is now', async () => {
    const euros = await desk.account({ currency: 'EUR' })
    await desk.rollback(paid)
    await desk.setRate('USD', 'EUR', '0.333333')
    const converted = await desk.pay(payer, '99.99 USD', [[euros, '99.99 USD']])
    await desk.setRate('USD', 'EUR', '5')
    await desk.rollback(converted)
    expect(await balances()).toEqual([10_000n, 0n, 0n])
    expect(await desk.balance(euros)).toEqual({ balance: 0n, held: 0n })
    expect((await desk.system('exchange:EUR')).balance).toBe(0n)
  })

  test('is refused as a whole when a destination has spent the money, and not after a refund', async () => {
    await desk.pay(shop, '50.00 USD', [[fees, '50.00 USD']])
    expect(await refusal(desk.rollback(paid))).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    expect(await balances()).toEqual([0n, 4_700n, 5_300n])
    await desk.refund(paid, [[fees, '0.01 USD']])
    expect(await refusal(desk.rollback(paid))).toMatchObject({ code: 'INVALID_STATE' })
  })

  test('is not for holds, fundings, refunds, rollbacks and parts, nor for strangers', async () => {
    await desk.fund(payer, '1.00 USD')
    const [part] = (await desk.transaction(paid)).parts
    const made = [
      await desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']]),
      await desk.fund(payer, '1.00 USD'),
      await desk.refund(paid, [[shop, '1.00 USD']]),
      await desk.rollback(await desk.pay(payer, '1.00 USD', [[shop, '1.00 USD']])),
      part?.id ?? '',
    ]
    for (const id of made) {
      expect(await refusal(desk.rollback(id))).toMatchObject({ code: 'INVALID_STATE', field: ['transactionId'] })
      expect(await refusal(desk.refund(id, [[shop, '0.01 USD']]))).toMatchObject({ code: 'INVALID_STATE' })
    }
    const stranger = await openDesk(house.app)
    const wanted = [[shop, '1.00 USD']] as const
    const found = await eachRefusal(stranger.rollback(paid), stranger.refund(paid, wanted), desk.rollback(newId()))
    for (const problem of found) expect(problem).toMatchObject({ code: 'NOT_FOUND', field: ['transactionId'] })
  })
})

describe('a refund', () => {
  test('chooses per destination, in parts, and never gives back more than was received', async () => {
    const first = await desk.refund(paid, [[shop, '50.00 USD']])
    expect(await desk.transaction(first)).toMatchObject({
      type: 'EXTERNAL',
      recipe: 'refund',
      referenceId: paid,
      total: 5_000n,
      parts: [{ accountId: shop, destinationId: payer, total: 5_000n }],
    })
    expect(
      await refusal(
        desk.refund(paid, [
          [fees, '1.00 USD'],
          [shop, '47.01 USD'],
        ]),
      ),
    ).toMatchObject({
      code: 'OUT_OF_RANGE',
      field: ['refunds', '1', 'subtotal', 'amount'],
    })
    expect(await balances()).toEqual([5_000n, 4_700n, 300n])
    await desk.refund(paid, [
      [fees, '3.00 USD'],
      [shop, '46.99 USD'],
    ])
    expect(await desk.transaction(paid)).toMatchObject({
      state: 'PARTIALLY_REFUNDED',
      refunded: 9_999n,
      parts: [{ state: 'PARTIALLY_REFUNDED' }, { state: 'REFUNDED' }],
    })
    await desk.refund(paid, [[shop, '0.01 USD']])
    expect(await desk.transaction(paid)).toMatchObject({ state: 'REFUNDED', refunded: 10_000n })
    expect(await refusal(desk.refund(paid, [[shop, '0.01 USD']]))).toMatchObject({ code: 'INVALID_STATE' })
    expect(await balances()).toEqual([10_000n, 0n, 0n])
    expect(await desk.breaks()).toEqual([])
  })

  test.each([
    [
      'an account that received nothing',
      () => [[payer, '1.00 USD']] as const,
      'NOT_FOUND',
      ['refunds', '0', 'destinationId'],
    ],
    [
      'an account twice',
      () =>
        [
          [shop, '1.00 USD'],
          [shop, '1.00 USD'],
        ] as const,
      'INVALID',
      ['refunds', '1', 'destinationId'],
    ],
    ['nothing', () => [[shop, '0.00 USD']] as const, 'OUT_OF_RANGE', ['refunds', '0', 'subtotal', 'amount']],
    [
      'another currency',
      () => [[shop, '1.00 EUR']] as const,
      'CURRENCY_MISMATCH',
      ['refunds', '0', 'subtotal', 'currency'],
    ],
    ['nobody', () => [] as const, 'OUT_OF_RANGE', ['refunds']],
  ])('that names %s is refused', async (_, parts, code, field) => {
    expect(await refusal(desk.refund(paid, parts()))).toMatchObject({ code, field })
    expect(await balances()).toEqual([0n, 9_700n, 300n])
  })

  test('is refused when the destination has spent the money or holds it for another', async () => {
    await desk.hold(shop, '96.00 USD', [[fees, '96.00 USD']])
    expect(await refusal(desk.refund(paid, [[shop, '1.01 USD']]))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      facts: { available: { minor: 100n, currency: 'USD' } },
    })
    await desk.refund(paid, [[shop, '1.00 USD']])
  })

  test('under the same key is given once', async () => {
    const ask = () => desk.refund(paid, [[shop, '1.00 USD']], { key: 'refund-1' })
    expect(await ask()).toBe(await ask())
    expect(await balances()).toEqual([100n, 9_600n, 300n])
  })
})
