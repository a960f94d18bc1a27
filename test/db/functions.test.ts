import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functionsOf, keptFunctions } from '../../scripts/sql-functions.ts'
import { openConnection } from '../../src/db/connection.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
})
afterAll(() => database.drop())

async function run(statement: string): Promise<void> {
  const client = await openConnection(database.url, { name: 'test' })
  await client.query(statement).finally(() => client.end())
}

describe('prisma/functions', () => {
  test('has the text of each SQL function as a migrated database has it; `npm run functions` writes it', async () => {
    const inDatabase = await functionsOf(database.url)
    expect(inDatabase.size).toBeGreaterThan(5)
    expect(Object.fromEntries(keptFunctions())).toEqual(Object.fromEntries(inDatabase))
  })

  test('would be found different from a database with a function that is new, changed or missing', async () => {
    const kept = Object.fromEntries(keptFunctions())
    await run(`CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'`)
    expect(Object.fromEntries(await functionsOf(database.url))).toHaveProperty('more.sql')
    await run(
      `DROP FUNCTION more; CREATE OR REPLACE FUNCTION new_id() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'`,
    )
    expect((await functionsOf(database.url)).get('new_id.sql')).not.toBe(kept['new_id.sql'])
    await run('DROP FUNCTION notify_nodes')
    expect((await functionsOf(database.url)).has('notify_nodes.sql')).toBe(false)
  })

  test('refuses two functions of one name, of which one file could have the text of one only', async () => {
    await run(`CREATE FUNCTION new_id(text) RETURNS text LANGUAGE sql AS 'SELECT $1'`)
    await expect(functionsOf(database.url)).rejects.toThrow('two SQL functions have one name')
  })
})
