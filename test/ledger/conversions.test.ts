import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { formatDecimal } from '../../src/kernel/money.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { codeOf, type Desk, eachRefusal, openDesk, type Part, refusal } from './desk.ts'

/** How many sequences the property tries. A failure names its seed, which TEST_SEED repeats. */
const RUNS = Number(process.env.LEDGER_RUNS ?? 6)
const SEED = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Of 0, 2, 3, 6, 9 and 18 digits. */
const CURRENCIES = ['JPY', 'USD', 'KWD', 'USDC', 'SOL', 'ETH']
const ONE_RATE = 10n ** 18n

let house: TestApp
beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())

const exponentOf = (code: string) => (code === 'KWD' ? 3 : currency(code).exponent)
const text = (minor: bigint, code: string) => `${formatDecimal(minor, exponentOf(code))} ${code}`

/** What one of each currency is worth, in a unit that is nobody's: rates follow, so that no pair of them makes money. */
const worths = fc.array(fc.bigInt({ min: 1n, max: 10n ** 6n }), {
  minLength: CURRENCIES.length,
  maxLength: CURRENCIES.length,
})
/** Some minor units: mostly few, where rounding counts. */
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 30n }), fc.bigInt({ min: 1n, max: 10n ** 10n }))
const share = fc.record({ to: fc.nat(5), amount })
const step = fc.record({
  verb: fc.constantFrom('pay', 'pay', 'hold', 'refund', 'refund', 'rollback'),
  account: fc.nat(5),
  shares: fc.array(share, { minLength: 1, maxLength: 3 }),
  which: fc.nat(),
})
type Step = (typeof step)['generate'] extends (...all: never[]) => { value: infer Value } ? Value : never

/** One account of each currency, all funded, and every rate from one to another. */
async function openMarket(desk: Desk, worth: readonly bigint[]) {
  await desk.currency('KWD', 3)
  const accounts = await Promise.all(CURRENCIES.map((code) => desk.account({ currency: code })))
  await Promise.all(CURRENCIES.map((code, at) => desk.fund(accounts[at] ?? '', text(10n ** 12n, code))))
  const pairs = CURRENCIES.flatMap((from, f) => CURRENCIES.map((to, t) => ({ from, to, f, t }))).filter(
    ({ f, t }) => f !== t,
  )
  const rates = pairs.map(({ f, t }) => formatDecimal(((worth[f] ?? 1n) * ONE_RATE) / (worth[t] ?? 1n), 18))
  await desk.app.db.query(
    'test.rates',
    `INSERT INTO rate (tenant_id, id, from_currency, to_currency, rate)
     SELECT $1::uuid, gen_random_uuid(), * FROM unnest($2::text[], $3::text[], $4::numeric[])`,
    [desk.tenantId, pairs.map(({ from }) => from), pairs.map(({ to }) => to), rates],
  )
  return accounts
}

/** What accounts of each currency hold, in a common unit: 10^-18 of the unit that worth is told in. */
function totalWorth(balances: readonly bigint[], worth: readonly bigint[]): bigint {
  return balances.reduce((sum, balance, at) => {
    return sum + balance * (worth[at] ?? 1n) * 10n ** BigInt(18 - exponentOf(CURRENCIES[at] ?? ''))
  }, 0n)
}

async function take(desk: Desk, accounts: readonly string[], paid: string[], { verb, ...wanted }: Step) {
  const { account, shares, which } = wanted
  const [from = '', code = ''] = [accounts[account], CURRENCIES[account]]
  const parts = shares.map(({ to, amount }): Part => [accounts[(account + 1 + (to % 5)) % 6] ?? '', text(amount, code)])
  const total = text(
    shares.reduce((sum, { amount }) => sum + amount, 0n),
    code,
  )
  const known = paid[which % Math.max(paid.length, 1)]
  if (verb === 'pay') paid.push(await desk.pay(from, total, parts))
  if (verb === 'hold') {
    const hold = await desk.hold(from, total, parts)
    await desk.complete(hold)
    paid.push(hold)
  }
  if (known === undefined || verb === 'pay' || verb === 'hold') return
  if (verb === 'rollback') await desk.rollback(known)
  else {
    const whole = await desk.transaction(known)
    const part = whole.parts[which % whole.parts.length]
    const left = (part?.total ?? 0n) - (part?.refunded ?? 0n)
    const some = shares[0]?.amount ?? 1n
    const back = some < left ? some : left
    if (back > 0n) await desk.refund(known, [[part?.destinationId ?? '', text(back, whole.currency)]])
  }
}

test('no payments, splits, holds, refunds and rollbacks at constant rates make anybody but the exchange richer', async () => {
  let converted = 0
  async function play(worth: readonly bigint[], steps: readonly Step[]): Promise<void> {
    const desk = await openDesk(house.app)
    const accounts = await openMarket(desk, worth)
    const value = async () =>
      totalWorth(await Promise.all(accounts.map(async (id) => (await desk.balance(id)).balance)), worth)
    const start = await value()
    const paid: string[] = []
    for (const one of steps) {
      await take(desk, accounts, paid, one).catch((error) => {
        expect(['AMOUNT_TOO_SMALL', 'INSUFFICIENT_FUNDS', 'INVALID_STATE', 'OUT_OF_RANGE']).toContain(codeOf(error))
      })
      expect(await value()).toBeLessThanOrEqual(start)
    }
    converted += paid.length
    for (const code of CURRENCIES) {
      const where = { tenantId: desk.tenantId, externalId: `rounding-gains:${code}` }
      const gains = await desk.app.db.prisma.account.findFirst({ where })
      expect(gains?.balance ?? 0n).toBeGreaterThanOrEqual(0n)
    }
    expect(await desk.breaks()).toEqual([])
  }
  const property = fc.asyncProperty(worths, fc.array(step, { minLength: 8, maxLength: 16 }), play)
  await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true })
  expect(converted).toBeGreaterThan(0)
}, 120_000)

