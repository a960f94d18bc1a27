import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConnection } from '../../src/db/connection.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { openPool } from '../../src/db/pool.ts'
import { newId } from '../../src/kernel/id.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

/** What an operator, or who set up the server, may have set for the database. */
const HOSTILE = {
  TimeZone: 'America/St_Johns',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  search_path: 'nowhere',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  backslash_quote: 'on',
  transform_null_equals: 'on',
  statement_timeout: '1h',
  gin_fuzzy_search_limit: '1',
}

const ONE = { name: 'test', size: 1, statementMs: 5_000, lockMs: 5_000, waitMs: 5_000 }

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  const client = await openConnection(database.url, { name: 'test' })
  const name = new URL(database.url).pathname.slice(1)
  for (const [setting, value] of Object.entries(HOSTILE)) {
    await client.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`)
  }
  await client.end()
})
afterAll(() => database.drop())

describe('on a database whose defaults are others', () => {
  let db: Database
  beforeAll(() => {
    db = openDatabase(database.url, { poolSize: 2 })
  })
  afterAll(() => db.close())

  test('each connection has a session that means what the code means', async () => {
    const { rows } = await db.pool.query(`SELECT current_setting('TimeZone') AS zone, now()::text AS at,
      interval '1 day 2 hours'::text AS lasted, 0.1::float8 + 0.2::float8 AS float, '\\x00ff'::bytea AS bytes,
      current_schema() AS schema, current_setting('transaction_isolation') AS isolation, NULL = NULL AS unknown,
      current_setting('statement_timeout') AS timeout, current_setting('gin_fuzzy_search_limit') AS fuzzy`)
    expect(rows[0]).toEqual({
      zone: 'UTC',
      at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+\+00$/),
      lasted: '1 day 02:00:00',
      float: 0.30000000000000004,
      bytes: Buffer.from([0, 255]),
      schema: 'public',
      isolation: 'read committed',
      unknown: null,
      timeout: '15s',
      fuzzy: '0',
    })
  })

  test('Prisma writes and reads the moment that was meant', async () => {
    const createdAt = new Date('2026-07-01T12:34:56.789Z')
    const id = newId()
    await db.prisma.organization.create({ data: { id, name: 'Shop', createdAt } })
    const row = await db.prisma.organization.findUniqueOrThrow({ where: { id } })
    const [named] = await db.query<{ createdAt: Date }>('at', 'SELECT created_at FROM organization WHERE id = $1', [id])
    expect([row.createdAt, named?.createdAt]).toEqual([createdAt, createdAt])
  })

  test('one kind of work has settings of its own', async () => {
    const pool = openPool(database.url, { ...ONE, statementMs: 250 })
    const { rows } = await pool.query(`SELECT current_setting('statement_timeout') AS timeout`)
    expect(rows).toEqual([{ timeout: '250ms' }])
    await pool.end()
  })
})

test('a connection that is taken away while it is used ends nothing but its statement', async () => {
  const pool = openPool(database.url, ONE)
  const client = await pool.connect()
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
  const killer = await openConnection(database.url, { name: 'test' })
  await killer.query('SELECT pg_terminate_backend($1)', [rows[0].pid])
  await expect(client.query('SELECT 1')).rejects.toThrow(/terminat|not queryable/)
  client.release(new Error('broken'))
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await Promise.all([pool.end(), killer.end()])
})

describe('the settings that an address asks for', () => {
  test('hold, but change none of ours', async () => {
    const url = `${database.url}&options=-c%20work_mem%3D7MB%20-cTimeZone%3DAsia/Tokyo`
    const client = await openConnection(url, { name: 'test' })
    const { rows } = await client.query(
      `SELECT current_setting('work_mem') AS memory, current_setting('TimeZone') AS zone`,
    )
    expect(rows).toEqual([{ memory: '7MB', zone: 'UTC' }])
    await client.end()
  })

  test.each(['?schema=pay', '?options=-c%20search_path%3Dpay', '?options=--search-path%3Dpay'])(
    'name the schema: %s',
    async (parameters) => {
      const schema = `pay_${randomBytes(4).toString('hex')}`
      const url = `${database.url}&${parameters.slice(1).replace('pay', schema)}`
      const client = await openConnection(url, { name: 'test' })
      await client.query(`CREATE SCHEMA ${schema}`)
      expect((await client.query('SELECT current_schema() AS schema')).rows).toEqual([{ schema }])
      await client.end()
    },
  )
})
