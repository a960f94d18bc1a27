import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type TestApp, testApp } from '../support/app.ts'
import { type Desk, openDesk, outcomesOf } from './desk.ts'

let house: TestApp
let desk: Desk
let payer: string
let shop: string

beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())

beforeEach(async () => {
  desk = await openDesk(house.app)
  payer = await desk.account()
  shop = await desk.account()
  await desk.fund(payer, '50.00 USD')
})

const times = (count: number, work: (index: number) => Promise<string>) =>
  outcomesOf(Array.from({ length: count }, (_, index) => work(index)))
const repeated = (code: string, count: number) => Array.from({ length: count }, () => code)

test('a hundred holds of 1.00 at once on 50.00 are fifty holds', async () => {
  const { done, refused } = await times(100, () => desk.hold(payer, '1.00 USD', [[shop, '1.00 USD']]))
  expect(done).toHaveLength(50)
  expect(refused).toEqual(repeated('INSUFFICIENT_FUNDS', 50))
  expect(await desk.balance(payer)).toEqual({ balance: 5_000n, held: 5_000n })
  expect(await desk.breaks()).toEqual([])
})

test('a hundred payments of 1.00 at once from 50.00 are fifty payments', async () => {
  const { done, refused } = await times(100, () => desk.pay(payer, '1.00 USD', [[shop, '1.00 USD']]))
  expect(done).toHaveLength(50)
  expect(refused).toEqual(repeated('INSUFFICIENT_FUNDS', 50))
  expect(await desk.balance(shop)).toEqual({ balance: 5_000n, held: 0n })
  expect(await desk.breaks()).toEqual([])
})

test('holds and payments that want the same 50.00 get it once between them', async () => {
  const { done } = await times(64, (index) =>
    index % 2 ? desk.hold(payer, '3.00 USD', [[shop, '3.00 USD']]) : desk.pay(payer, '3.00 USD', [[shop, '3.00 USD']]),
  )
  expect(done).toHaveLength(16)
  const { balance, held } = await desk.balance(payer)
  expect(balance - held).toBe(200n)
  expect(await desk.breaks()).toEqual([])
})

test.each([
  ['completions', 'complete', { payer: 3_000n, shop: 2_000n }],
  ['releases', 'decline', { payer: 5_000n, shop: 0n }],
] as const)('of 64 %s of a hold at once one takes effect', async (_, verb, balances) => {
  const hold = await desk.hold(payer, '20.00 USD', [[shop, '20.00 USD']])
  const { done, refused } = await times(64, () => desk[verb](hold))
  expect(done).toEqual([hold])
  expect(refused).toEqual(repeated('INVALID_STATE', 63))
  expect(await desk.balance(payer)).toEqual({ balance: balances.payer, held: 0n })
  expect(await desk.balance(shop)).toEqual({ balance: balances.shop, held: 0n })
})

test('a hold that is completed, released and changed at once ends one way', async () => {
  const hold = await desk.hold(payer, '20.00 USD', [[shop, '20.00 USD']])
  await times(64, (index) => {
    if (index % 3 === 0) return desk.complete(hold)
    return index % 3 === 1 ? desk.decline(hold) : desk.updateHold(hold, `${index}.00 USD`)
  })
  const { state, total, parts } = await desk.transaction(hold)
  expect(['COMPLETED', 'DECLINED']).toContain(state)
  expect(parts).toMatchObject([{ state, total }])
  const moved = state === 'COMPLETED' ? total : 0n
  expect(await desk.balance(payer)).toEqual({ balance: 5_000n - moved, held: 0n })
  expect(await desk.balance(shop)).toEqual({ balance: moved, held: 0n })
  expect(await desk.breaks()).toEqual([])
})

test('of 64 rollbacks of a transaction at once one takes effect', async () => {
  const paid = await desk.pay(payer, '20.00 USD', [[shop, '20.00 USD']])
  const { done, refused } = await times(64, () => desk.rollback(paid))
  expect(done).toHaveLength(1)
  expect(refused).toEqual(repeated('INVALID_STATE', 63))
  expect(await desk.balance(payer)).toEqual({ balance: 5_000n, held: 0n })
  expect(await desk.transaction(done[0] ?? '')).toMatchObject({ type: 'INTERNAL', parentId: null, referenceId: paid })
  expect(await desk.breaks()).toEqual([])
})

test('of 64 refunds of 3.00 at once of a charge of 20.00 six take effect', async () => {
  const paid = await desk.pay(payer, '20.00 USD', [[shop, '20.00 USD']])
  const { done, refused } = await times(64, () => desk.refund(paid, [[shop, '3.00 USD']]))
  expect(done).toHaveLength(6)
  expect(refused).toEqual(repeated('OUT_OF_RANGE', 58))
  expect(await desk.balance(payer)).toEqual({ balance: 4_800n, held: 0n })
  expect(await desk.transaction(paid)).toMatchObject({ state: 'PARTIALLY_REFUNDED', refunded: 1_800n })
  expect(await desk.breaks()).toEqual([])
})

test('refunds and rollbacks of a transaction at once never give back more than was paid', async () => {
  const paid = await desk.pay(payer, '20.00 USD', [[shop, '20.00 USD']])
  await times(64, (index) => (index % 8 ? desk.refund(paid, [[shop, '1.00 USD']]) : desk.rollback(paid)))
  const { state } = await desk.transaction(paid)
  expect(['ROLLED_BACK', 'REFUNDED']).toContain(state)
  expect(await desk.balance(payer)).toEqual({ balance: 5_000n, held: 0n })
  expect(await desk.breaks()).toEqual([])
})

test('64 wishes under one key at once are one payment, hold and refund', async () => {
  const parts = [[shop, '20.00 USD']] as const
  const payments = await times(64, () => desk.pay(payer, '20.00 USD', parts, { key: 'pay' }))
  expect(new Set(payments.done)).toEqual(new Set([payments.done[0]]))
  expect(payments.refused).toEqual([])
  const holds = await times(64, () => desk.hold(payer, '20.00 USD', parts, { key: 'hold' }))
  expect(new Set(holds.done).size).toBe(1)
  const refunds = await times(64, () => desk.refund(payments.done[0] ?? '', [[shop, '5.00 USD']], { key: 'refund' }))
  expect(new Set(refunds.done).size).toBe(1)
  expect(await desk.balance(payer)).toEqual({ balance: 3_500n, held: 2_000n })
  expect(await desk.breaks()).toEqual([])
})

test('payments in both directions of a ring of accounts lose nothing and wait for nobody in vain', async () => {
  const ring = [payer, shop, await desk.account(), await desk.account()]
  for (const account of ring.slice(1)) await desk.fund(account, '50.00 USD')
  const at = (index: number) => ring[index % ring.length] ?? ''
  const { done, refused } = await times(64, (index) => {
    const forth = [at(index), at(index + 1), at(index + 2)] as const
    const [from, to, other] = index % 2 ? forth : [forth[2], forth[1], forth[0]]
    const parts = [
      [to, '1.00 USD'],
      [other, '0.50 USD'],
    ] as const
    return index % 4 < 2
      ? desk.pay(from, '1.50 USD', parts)
      : desk.hold(from, '1.50 USD', parts).then((id) => desk.complete(id))
  })
  expect({ done: done.length, refused }).toEqual({ done: 64, refused: [] })
  const balances = await Promise.all(ring.map((account) => desk.balance(account)))
  expect(balances.reduce((sum, { balance }) => sum + balance, 0n)).toBe(20_000n)
  expect(balances.every(({ held }) => held === 0n)).toBe(true)
  expect(await desk.breaks()).toEqual([])
})