test('many small refunds of a converted charge, at another rate meanwhile, leave nobody richer than one', async () => {
  const desk = await openDesk(house.app)
  const [payer, shop] = [await desk.account(), await desk.account({ currency: 'EUR' })]
  await desk.fund(payer, '3.00 USD')
  await desk.setRate('USD', 'EUR', '0.335')
  const paid = await desk.pay(payer, '3.00 USD', [[shop, '3.00 USD']])
  await desk.setRate('USD', 'EUR', '0.9')
  for (let cent = 1n; cent <= 100n; cent++) {
    await desk.refund(paid, [[shop, '0.01 USD']])
    const { balance } = await desk.balance(shop)
    // 1.00 EUR of the exact 1.005: its share of what was left of the charge, rounded down.
    expect(balance).toBe((100n * (300n - cent)) / 300n)
  }
  await desk.refund(paid, [[shop, '2.00 USD']])
  expect([await desk.balance(payer), await desk.balance(shop)]).toMatchObject([{ balance: 300n }, { balance: 0n }])
  expect(await desk.breaks()).toEqual([])
})

test('an exchange account with a limit goes that far below zero, for payments, holds and refunds alike', async () => {
  const desk = await openDesk(house.app)
  const [payer, shop] = [await desk.account(), await desk.account({ currency: 'EUR' })]
  await desk.fund(payer, '100.00 USD')
  await desk.setRate('USD', 'EUR', '0.5')
  const [euros, dollars] = [await desk.system('exchange:EUR'), await desk.system('exchange:USD')]
  await desk.update(euros.id, { overdraftLimit: '10.00' })
  await desk.update(dollars.id, { overdraftLimit: '0' })
  const paid = await desk.pay(payer, '19.98 USD', [[shop, '19.98 USD']])
  const hold = await desk.hold(payer, '0.04 USD', [[shop, '0.04 USD']])
  const asked = [desk.pay(payer, '0.04 USD', [[shop, '0.04 USD']]), desk.complete(hold)]
  for (const found of await eachRefusal(...asked)) {
    expect(found).toMatchObject({
      code: 'OVERDRAFT_LIMIT_EXCEEDED',
      facts: { available: { minor: 1n, currency: 'EUR' } },
    })
  }
  expect(await desk.balance(payer)).toEqual({ balance: 8_002n, held: 4n })
  await desk.updateHold(hold, '0.02 USD')
  await desk.complete(hold)
  expect((await desk.system('exchange:EUR')).balance).toBe(-1_000n)

  // What the exchange has taken in is spent, so that it has nothing left to give back.
  const purse = await desk.account()
  await desk.pay(dollars.id, '20.00 USD', [[purse, '20.00 USD']])
  for (const found of await eachRefusal(desk.refund(paid, [[shop, '0.01 USD']]), desk.rollback(paid))) {
    expect(found).toMatchObject({ code: 'OVERDRAFT_LIMIT_EXCEEDED', facts: { available: { minor: 0n } } })
  }
  expect(await desk.breaks()).toEqual([])
})

test('a limit is a decimal not below zero, for overdraft alone, and not less than what is used', async () => {
  const desk = await openDesk(house.app)
  const [debtor, shop, saver] = [await desk.account({ overdraft: true }), await desk.account(), await desk.account()]
  await desk.pay(debtor, '5.00 USD', [[shop, '5.00 USD']])
  const limit = (id: string, overdraftLimit: string | null, more: object = {}) =>
    desk.update(id, { overdraftLimit, ...more })
  const refused = await eachRefusal(
    limit(debtor, '4.99'),
    limit(debtor, '-1'),
    limit(debtor, '5.001'),
    limit(debtor, '1e3'),
    limit(debtor, '9'.repeat(37)),
    limit(saver, '1.00'),
    limit(saver, '1.00', { overdraft: false }),
    desk.account({ overdraftLimit: '1.00' }),
    limit('acct_00000000000000000000000000', '1.00'),
  )
  expect(refused.map(({ code, field }) => `${code} ${field?.join('.')}`)).toEqual([
    'INVALID_STATE overdraftLimit',
    'OUT_OF_RANGE overdraftLimit',
    'INVALID overdraftLimit',
    'INVALID overdraftLimit',
    'OUT_OF_RANGE overdraftLimit',
    'INVALID overdraftLimit',
    'INVALID overdraftLimit',
    'INVALID overdraftLimit',
    'NOT_FOUND id',
  ])
  await limit(debtor, '5.00')
  expect(await refusal(desk.pay(debtor, '0.01 USD', [[shop, '0.01 USD']]))).toMatchObject({
    code: 'OVERDRAFT_LIMIT_EXCEEDED',
  })
  expect(await refusal(desk.hold(debtor, '0.01 USD', [[shop, '0.01 USD']]))).toMatchObject({
    code: 'OVERDRAFT_LIMIT_EXCEEDED',
  })
  await limit(debtor, null)
  await desk.pay(debtor, '0.01 USD', [[shop, '0.01 USD']])
  await desk.fund(debtor, '10.00 USD')
  await limit(debtor, '1.00')
  await desk.update(debtor, { overdraft: false })
  expect(await desk.app.db.prisma.account.findFirst({ where: { id: debtor } })).toMatchObject({
    overdraft: false,
    overdraftLimit: null,
  })
  expect(await desk.breaks()).toEqual([])
})
