import { expect, test } from 'vitest'
import { formatDecimal, MAX_MINOR } from '../../src/kernel/money.ts'
import { desk, exchanged, gains, minor, open, setStage } from './conversion-stage.ts'
import { eachRefusal, refusal } from './desk.ts'

setStage()

const fraction = async (currency: string) => (await gains(currency)).fraction

test('a cent is paid whole', async () => {
  const [payer, shop] = (await open('USD', 'USD')) as [string, string]
  await desk.fund(payer, '0.01 USD')
  await desk.pay(payer, '0.01 USD', [[shop, '0.01 USD']])
  expect(await minor(payer, shop)).toEqual([0n, 1n])
})

test('a hundred in three parts leaves nothing over, and parts that lose a cent are refused', async () => {
  const [payer, a, b, c] = (await open('USD', 'USD', 'USD', 'USD')) as [string, string, string, string]
  await desk.fund(payer, '100.00 USD')
  const third = '33.33 USD'
  const short = desk.pay(payer, '100.00 USD', [
    [a, third],
    [b, third],
    [c, third],
  ])
  expect(await refusal(short)).toMatchObject({ code: 'TOTALS_MISMATCH', field: ['total'] })
  await desk.pay(payer, '100.00 USD', [
    [a, '33.34 USD'],
    [b, third],
    [c, third],
  ])
  expect(await minor(payer, a, b, c)).toEqual([0n, 3_334n, 3_333n, 3_333n])
})

test('the same destination may be charged twice, each charge a part of its own', async () => {
  const [payer, shop] = (await open('USD', 'USD')) as [string, string]
  await desk.fund(payer, '10.00 USD')
  const paid = await desk.pay(payer, '10.00 USD', [
    [shop, '7.00 USD'],
    [shop, '3.00 USD'],
  ])
  expect((await desk.transaction(paid)).parts).toMatchObject([{ total: 700n }, { total: 300n }])
  await desk.refund(paid, [[shop, '8.00 USD']])
  expect((await desk.transaction(paid)).parts).toMatchObject([
    { refunded: 700n, state: 'REFUNDED' },
    { refunded: 100n, state: 'PARTIALLY_REFUNDED' },
  ])
  expect(await desk.breaks()).toEqual([])
})

test('amounts of eighteen decimals are paid and given back to the last', async () => {
  const [payer, a, b] = (await open('ETH', 'ETH', 'ETH')) as [string, string, string]
  await desk.fund(payer, '1.000000000000000001 ETH')
  const paid = await desk.pay(payer, '1.000000000000000001 ETH', [
    [a, '0.333333333333333334 ETH'],
    [b, '0.666666666666666667 ETH'],
  ])
  expect(await minor(payer, a, b)).toEqual([0n, 333_333_333_333_333_334n, 666_666_666_666_666_667n])
  await desk.refund(paid, [[b, '0.000000000000000001 ETH']])
  expect(await minor(payer, a, b)).toEqual([1n, 333_333_333_333_333_334n, 666_666_666_666_666_666n])
})

test('amounts of 10^30 minor units are exact through payment, hold, refund and rollback', async () => {
  const [payer, shop] = (await open('USD', 'USD')) as [string, string]
  const huge = 10n ** 30n + 7n
  const usd = (amount: bigint) => `${formatDecimal(amount, 2)} USD`
  await desk.fund(payer, usd(2n * huge))
  const paid = await desk.pay(payer, usd(huge), [[shop, usd(huge)]])
  expect(await minor(payer, shop)).toEqual([huge, huge])
  const hold = await desk.hold(payer, usd(huge), [[shop, usd(huge)]])
  expect(await desk.balance(payer)).toEqual({ balance: huge, held: huge })
  await desk.updateHold(hold, usd(huge - 1n))
  await desk.complete(hold)
  await desk.refund(paid, [[shop, usd(3n)]])
  await desk.rollback(hold)
  expect(await minor(payer, shop)).toEqual([huge + 3n, huge - 3n])
  expect(await desk.breaks()).toEqual([])
})

