import { afterAll, beforeAll, expect, test } from 'vitest'
import { aheadOf, systemClock } from '../../src/kernel/clock.ts'
import { type Door, openDoor } from './door.ts'
import { ledgerApi } from './ledger-api.ts'

/** The system's clock, moved to the start of a day, so that no day ends within these tests. */
const DAY_MS = 86_400_000
const clock = aheadOf(systemClock, DAY_MS - (systemClock.now().getTime() % DAY_MS))
const TODAY = clock.now().toISOString().slice(0, 10)

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let api: ReturnType<typeof ledgerApi>
let shop: string
let seller: string

beforeAll(async () => {
  door = await openDoor({}, { clock })
  ask = await door.as()
  api = ledgerApi(ask)
  await api.done(api.change('createCurrency', 'currency', { code: 'GEMS', exponent: 3 }))
  shop = await api.account({ kind: 'SYSTEM' }, '100.00')
  seller = await api.account()
  await api.account({ currency: 'GEMS' }, '1.125')
  await api.account({ currency: 'GEMS' }, '0.375')
  await api.done(api.pay(shop, { [seller]: '30.00' }))
  await api.done(api.pay(shop, { [seller]: '10.00' }))
  await api.done(api.hold(shop, { [seller]: '5.00' }))
})
afterAll(() => door.close())

async function stats(field: string, selection: string, headers: Record<string, string> = {}) {
  const { data, errors } = await ask(`{ ${field} { ${selection} } }`, {}, headers)
  expect(errors).toBeUndefined()
  return data
}

const money = (amount: string, currency = 'USD') => ({ amount, currency })

test('accounts are counted and summed by whatever they are grouped by, each currency for itself', async () => {
  const { accountStats } = await stats(
    'accountStats(groupBy: [KIND], filter: { metadata: [] })',
    'kind currency count balances { amount currency } held { amount currency } available { amount currency }',
  )
  expect(accountStats).toEqual([
    {
      kind: 'CLIENT',
      currency: null,
      count: 3,
      balances: [money('1.500', 'GEMS'), money('40.00')],
      held: [money('0.000', 'GEMS'), money('0.00')],
      available: [money('1.500', 'GEMS'), money('40.00')],
    },
    {
      kind: 'SYSTEM',
      currency: null,
      count: 3,
      balances: [money('-1.500', 'GEMS'), money('-40.00')],
      held: [money('0.000', 'GEMS'), money('5.00')],
      available: [money('-1.500', 'GEMS'), money('-45.00')],
    },
  ])
  const filtered = await stats(
    'accountStats(groupBy: [CURRENCY, FROZEN, OVERDRAFT], filter: { kind: CLIENT })',
    'kind currency frozen overdraft count',
  )
  expect(filtered.accountStats).toEqual([
    { kind: null, currency: 'GEMS', frozen: false, overdraft: false, count: 2 },
    { kind: null, currency: 'USD', frozen: false, overdraft: false, count: 1 },
  ])
  const all = await stats('accountStats(groupBy: [])', 'count')
  expect(all.accountStats).toEqual([{ count: 6 }])
})

test('transactions are counted and summed, the INTERNAL ones only when asked for', async () => {
  const selection = 'type state recipe account { id } day currency count totals { amount currency }'
  const { transactionStats } = await stats(
    `transactionStats(groupBy: [RECIPE, STATE], filter: { currency: "USD" })`,
    selection,
  )
  const none = { type: null, account: null, day: null, currency: null }
  expect(transactionStats).toEqual([
    { ...none, recipe: 'funding', state: 'COMPLETED', count: 1, totals: [money('100.00')] },
    { ...none, recipe: 'transfer', state: 'COMPLETED', count: 2, totals: [money('40.00')] },
    { ...none, recipe: 'transfer', state: 'HELD', count: 1, totals: [money('5.00')] },
  ])
  const byType = await stats(
    'transactionStats(groupBy: [TYPE], filter: { includeInternal: true, currency: "USD" })',
    'type count',
  )
  expect(byType.transactionStats).toEqual([
    { type: 'EXTERNAL', count: 4 },
    { type: 'INTERNAL', count: 4 },
  ])
  const byAccount = await stats(
    `transactionStats(groupBy: [ACCOUNT, DAY], filter: { accountId: "${shop}" })`,
    selection,
  )
  expect(byAccount.transactionStats).toMatchObject([
    { account: { id: shop }, day: TODAY, count: 3, totals: [money('45.00')] },
  ])
})

test('entries are summed by account, currency and day, and come to nothing over all accounts', async () => {
  const selection =
    'stats(groupBy: [CURRENCY, DAY]) { currency day count received { amount } paid { amount } net { amount } }'
  const { ledger } = await stats('ledger', selection)
  expect(ledger.stats).toEqual([
    {
      currency: 'GEMS',
      day: TODAY,
      count: 4,
      received: [{ amount: '1.500' }],
      paid: [{ amount: '1.500' }],
      net: [{ amount: '0.000' }],
    },
    {
      currency: 'USD',
      day: TODAY,
      count: 6,
      received: [{ amount: '140.00' }],
      paid: [{ amount: '140.00' }],
      net: [{ amount: '0.00' }],
    },
  ])
  const byAccount = await stats(
    'ledger',
    'stats(groupBy: [ACCOUNT]) { account { id balance { amount } } net { amount } }',
  )
  expect(byAccount.ledger.stats).toHaveLength(6)
  for (const { account, net } of byAccount.ledger.stats) expect(net).toEqual([account.balance])
  const before = await stats(
    'ledger',
    'stats(groupBy: [CURRENCY], from: "2020-01-01T00:00:00Z", to: "2020-02-01T00:00:00Z") { count }',
  )
  expect(before.ledger.stats).toEqual([])
})

test('a day is that of the time zone that is asked for, of the header, or of UTC', async () => {
  const at = '2026-03-01T22:30:00Z'
  await door.app.db.pool.query('ALTER TABLE entry DISABLE TRIGGER entry_is_final; ')
  await door.app.db.pool.query(`UPDATE entry SET at = '${at}'`)
  const days = async (args = '', headers = {}) => {
    const { ledger } = await stats('ledger', `stats(groupBy: [DAY]${args}) { day }`, headers)
    return ledger.stats.map(({ day }: { day: string }) => day)
  }
  expect(await days()).toEqual(['2026-03-01'])
  expect(await days(', timezone: "Europe/Berlin"')).toEqual(['2026-03-01'])
  expect(await days(', timezone: "Asia/Yangon"')).toEqual(['2026-03-02'])
  expect(await days('', { 'time-zone': 'Asia/Yangon' })).toEqual(['2026-03-02'])
  const { errors } = await ask('{ ledger { stats(groupBy: [DAY], timezone: "Mars/Olympus") { day } } }')
  expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
})

test('more groups than can be told are refused, not cut off', async () => {
  const { tenantId } = await door.house.actor()
  await door.app.db.pool.query(
    `INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency)
     SELECT $1, gen_random_uuid(), 'EXTERNAL', 'COMPLETED', 'recipe ' || n, (SELECT id FROM account WHERE tenant_id = $1 LIMIT 1), 1, 'USD'
     FROM generate_series(1, 1001) n`,
    [tenantId],
  )
  const { errors } = await ask('{ transactionStats(groupBy: [RECIPE]) { count } }')
  expect(errors?.[0]).toMatchObject({
    message: 'there are more than 1000 groups',
    extensions: { code: 'BAD_USER_INPUT' },
  })
})
