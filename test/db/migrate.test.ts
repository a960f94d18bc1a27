import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let client: pg.Client
let folder: string

beforeEach(async () => {
  database = await freshDatabase('template0')
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
  folder = mkdtempSync(join(tmpdir(), 'tollgate-migrations-'))
})

afterEach(async () => {
  await client.end()
  await database.drop()
  rmSync(folder, { recursive: true })
})

function write(name: string, sql: string): void {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'migration.sql'), sql)
}

describe('migrations', () => {
  test('are applied in the order of their names, and once', async () => {
    write('2_second', 'alter table note add column body text;')
    write('1_first', 'create table note (id int); insert into note values (1);')
    expect(await migrate(database.url, folder)).toEqual(['1_first', '2_second'])
    expect(await migrate(database.url, folder)).toEqual([])
    expect((await client.query('select * from note')).rows).toEqual([{ id: 1, body: null }])
  })

  test('are applied once by several nodes that start at the same time', async () => {
    write('1_first', 'create table note (id int); select pg_sleep(0.05); insert into note values (1);')
    const applied = await Promise.all([1, 2, 3].map(() => migrate(database.url, folder)))
    expect(applied.flat()).toEqual(['1_first'])
    expect((await client.query('select * from note')).rowCount).toBe(1)
  })

  test('leave nothing behind when they fail, and succeed once they are mended', async () => {
    write('1_first', 'create table note (id int); select broken;')
    await expect(migrate(database.url, folder)).rejects.toThrow(
      'migration 1_first failed: column "broken" does not exist',
    )
    write('1_first', 'create table note (id int);')
    expect(await migrate(database.url, folder)).toEqual(['1_first'])
  })

  test('that were changed after they were applied are refused', async () => {
    write('1_first', 'create table note (id int);')
    await migrate(database.url, folder)
    write('1_first', 'create table note (id bigint);')
    await expect(migrate(database.url, folder)).rejects.toThrow('migration 1_first was changed after it was applied')
  })

  test('of a newer build are refused, and nothing of this one is applied', async () => {
    write('2_newer', 'create table newer (id int);')
    await migrate(database.url, folder)
    rmSync(join(folder, '2_newer'), { recursive: true })
    write('1_older', 'create table older (id int);')
    await expect(migrate(database.url, folder)).rejects.toThrow(
      'migration 2_newer is in the database but not in this build',
    )
    expect((await client.query("select to_regclass('older') as older")).rows).toEqual([{ older: null }])
  })

  test('that another tool began and never finished are refused', async () => {
    write('1_first', 'create table note (id int);')
    await migrate(database.url, folder)
    await client.query('update _prisma_migrations set finished_at = null')
    await expect(migrate(database.url, folder)).rejects.toThrow('migration 1_first was started and never finished')
  })

  test('of the product apply to an empty database', async () => {
    const applied = await migrate(database.url)
    expect(applied[0]).toMatch(/_init$/)
    await client.query('insert into organization (id, name) values (gen_random_uuid(), $1)', [
      randomBytes(4).toString('hex'),
    ])
  })
})
