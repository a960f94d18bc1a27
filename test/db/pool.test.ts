import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openPool, type Pool, type PoolOptions } from '../../src/db/pool.ts'
import { onBehalfOf } from '../../src/db/requester.ts'
import { Unavailable, unavailable } from '../../src/kernel/unavailable.ts'
import { eventually } from '../support/app.ts'
import { look } from '../support/books.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openProxy } from '../support/tcp-proxy.ts'

const OPTIONS: PoolOptions = { name: 'test', size: 2, statementMs: 10_000, lockMs: 10_000, waitMs: 10_000 }

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

const pools: Pool[] = []
function open(options: Partial<PoolOptions> = {}, url = database.url): Pool {
  const pool = openPool(url, { ...OPTIONS, ...options })
  pools.push(pool)
  return pool
}
afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.end())))

const sleeping = async () =>
  (await look(database.url, `SELECT FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'`))
    .length

describe('a pool', () => {
  test('lends one party half of its connections, whatever it waits for', async () => {
    const pool = open({ waitMs: 300 })
    const ending = new AbortController()
    const slow = onBehalfOf({ party: 'a', signal: ending.signal }, () => pool.query('SELECT pg_sleep(60)'))
    slow.catch(() => {})
    const waits = onBehalfOf({ party: 'a' }, () => pool.query('SELECT 1'))
    waits.catch(() => {})
    for (let number = 0; number < 20; number++) {
      await onBehalfOf({ party: 'b' }, () => pool.query('SELECT 1'))
    }
    await expect(waits).rejects.toBeInstanceOf(Unavailable)
    ending.abort(new Unavailable('gone'))
    await expect(slow).rejects.toThrow()
  })

  test('ends on the server what a request that is given up was doing, and goes on with another connection', async () => {
    const pool = open()
    const gone = new AbortController()
    const requester = { party: 'a', signal: gone.signal }
    const work = [
      onBehalfOf(requester, () => pool.query('SELECT pg_sleep(60)')),
      onBehalfOf({ ...requester, party: 'b' }, async () => {
        const client = await pool.connect()
        await client.query('SELECT pg_sleep(60)').finally(() => client.release())
      }),
    ]
    const failed = Promise.all(work.map((each) => expect(each).rejects.toThrow(/terminated/)))
    await eventually(async () => (await sleeping()) === 2)
    gone.abort(new Unavailable('gone'))
    await failed
    await eventually(async () => (await sleeping()) === 0)
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  test('waits for a lock, for a statement and for a connection no longer than it may', async () => {
    const pool = open({ size: 1, lockMs: 100, statementMs: 400, waitMs: 200 })
    const holder = open({ size: 1 })
    const client = await holder.connect()
    await client.query('BEGIN')
    await client.query('LOCK TABLE product')
    const waits = {
      lock: await pool.query('SELECT FROM product').catch((error) => error),
      statement: await pool.query('SELECT pg_sleep(60)').catch((error) => error),
      connection: await holder.query('SELECT 1').catch((error) => error),
    }
    await client.query('ROLLBACK')
    client.release()
    expect([waits.lock.code, waits.statement.code]).toEqual(['55P03', '57014'])
    for (const error of Object.values(waits)) expect(unavailable(error)).toBeInstanceOf(Unavailable)
  })

  test('gives up a connection that has died without a word, and recovers by itself', async () => {
    const proxy = await openProxy(database.url)
    try {
      const pool = open({ size: 1, statementMs: 100 }, proxy.url)
      await pool.query('SELECT 1')
      proxy.loseConnections()
      const error = await pool.query('SELECT 1').catch((each) => each)
      expect(unavailable(error)).toBeInstanceOf(Unavailable)
      expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    } finally {
      await proxy.close()
    }
  })

  test('leaves a server that takes no writes, with every connection that it has to it', async () => {
    const pool = open()
    const clients = [await pool.connect(), await onBehalfOf({ party: 'other' }, () => pool.connect())]
    // What a demotion does to sessions that stay open.
    for (const client of clients) await client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
    for (const client of clients) client.release()
    const write = `UPDATE organization SET name = name`
    const error = await pool.query(write).catch((each) => each)
    expect([error.code, unavailable(error)]).toEqual(['25006', expect.any(Unavailable)])
    await Promise.all([pool.query(write), onBehalfOf({ party: 'other' }, () => pool.query(write))])
  })
})