test('a balance of more than 38 digits is refused, and takes nobody with it', async () => {
  const [rich, other] = (await open('USD', 'USD')) as [string, string]
  const most = `${formatDecimal(MAX_MINOR, 2)} USD`
  await desk.fund(rich, most)
  const [tooMuch, fine] = await Promise.allSettled([
    desk.fund(rich, '0.01 USD'),
    desk.pay(rich, '1.00 USD', [[other, '1.00 USD']]),
  ])
  expect(tooMuch).toMatchObject({ reason: { problems: [{ code: 'OUT_OF_RANGE' }] } })
  expect(fine.status).toBe('fulfilled')
  expect(await refusal(desk.fund(rich, `${formatDecimal(MAX_MINOR + 1n, 2)} USD`))).toMatchObject({
    code: 'OUT_OF_RANGE',
    field: ['total', 'amount'],
  })
  const debtor = await desk.account({ overdraft: true })
  await desk.hold(debtor, most, [[other, most]])
  expect(await refusal(desk.hold(debtor, '0.01 USD', [[other, '0.01 USD']]))).toMatchObject({ code: 'OUT_OF_RANGE' })
  expect(await desk.breaks()).toEqual([])
})

test.each([
  ['0.03', '0.5', 1n, '0.5'],
  ['0.05', '0.5', 2n, '0.5'],
  ['0.02', '0.5', 1n, '0'],
  ['0.01', '1.6667', 1n, '0.6667'],
  ['0.01', '1.999999999999999999', 1n, '0.999999999999999999'],
  ['10.01', '0.92', 920n, '0.92'],
])(
  '%s at %s is rounded down, the exchange keeps the rest, and each currency still sums to zero',
  async (amount, rate, received, rounding) => {
    const [payer, shop] = (await open('USD', 'EUR')) as [string, string]
    await desk.fund(payer, '100.00 USD')
    await desk.setRate('USD', 'EUR', rate)
    const paid = await desk.pay(payer, `${amount} USD`, [[shop, `${amount} USD`]])
    const gave = BigInt(amount.replace('.', ''))
    expect(await minor(payer, shop)).toEqual([10_000n - gave, received])
    expect(await exchanged('USD', 'EUR')).toEqual([gave, -received])
    const [part] = (await desk.transaction(paid)).parts
    expect(part).toMatchObject({ converted: received, convertedCurrency: 'EUR' })
    expect([part?.rounding?.toFixed(), await fraction('EUR')]).toEqual([rounding, rounding])
    expect(await desk.breaks()).toEqual([])
  },
)

test.each([
  ['0.01', '0.5', '0.02'],
  ['0.01', '0.999999999999999999', '0.02'],
  ['0.03', '0.000001', '10000.00'],
])(
  '%s at %s comes to nothing and is refused before anybody is debited, and what would not is said',
  async (amount, rate, smallest) => {
    const [payer, shop, other] = (await open('USD', 'EUR', 'USD')) as [string, string, string]
    await desk.fund(payer, '10000.00 USD')
    await desk.setRate('USD', 'EUR', rate)
    const problem = {
      code: 'AMOUNT_TOO_SMALL',
      field: ['charges', '1', 'subtotal', 'amount'],
      facts: { smallest: { minor: BigInt(smallest.replace('.', '')), currency: 'USD' } },
    }
    const charges = [
      [other, '1.00 USD'],
      [shop, `${amount} USD`],
    ] as const
    const total = `${(1 + Number(amount)).toFixed(2)} USD`
    const asked = [desk.pay(payer, total, charges), desk.hold(payer, total, charges)]
    for (const found of await eachRefusal(...asked)) expect(found).toMatchObject(problem)
    expect(await desk.balance(payer)).toEqual({ balance: 1_000_000n, held: 0n })
    await desk.pay(payer, `${smallest} USD`, [[shop, `${smallest} USD`]])
    expect(await minor(shop)).toEqual([1n])
  },
)

test('a hold is not made so small that it comes to nothing', async () => {
  const [payer, shop] = (await open('USD', 'EUR')) as [string, string]
  await desk.fund(payer, '1.00 USD')
  await desk.setRate('USD', 'EUR', '0.5')
  const hold = await desk.hold(payer, '0.03 USD', [[shop, '0.03 USD']])
  expect(await refusal(desk.updateHold(hold, '0.01 USD'))).toMatchObject({
    code: 'AMOUNT_TOO_SMALL',
    field: ['total', 'amount'],
  })
  await desk.complete(hold)
  expect(await minor(payer, shop)).toEqual([97n, 1n])
  expect(await desk.breaks()).toEqual([])
})

