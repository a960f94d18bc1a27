import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { newId } from '../../src/kernel/id.ts'
import { postingQueue } from '../../src/ledger/queue.ts'
import type { Prepared } from '../../src/ledger/statement.ts'
import { eventually, openApp, type TestApp, testApp } from '../support/app.ts'
import { type Cable, layCable } from './cable.ts'
import { type Desk, openDesk, outcomesOf, refusal } from './desk.ts'

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

const pay = (amount: string, key?: string, by = desk) =>
  by.pay(payer, `${amount} USD`, [[shop, `${amount} USD`]], key === undefined ? {} : { key })

describe('an idempotency key', () => {
  test('that comes again later, or with other input, changes nothing', async () => {
    const id = await pay('10.00', 'order-1')
    expect(await pay('10.00', 'order-1')).toBe(id)
    expect(await refusal(pay('10.01', 'order-1'))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      field: ['idempotencyKey'],
    })
    expect(await desk.balance(shop)).toEqual({ balance: 1_000n, held: 0n })
  })

  test('that comes with different inputs at the same moment does one of them', async () => {
    const { done, refused } = await outcomesOf(
      Array.from({ length: 20 }, (_, index) => pay(`1.0${index % 2}`, 'order-1')),
    )
    expect(new Set(done).size).toBe(1)
    expect([done.length, refused.length]).toEqual([10, 10])
    expect(new Set(refused)).toEqual(new Set(['IDEMPOTENCY_KEY_REUSED']))
    expect([100n, 101n]).toContain((await desk.balance(shop)).balance)
  })

  test('of a wish that was refused is free for the same wish later', async () => {
    expect(await refusal(pay('60.00', 'order-1'))).toMatchObject({ code: 'INSUFFICIENT_FUNDS' })
    expect(await desk.records('order-1')).toBe(0)
    await desk.fund(payer, '10.00 USD')
    await pay('60.00', 'order-1')
    expect(await desk.records('order-1')).toBe(1)
  })

  test('is one for a payment in two processes at once', async () => {
    const node = await openApp(house.databaseUrl)
    try {
      const there = await openDesk(node, desk.actor)
      const { done } = await outcomesOf(
        Array.from({ length: 40 }, (_, index) => pay('1.00', `order-${index >> 2}`, index % 2 ? there : desk)),
      )
      expect([done.length, new Set(done).size]).toEqual([40, 10])
      expect(await desk.balance(shop)).toEqual({ balance: 1_000n, held: 0n })
    } finally {
      await node.close()
    }
  })

  test.each(['', '   ', 'a\0b', '\ud800', 'x'.repeat(256)])('that nobody can read is refused: %j', async (key) => {
    expect(await refusal(pay('1.00', key))).toMatchObject({ field: ['idempotencyKey'] })
  })
})

test('a payment that the database refuses for another reason takes nobody with it', async () => {
  const queue = postingQueue(house.app.db, systemClock)
  const posting = (destinationId: string): Prepared => {
    const id = newId()
    const whole = {
      type: 'EXTERNAL',
      state: 'COMPLETED',
      recipe: 'transfer',
      accountId: payer,
      total: 1n,
      currency: 'USD',
    } as const
    const line = (accountId: string, amount: bigint) => ({
      transactionId: id,
      accountId,
      currency: 'USD',
      amount,
      held: 0n,
    })
    return { headers: [{ id, ...whole, destinationId }], lines: [line(payer, -1n), line(shop, 1n)] }
  }
  const post = (prepared: Prepared) => queue.post(desk.tenantId, prepared)
  const settled = await Promise.allSettled(
    Array.from({ length: 30 }, (_, index) => post(posting(index === 17 ? newId() : shop))),
  )
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(29)
  expect(settled[17]).toMatchObject({ reason: { code: '23503' } })
  expect(await desk.balance(shop)).toEqual({ balance: 29n, held: 0n })
})

test('payments of many tenants at once, hundreds of each, are all made', async () => {
  const tenants = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const own = await openDesk(house.app)
      const [from, to] = [await own.account({ overdraft: true }), await own.account()]
      return { own, from, to }
    }),
  )
  await Promise.all(
    tenants.flatMap(({ own, from, to }) =>
      Array.from({ length: 150 }, () => own.pay(from, '0.01 USD', [[to, '0.01 USD']])),
    ),
  )
  for (const { own, to } of tenants) expect(await own.balance(to)).toEqual({ balance: 150n, held: 0n })
})

