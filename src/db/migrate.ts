import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { openConnection } from './connection.ts'

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** The lock that Prisma's own command line takes, so that neither runs beside the other. */
const MIGRATION_LOCK = 72_707_369

interface Migration {
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

interface MigrationRow {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

/** Applies the migrations that the database lacks, each in one transaction, and returns their names. */
export async function migrate(url: string, folder = MIGRATIONS): Promise<string[]> {
  const client = await openConnection(url, { name: 'tollgate migrate' })
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    const migrations = readMigrations(folder)
    const missing = findMissing(migrations, await readApplied(client))
    for (const migration of missing) await apply(client, migration)
    return missing.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'migration.sql')))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

async function readApplied(client: pg.Client): Promise<MigrationRow[]> {
  // The table is Prisma's, column by column: its command line reads what is recorded here.
  await client.query(`create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`)
  const { rows } = await client.query<MigrationRow>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null',
  )
  return rows
}

function findMissing(migrations: readonly Migration[], applied: readonly MigrationRow[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  const done = new Set<string>()
  for (const row of applied) {
    const migration = known.get(row.migration_name)
    if (!migration) throw refusal(row, 'is in the database but not in this build: run a newer build')
    if (!row.finished_at) throw refusal(row, 'was begun and never finished: resolve it first')
    if (row.checksum !== migration.checksum) throw refusal(row, 'was changed after it was applied to this database')
    done.add(row.migration_name)
  }
  return migrations.filter((migration) => !done.has(migration.name))
}

function refusal(row: MigrationRow, what: string): StartError {
  return new StartError(`migration ${row.migration_name} ${what}`)
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new StartError(`migration ${name} failed: ${(error as Error).message}`, { cause: error })
  }
}
