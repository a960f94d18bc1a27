import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import {
  customersOf,
  exchangeOf,
  feesOf,
  networkFeesOf,
  organizationFeesOf,
  organizationOf,
  roundingGainsOf,
  sellerOf,
  sellerPayoutsOf,
  worldOf,
} from '../../src/ledger/account.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { account, type Desk, eachRefusal, openDesk, outcomesOf, refusal } from './desk.ts'

let house: TestApp
let desk: Desk

beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())
beforeEach(async () => {
  desk = await openDesk(house.app)
})

const row = (id: string) => house.app.db.prisma.account.findFirstOrThrow({ where: { id } })
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, index]))

describe('an external id', () => {
  test('is one account of the tenant, and of every other tenant another', async () => {
    await desk.account({ externalId: 'user-1' })
    expect(await refusal(desk.account({ externalId: 'user-1' }))).toMatchObject({
      code: 'ALREADY_EXISTS',
      field: ['externalId'],
    })
    await (await openDesk(house.app)).account({ externalId: 'user-1' })
  })

  test('is one account when many open it at once', async () => {
    const { done, refused } = await outcomesOf(Array.from({ length: 20 }, () => desk.account({ externalId: 'user-1' })))
    expect([done.length, new Set(refused)]).toEqual([1, new Set(['ALREADY_EXISTS'])])
  })

  test.each([
    'world:USD',
    'exchange:EUR',
    'customers:qbitflow:USD',
    'organization-fees:qfpay:USDC',
    'seller:00000000-0000-7000-8000-000000000001:USD',
    'seller:00000000-0000-7000-8000-000000000001:bonus',
    'seller:42',
    'SELLER:00000000-0000-7000-8000-000000000001:USD',
    ' seller :x',
    'ｓeller:x',
    'world:',
    'exchange:usd',
  ])('that begins as those which the ledger itself opens, such as %s, is refused', async (externalId) => {
    expect(await refusal(desk.account({ externalId }))).toMatchObject({ code: 'INVALID', field: ['externalId'] })
  })

  test('of every account of a recipe is refused', async () => {
    const usd = currency('USD')
    const own = [worldOf(usd), exchangeOf(usd), roundingGainsOf(usd), sellerPayoutsOf(usd), sellerOf(newId(), usd)]
    const atProvider = [customersOf, feesOf, networkFeesOf, organizationOf, organizationFeesOf]
    for (const { externalId } of [...own, ...atProvider.map((of) => of('QBITFLOW', usd))]) {
      expect(await refusal(desk.account({ externalId })), externalId).toMatchObject({ code: 'INVALID' })
    }
  })

  test.each(['world', 'sellers:42', 'seller-42', 'my:world:USD', 'my:seller:42'])(
    'of a merchant, such as %s, is not',
    async (externalId) => {
      await desk.account({ externalId })
    },
  )
})

describe('metadata', () => {
  test('is kept as it was given, up to the limits', async () => {
    const metadata = { ...keys(21), text: 'é'.repeat(500), isSeller: true, rate: 0.1 }
    expect((await row(await desk.account({ metadata }))).metadata).toEqual(metadata)
    expect((await row(await desk.account({ metadata: { ['k'.repeat(100)]: 1 } }))).metadata).toEqual({
      ['k'.repeat(100)]: 1,
    })
  })

  test.each([
    ['more than 24 keys', keys(25), ['metadata']],
    ['a key of 101 characters', { ['k'.repeat(101)]: 1 }, ['metadata', 'k'.repeat(100)]],
    ['a key with a blank', { 'a b': 1 }, ['metadata', 'a b']],
    ['a value of 501 characters', { key: 'x'.repeat(501) }, ['metadata', 'key']],
    ['a NUL', { key: 'a\0b' }, ['metadata', 'key']],
    ['a list', { key: [1] }, ['metadata', 'key']],
  ])('with %s is refused', async (_, metadata, field) => {
    expect(await refusal(desk.account({ metadata }))).toMatchObject({ field })
    const mine = await desk.account()
    expect(await refusal(desk.update(mine, { metadata }))).toMatchObject({ field })
    expect(await refusal(desk.fund(mine, '1.00 USD', { metadata }))).toMatchObject({ field })
  })
})

test('an account of an unknown currency, or of another tenant, is not found', async () => {
  expect(await refusal(desk.account({ currency: 'GOLD' }))).toMatchObject({ code: 'NOT_FOUND', field: ['currency'] })
  await desk.currency('GOLD', 0)
  await desk.account({ currency: 'GOLD' })
  const foreign = await openDesk(house.app)
  expect(await refusal(foreign.account({ currency: 'GOLD' }))).toMatchObject({ code: 'NOT_FOUND' })
  const mine = await desk.account()
  for (const id of [mine, newId()]) {
    const found = await eachRefusal(foreign.freeze(id), foreign.unfreeze(id), foreign.update(id, { name: 'X' }))
    for (const problem of found) expect(problem).toMatchObject({ code: 'NOT_FOUND', field: ['id'] })
  }
  expect(await row(mine)).toMatchObject({ frozen: false, name: null })
})

