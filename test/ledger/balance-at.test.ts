import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { worldOf } from '../../src/ledger/account.ts'
import { openAccounts, postPrepared } from '../../src/ledger/journal.ts'
import { transact } from '../../src/work/work.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { type Desk, openDesk } from './desk.ts'

const clock = turnableClock()
let house: TestApp
let desk: Desk
let account: string

beforeAll(async () => {
  house = await testApp({ clock })
})
afterAll(() => house.close())
beforeEach(async () => {
  desk = await openDesk(house.app)
  account = await desk.account()
})

const balanceAt = async (at: Date | string, of = account) => {
  const { rows } = await house.app.db.pool.query<{ balance: string }>(
    'SELECT account_balance_at($1, $2, $3) AS balance',
    [desk.tenantId, of, at],
  )
  return Number(rows[0]?.balance)
}

/** The account's entries in their order, with their times to the microsecond. */
const entries = async (of = account) => {
  const { rows } = await house.app.db.pool.query<{ at: string; before: string; balance: string }>(
    `SELECT at::text AS at, (at - interval '1 microsecond')::text AS before, balance_after AS balance
     FROM entry WHERE tenant_id = $1 AND account_id = $2 ORDER BY number`,
    [desk.tenantId, of],
  )
  return rows
}

test('the balance at a moment is the one after the last entry until then', async () => {
  const start = clock.now()
  for (let month = 1; month <= 7; month++) {
    clock.turn({ hours: 720 })
    await desk.fund(account, '1.00 USD')
  }
  expect(await balanceAt(start)).toBe(0)
  for (const { at, before, balance } of await entries()) {
    expect([await balanceAt(before), await balanceAt(at)]).toEqual([Number(balance) - 100, Number(balance)])
    expect(await balanceAt(new Date(new Date(at).getTime() + 86_400_000))).toBe(Number(balance))
  }
  expect(await balanceAt('infinity')).toBe(700)
})

test('the balance of an account without entries, and of none, is nothing', async () => {
  expect(await balanceAt(clock.now())).toBe(0)
  expect(await balanceAt(clock.now(), newId())).toBe(0)
})

test('entries of one moment count together', async () => {
  await Promise.all(Array.from({ length: 50 }, () => desk.fund(account, '1.00 USD')))
  const all = await entries()
  for (const { at } of new Map(all.map((entry) => [entry.at, entry])).values()) {
    const last = all.filter((entry) => entry.at === at).at(-1)
    expect(await balanceAt(at)).toBe(Number(last?.balance))
  }
  expect(await balanceAt('infinity')).toBe(5_000)
})

test('it is right at every one of a thousand entries', async () => {
  for (let batch = 0; batch < 10; batch++) {
    clock.turn({ seconds: 1 })
    await Promise.all(Array.from({ length: 100 }, () => desk.fund(account, '0.01 USD')))
  }
  const all = await entries()
  expect(all).toHaveLength(1_000)
  const { rows } = await house.app.db.pool.query(
    `SELECT number FROM entry e WHERE tenant_id = $1 AND account_id = $2
     AND account_balance_at(tenant_id, account_id, at) <>
       (SELECT sum(amount) FROM entry x WHERE x.tenant_id = $1 AND x.account_id = $2 AND x.at <= e.at)`,
    [desk.tenantId, account],
  )
  expect(rows).toEqual([])
})

test('what was asked for earlier and posted later is stamped no earlier than what was posted before it', async () => {
  const { tenantId } = desk
  const usd = currency('USD')
  const early = { tenantId, at: clock.now() }
  clock.turn({ seconds: 10 })
  await desk.fund(account, '1.00 USD')
  const world = await desk.system(worldOf(usd).externalId)
  await transact(house.app.db, early, async (work) => {
    await openAccounts(work, [worldOf(usd)])
    const id = newId()
    const whole = { type: 'EXTERNAL', state: 'COMPLETED', recipe: 'funding', total: 5n, currency: 'USD' } as const
    const line = (accountId: string, amount: bigint) => ({
      transactionId: id,
      accountId,
      currency: 'USD',
      amount,
      held: 0n,
    })
    const headers = [{ id, ...whole, accountId: world.id }]
    await postPrepared(work, { headers, lines: [line(world.id, -5n), line(account, 5n)] })
  })
  const [first, second] = await entries()
  expect(new Date(second?.at ?? '').getTime()).toBeGreaterThanOrEqual(new Date(first?.at ?? '').getTime())
  expect(await balanceAt(early.at)).toBe(0)
  expect(await balanceAt(clock.now())).toBe(105)
})

test('freezing an account by a clock that lags does not let its entries go back in time', async () => {
  clock.turn({ hours: 1 })
  await desk.fund(account, '1.00 USD')
  clock.turn({ hours: -1 })
  await desk.freeze(account)
  await desk.unfreeze(account)
  await desk.fund(account, '1.00 USD')
  const all = await entries()
  expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).sort())
  clock.turn({ hours: 1 })
})
