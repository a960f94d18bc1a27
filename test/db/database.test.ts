import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url, { poolSize: 1 })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

async function read(expression: string): Promise<unknown> {
  const [row] = await db.query<{ theValue: unknown }>(`test ${expression}`, `SELECT ${expression} AS the_value`)
  return row?.theValue
}

describe('a named statement', () => {
  test('answers whole numbers of any size exactly, and other decimals as text', async () => {
    expect(await read('9007199254740993::int8')).toBe(9007199254740993n)
    expect(await read(`${'9'.repeat(38)}::numeric`)).toBe(10n ** 38n - 1n)
    expect(await read('1.10::numeric')).toBe('1.10')
  })

  test.each(['UTC', 'Asia/Kolkata', 'America/St_Johns'])(
    'answers the same moment with the time zone %s',
    async (zone) => {
      await db.pool.query(`SET TIME ZONE '${zone}'`)
      expect(await read(`'2026-03-31T23:59:59.123456Z'::timestamptz`)).toEqual(new Date('2026-03-31T23:59:59.123Z'))
      expect(await read(`'2026-03-31T12:00:00Z'::timestamptz`)).toEqual(new Date('2026-03-31T12:00:00Z'))
      // Before time zones, when offsets had seconds.
      expect(await read(`'1850-01-01T00:00:00Z'::timestamptz`)).toEqual(new Date('1850-01-01T00:00:00Z'))
      expect(await read('NULL::timestamptz')).toBeNull()
    },
  )
})
