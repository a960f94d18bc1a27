import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { account, type Desk, openDesk, refusal, refusals } from './desk.ts'

let house: TestApp
let desk: Desk
let payer: string
let shop: string
let fees: string

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
})

const count = () => house.app.db.prisma.ledgerTransaction.count({ where: { tenantId: desk.tenantId } })

describe('a payment', () => {
  test('is one EXTERNAL transaction with its entries, and an INTERNAL part for each charge', async () => {
    const metadata = { order: 'A-1' }
    const id = await desk.pay(
      payer,
      '10.00 USD',
      [
        [shop, '9.70 USD'],
        [fees, '0.30 USD'],
      ],
      { metadata },
    )
    const paid = await desk.transaction(id)
    expect(paid).toMatchObject({ type: 'EXTERNAL', state: 'COMPLETED', total: 1_000n, accountId: payer, metadata })
    expect(paid.parts).toMatchObject([
      { type: 'INTERNAL', state: 'COMPLETED', total: 970n, destinationId: shop },
      { type: 'INTERNAL', state: 'COMPLETED', total: 30n, destinationId: fees },
    ])
    expect(paid.completedAt).toEqual(paid.createdAt)
    expect(await desk.entries(id)).toMatchObject([
      { accountId: payer, amount: -1_000n, balanceAfter: 9_000n },
      { accountId: shop, amount: 970n },
      { accountId: fees, amount: 30n },
    ])
  })

  test('is announced once, with its entries', async () => {
    const id = await desk.pay(payer, '10.00 USD', [[shop, '10.00 USD']])
    const events = await house.app.db.prisma.event.findMany({ where: { tenantId: desk.tenantId, entityId: id } })
    expect(events).toMatchObject([{ type: 'ledger.transaction_posted', sequence: 1, requestId: 'test' }])
    expect(events[0]?.payload).toMatchObject({
      object: {
        total: '1000',
        entries: [
          { account: account(payer), amount: '-1000' },
          { account: account(shop), amount: '1000' },
        ],
      },
    })
  })

  test('of all that the account has leaves nothing, and one cent more is refused with what is there', async () => {
    expect(await refusal(desk.pay(payer, '100.01 USD', [[shop, '100.01 USD']]))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      facts: { account: account(payer), available: { minor: 10_000n, currency: 'USD' } },
    })
    await desk.pay(payer, '100.00 USD', [[shop, '100.00 USD']])
    expect(await desk.balance(payer)).toEqual({ balance: 0n, held: 0n })
  })

  test('has at most a hundred charges and at least one', async () => {
    const parts = (length: number) => Array.from({ length }, () => [shop, '0.01 USD'] as const)
    await desk.pay(payer, '1.00 USD', parts(100))
    expect(await refusal(desk.pay(payer, '1.01 USD', parts(101)))).toMatchObject({
      code: 'OUT_OF_RANGE',
      field: ['charges'],
    })
    expect(await refusal(desk.pay(payer, '1.00 USD', []))).toMatchObject({ field: ['charges'] })
    expect(await desk.balance(shop)).toEqual({ balance: 100n, held: 0n })
  })
})

describe('what cannot be paid is refused by the field that is wrong, and leaves nothing:', () => {
  test.each([
    ['nothing', '0.00 USD', 'OUT_OF_RANGE', 'amount'],
    ['less than nothing', '-1.00 USD', 'OUT_OF_RANGE', 'amount'],
    ['part of a cent', '1.001 USD', 'INVALID', 'amount'],
    ['no number', 'much USD', 'INVALID', 'amount'],
    ['a number as computers write it', '1e3 USD', 'INVALID', 'amount'],
    ['more digits than are kept', `${'9'.repeat(39)} USD`, 'OUT_OF_RANGE', 'amount'],
    ['more digits than are read', `${'9'.repeat(400)} USD`, 'INVALID', 'amount'],
    ['another currency', '1.00 EUR', 'CURRENCY_MISMATCH', 'currency'],
  ])('%s', async (_, amount, code, last) => {
    const before = await count()
    expect(await refusal(desk.pay(payer, amount, [[shop, '1.00 USD']]))).toMatchObject({ code, field: ['total', last] })
    const charged = desk.pay(payer, '1.00 USD', [
      [shop, '1.00 USD'],
      [fees, amount],
    ])
    expect(await refusal(charged)).toMatchObject({ code, field: ['charges', '1', 'subtotal', last] })
    expect(await refusal(desk.fund(payer, amount))).toMatchObject({ code, field: ['total', last] })
    expect(await count()).toBe(before)
  })

  test('charges that miss the total', async () => {
    for (const total of ['9.99 USD', '10.01 USD']) {
      const asked = desk.pay(payer, total, [
        [shop, '9.70 USD'],
        [fees, '0.30 USD'],
      ])
      expect(await refusal(asked)).toMatchObject({ code: 'TOTALS_MISMATCH', field: ['total'] })
    }
  })

  test('an account to itself', async () => {
    const asked = desk.pay(payer, '2.00 USD', [
      [shop, '1.00 USD'],
      [payer, '1.00 USD'],
    ])
    expect(await refusal(asked)).toMatchObject({ code: 'INVALID', field: ['charges', '1', 'destinationId'] })
    const { id } = await desk.system('world:USD')
    expect(await refusal(desk.fund(id, '1.00 USD'))).toMatchObject({ code: 'INVALID', field: ['accountId'] })
  })

  test('accounts that are unknown, of another tenant, or no accounts', async () => {
    const foreign = await (await openDesk(house.app)).account({ overdraft: true })
    for (const id of [newId(), foreign]) {
      expect(await refusal(desk.fund(id, '1.00 USD'))).toMatchObject({ code: 'NOT_FOUND', field: ['accountId'] })
      expect(await refusal(desk.pay(id, '1.00 USD', [[shop, '1.00 USD']]))).toMatchObject({
        code: 'NOT_FOUND',
        field: ['accountId'],
      })
      const both = desk.pay(payer, '2.00 USD', [
        [id, '1.00 USD'],
        [id, '1.00 USD'],
      ])
      expect(await refusals(both)).toMatchObject([
        { code: 'NOT_FOUND', field: ['charges', '0', 'destinationId'] },
        { code: 'NOT_FOUND', field: ['charges', '1', 'destinationId'] },
      ])
    }
    const customer = encodeId('Customer', newId())
    const asked = house.app.transactions.create(
      { actor: desk.actor, operation: 'createTransaction', requestHash: new Uint8Array(32) },
      {
        accountId: customer,
        total: { amount: '1.00', currency: 'USD' },
        charges: [{ destinationId: 'x', subtotal: {} }],
      },
    )
    expect((await refusals(asked)).map(({ field }) => field?.join('.'))).toEqual([
      'accountId',
      'charges.0.destinationId',
      'charges.0.subtotal.amount',
      'charges.0.subtotal.currency',
    ])
  })
})

test('money comes in from the world outside, so that the books still balance', async () => {
  await desk.fund(shop, '0.01 USD')
  expect(await desk.system('world:USD')).toMatchObject({ balance: -10_001n, overdraft: true, kind: 'SYSTEM' })
  expect(await desk.breaks()).toEqual([])
})