test('whole units of what rounding leaves are booked as they come together, and taken back with what they came from', async () => {
  const [payer, shop] = (await open('EUR', 'USD')) as [string, string]
  await desk.fund(payer, '10.00 EUR')
  await desk.setRate('EUR', 'USD', '1.6667')
  const paid: string[] = []
  for (let cent = 0; cent < 4; cent++) paid.push(await desk.pay(payer, '0.01 EUR', [[shop, '0.01 EUR']]))
  // Four times 0.6667 of a cent.
  expect(await gains('USD')).toEqual({ balance: 2n, fraction: '0.6668' })
  expect(await exchanged('EUR', 'USD')).toEqual([4n, -6n])
  const events = await desk.app.db.prisma.event.findMany({
    where: { tenantId: desk.tenantId, type: 'ledger.transaction_posted' },
    orderBy: { cursor: 'asc' },
  })
  for (const { entityId, payload } of events) {
    const told = (payload as { object: { entries: { amount: string }[] } }).object.entries
    const booked = await desk.entries(entityId)
    expect(told.map(({ amount }) => amount)).toEqual(booked.map(({ amount }) => amount.toString()))
  }
  await desk.rollback(paid[1] ?? '')
  await desk.refund(paid[2] ?? '', [[shop, '0.01 EUR']])
  expect(await gains('USD')).toEqual({ balance: 1n, fraction: '0.3334' })
  expect(await minor(payer, shop)).toEqual([998n, 2n])
  expect(await exchanged('EUR', 'USD')).toEqual([2n, -3n])
  expect(await desk.breaks()).toEqual([])
})

test('a hold whose charge was rounded half to even is paid as it says, and the books still agree', async () => {
  const [payer, shop] = (await open('USD', 'EUR')) as [string, string]
  await desk.fund(payer, '1.00 USD')
  await desk.setRate('USD', 'EUR', '0.5')
  const hold = await desk.hold(payer, '0.03 USD', [[shop, '0.03 USD']])
  const statement =
    'UPDATE ledger_transaction SET converted = 2, rounding = NULL WHERE tenant_id = $1 AND parent_id = $2'
  await desk.app.db.query('test.old', statement, [desk.tenantId, hold])
  await desk.complete(hold)
  expect(await minor(payer, shop)).toEqual([97n, 2n])
  await desk.refund(hold, [[shop, '0.01 USD']])
  expect(await minor(payer, shop)).toEqual([98n, 1n])
  expect(await gains('EUR')).toEqual({ balance: 0n, fraction: '0' })
  expect(await desk.breaks()).toEqual([])
})

test('a conversion knows the exponents of both currencies, a custom one included', async () => {
  await desk.currency('GOLD', 0)
  const [payer, yen, ether, gold] = (await open('USD', 'JPY', 'ETH', 'GOLD')) as [string, string, string, string]
  await desk.fund(payer, '10.00 USD')
  await desk.setRate('USD', 'JPY', '149.5')
  await desk.setRate('USD', 'ETH', '0.000123456789012345')
  await desk.setRate('USD', 'GOLD', '1000')
  await desk.pay(payer, '3.03 USD', [
    [yen, '1.01 USD'],
    [ether, '1.01 USD'],
    [gold, '1.01 USD'],
  ])
  expect(await minor(yen, ether, gold)).toEqual([150n, 124_691_356_902_468n, 1_010n])
  expect(await desk.breaks()).toEqual([])
})

test('what a destination would receive in digits that nobody can keep is refused', async () => {
  const [payer, ether] = (await open('USD', 'ETH')) as [string, string]
  await desk.fund(payer, '100000000000000000000.00 USD')
  await desk.setRate('USD', 'ETH', '99')
  const all = '100000000000000000000.00 USD'
  expect(await refusal(desk.pay(payer, all, [[ether, all]]))).toMatchObject({ code: 'OUT_OF_RANGE' })
  const hold = await desk.hold(payer, '1.00 USD', [[ether, '1.00 USD']])
  expect(await refusal(desk.updateHold(hold, all))).toMatchObject({ code: 'OUT_OF_RANGE' })
  expect(await desk.balance(payer)).toMatchObject({ held: 100n })
})