describe('an overdraft', () => {
  test('lets an account pay and hold what it does not have', async () => {
    const [debtor, shop] = [await desk.account({ overdraft: true }), await desk.account()]
    await desk.pay(debtor, '5.00 USD', [[shop, '5.00 USD']])
    await desk.hold(debtor, '7.00 USD', [[shop, '7.00 USD']])
    expect(await desk.balance(debtor)).toEqual({ balance: -500n, held: 700n })
    expect(await desk.breaks()).toEqual([])
  })

  test('is taken away only where it is not used, holds included', async () => {
    const [debtor, shop] = [await desk.account({ overdraft: true }), await desk.account()]
    await desk.fund(debtor, '5.00 USD')
    const hold = await desk.hold(debtor, '7.00 USD', [[shop, '7.00 USD']])
    expect(await refusal(desk.update(debtor, { overdraft: false, name: 'X' }))).toMatchObject({
      code: 'INVALID_STATE',
      field: ['overdraft'],
    })
    expect(await row(debtor)).toMatchObject({ overdraft: true, name: null })
    await desk.update(debtor, { name: 'Debtor' })
    await desk.decline(hold)
    await desk.update(debtor, { overdraft: false })
    expect(await refusal(desk.hold(debtor, '7.00 USD', [[shop, '7.00 USD']]))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    })
  })

  test('that is taken away while it is being used leaves nobody overdrawn', async () => {
    const [debtor, shop] = [await desk.account({ overdraft: true }), await desk.account()]
    await outcomesOf(
      Array.from({ length: 30 }, (_, index) =>
        index === 10 ? desk.update(debtor, { overdraft: false }) : desk.pay(debtor, '1.00 USD', [[shop, '1.00 USD']]),
      ),
    )
    const { overdraft, balance } = await row(debtor)
    expect(overdraft || balance >= 0n).toBe(true)
    expect(await desk.breaks()).toEqual([])
  })
})

describe('a frozen account', () => {
  let frozen: string
  let other: string
  let hold: string
  let paid: string
  let received: string

  beforeEach(async () => {
    frozen = await desk.account()
    other = await desk.account()
    for (const id of [frozen, other]) await desk.fund(id, '100.00 USD')
    hold = await desk.hold(frozen, '10.00 USD', [[other, '10.00 USD']])
    paid = await desk.pay(frozen, '20.00 USD', [[other, '20.00 USD']])
    received = await desk.hold(other, '5.00 USD', [[frozen, '5.00 USD']])
    await desk.freeze(frozen)
  })

  test('neither pays nor is paid, in any way', async () => {
    const third = await desk.account()
    const found = await eachRefusal(
      desk.fund(frozen, '1.00 USD'),
      desk.pay(frozen, '1.00 USD', [[other, '1.00 USD']]),
      desk.pay(other, '1.00 USD', [[frozen, '1.00 USD']]),
      desk.pay(other, '2.00 USD', [
        [third, '1.00 USD'],
        [frozen, '1.00 USD'],
      ]),
      desk.hold(frozen, '1.00 USD', [[other, '1.00 USD']]),
      desk.updateHold(hold, '11.00 USD'),
      desk.complete(hold),
      desk.complete(received),
      desk.refund(paid, [[other, '1.00 USD']]),
      desk.rollback(paid),
    )
    for (const problem of found)
      expect(problem).toMatchObject({ code: 'ACCOUNT_FROZEN', facts: { account: account(frozen) } })
    expect([await desk.balance(frozen), await desk.balance(other)]).toEqual([
      { balance: 8_000n, held: 1_000n },
      { balance: 12_000n, held: 500n },
    ])
  })

  test('releases its holds', async () => {
    await desk.updateHold(hold, '4.00 USD')
    expect(await desk.balance(frozen)).toEqual({ balance: 8_000n, held: 400n })
    await desk.decline(hold)
    expect(await desk.balance(frozen)).toEqual({ balance: 8_000n, held: 0n })
    expect(await desk.breaks()).toEqual([])
  })

  test('does everything again once it is unfrozen, and freezing twice is freezing', async () => {
    await desk.freeze(frozen)
    await desk.unfreeze(frozen)
    await desk.complete(hold)
    await desk.complete(received)
    expect(await desk.balance(frozen)).toEqual({ balance: 7_500n, held: 0n })
  })
})