describe('when the connection is lost', () => {
  let cable: Cable
  let node: App
  let there: Desk
  const locks: pg.Client[] = []

  beforeEach(async () => {
    cable = await layCable(house.databaseUrl)
    node = await openApp(cable.url)
    there = await openDesk(node, desk.actor)
    // What is looked up once is looked up, so that the posting is all that goes over the cable.
    await pay('0.01', undefined, there)
  })
  afterEach(async () => {
    await Promise.all(locks.splice(0).map((client) => client.end()))
    await node.close()
    await cable.close()
  })

  /** Keeps an account's row, so that postings wait for it. */
  async function lock(accountId: string) {
    const client = new pg.Client({ connectionString: house.databaseUrl })
    locks.push(client)
    await client.connect()
    await client.query('BEGIN')
    await client.query('SELECT FROM account WHERE id = $1 FOR UPDATE', [accountId])
    return { release: () => client.query('ROLLBACK') }
  }

  const waiting = async () => {
    const { rows } = await house.app.db.pool.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger\\_post%'`,
    )
    return rows.map(({ pid }) => pid)
  }

  test.each([
    ['after the commit', undefined],
    ['after the commit, with keys', 'order'],
  ])('%s, every payment of the batch is made once', async (_, name) => {
    cable.cutNext('answered')
    const wishes = Array.from({ length: 10 }, (_, index) => pay('4.00', name && `${name}-${index}`, there))
    expect(await outcomesOf(wishes)).toMatchObject({ done: { length: 10 }, refused: [] })
    expect(cable.cuts()).toBe(1)
    expect(await desk.balance(shop)).toEqual({ balance: 4_001n, held: 0n })
    expect(await desk.breaks()).toEqual([])
  })

  test.each([
    ['for all that the account has', '49.99', undefined],
    ['for some of what it has', '10.00', undefined],
    ['under a key', '10.00', 'order-1'],
  ])('while PostgreSQL goes on with a payment %s, it is made once', async (_, amount, key) => {
    const row = await lock(payer)
    cable.cutNext('asked')
    const wish = pay(amount, key, there)
    await eventually(async () => (await waiting()).length === 2)
    expect(cable.cuts()).toBe(1)
    await row.release()
    const id = await wish
    expect(await desk.transaction(id)).toMatchObject({ state: 'COMPLETED' })
    expect(await desk.balance(shop)).toEqual({ balance: 1n + BigInt(amount.replace('.', '')), held: 0n })
    expect(await desk.breaks()).toEqual([])
  })

  test('because PostgreSQL ended it, every payment of the batch is made once', async () => {
    const row = await lock(payer)
    const wishes = Array.from({ length: 10 }, (_, index) =>
      pay('4.00', index % 2 ? `order-${index}` : undefined, there),
    )
    const pid = await eventually(async () => (await waiting())[0])
    await house.app.db.pool.query('SELECT pg_terminate_backend($1)', [pid])
    await eventually(async () => (await waiting()).some((other) => other !== pid))
    await row.release()
    expect(await outcomesOf(wishes)).toMatchObject({ done: { length: 10 }, refused: [] })
    expect(await desk.balance(shop)).toEqual({ balance: 4_001n, held: 0n })
    expect(await pay('4.00', 'order-1', there)).toBe(await wishes[1])
    expect(await desk.breaks()).toEqual([])
  })

  test('and PostgreSQL is out of reach, the payment fails, and its repeat is made once', async () => {
    cable.cutNext('answered')
    const wish = pay('4.00', 'order-1', there)
    await eventually(async () => cable.cuts() === 1)
    await cable.close()
    const first = await wish.catch((error: unknown) => error)
    const repeat = await pay('4.00', 'order-1')
    if (typeof first === 'string') expect(repeat).toBe(first)
    else expect(first).toBeInstanceOf(Error)
    expect(await desk.balance(shop)).toEqual({ balance: 401n, held: 0n })
  })
})
