import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { assertWritable, faultOf } from '../../src/db/health.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openProxy, type TcpProxy } from '../support/tcp-proxy.ts'

let fresh: TestDatabase
let proxy: TcpProxy
let db: Database
let admin: pg.Client
beforeAll(async () => {
  fresh = await freshDatabase()
  proxy = await openProxy(fresh.url)
  admin = new pg.Client({ connectionString: fresh.url })
  await admin.connect()
  db = openDatabase(proxy.url, { poolSize: 2 })
})
afterEach(() => proxy.recover())
afterAll(async () => {
  await proxy.close()
  await admin.end()
  await db.close()
  await fresh.drop()
})

const PATIENCE_MS = 1_000
const check = () => assertWritable(db, PATIENCE_MS)
const fault = async () => check().then(() => 'none', faultOf)

/** A setting of the database's new sessions, until the answer is called. */
async function withSetting(setting: string, value: string): Promise<() => Promise<void>> {
  const name = new URL(fresh.url).pathname.slice(1)
  const change = async (what: string) => {
    await admin.query(`BEGIN READ WRITE; ALTER DATABASE ${name} ${what}; COMMIT`)
    proxy.loseConnections()
    await Promise.allSettled([check(), check()])
  }
  await change(`SET ${setting} = ${value}`)
  return () => change(`RESET ${setting}`)
}

test('a server that takes writes passes, as often as it is asked', async () => {
  await check()
  await check()
})

test('a server that reads and takes no writes is told from one that is away', async () => {
  const reset = await withSetting('default_transaction_read_only', 'on')
  expect(await fault()).toBe('database_read_only')
  await reset()
  expect(await fault()).toBe('none')
})

test('the check takes space on the disk, so that a full one is noticed', async () => {
  const reset = await withSetting('temp_file_limit', '0')
  await expect(check()).rejects.toMatchObject({ code: '53400' })
  await reset()
  const trigger = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE disk_full; END $$; CREATE TRIGGER full_disk BEFORE UPDATE ON health_check EXECUTE FUNCTION full_disk()`
  await db.pool.query(trigger)
  expect(await fault()).toBe('database_disk_full')
  await db.pool.query('DROP TRIGGER full_disk ON health_check')
})

test('connections that died in silence are noticed in time and replaced', async () => {
  proxy.loseConnections()
  expect(await fault()).toBe('database')
  expect(await fault()).toBe('none')
})

test('a server that does not answer new connections either is noticed in time', async () => {
  proxy.fallSilent()
  expect(await Promise.all([fault(), fault(), fault()])).toEqual(['database', 'database', 'database'])
})

test('another node that writes at the same moment is no fault', async () => {
  await Promise.all(Array.from({ length: 10 }, check))
})
