import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { openConnection } from './connection.ts'

const MIGRATIONS = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** The lock that Prisma's own command line takes, so that neither runs beside the other. */
const MIGRATION_LOCK = 72_707_369
const LOCK_PATIENCE_MS = 10 * 60_000
const LOCK_PAUSE_MS = 50
const NO_PRIVILEGE = '42501'
/** Prisma writes it into its first migration. The schema is there, and not every role may ask to make it. */
const SCHEMA_OF_PRISMA = /^CREATE SCHEMA IF NOT EXISTS "public";$/m

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
    await takeLock(client)
    const migrations = readMigrations(folder)
    const missing = findMissing(migrations, await readApplied(client))
    for (const migration of missing) await apply(client, migration)
    return missing.map((migration) => migration.name)
  } finally {
    await client.end()
  }
}

/** Refuses a database to which no migration was ever applied, for whoever must not fill it by mistake. */
export async function assertMigrated(url: string): Promise<void> {
  const client = await openConnection(url, { name: 'tollgate migrate' })
  const found = await hasTable(client).finally(() => client.end())
  if (found) return
  throw new StartError(
    'there is no Tollgate installation in the database at DATABASE_URL: set DATABASE_URL as for the gateway, or make an installation with `npm start` or `npm run -s migrate`',
  )
}

/** Asked for again and again: whoever waits inside a statement holds up what another one migrates. */
async function takeLock(client: pg.Client): Promise<void> {
  const deadline = performance.now() + LOCK_PATIENCE_MS
  for (;;) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [MIGRATION_LOCK])
    if (rows[0]?.mine) return
    if (performance.now() > deadline) {
      throw new StartError('another process has been migrating this database for ten minutes: find out what blocks it')
    }
    await sleep(LOCK_PAUSE_MS)
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

async function hasTable(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query(
    `select from pg_class where relname = '_prisma_migrations' and relnamespace = quote_ident(current_schema())::regnamespace`,
  )
  return rows.length > 0
}

async function readApplied(client: pg.Client): Promise<MigrationRow[]> {
  // Even where the table is there, only a role that may make tables may ask for it.
  if (!(await hasTable(client))) await createTable(client)
  const { rows } = await client.query<MigrationRow>(
    'select migration_name, checksum, finished_at from _prisma_migrations where rolled_back_at is null',
  )
  return rows
}

async function createTable(client: pg.Client): Promise<void> {
  // The table is Prisma's, column by column: its command line reads what is recorded here.
  const text = `create table if not exists _prisma_migrations (
    id varchar(36) primary key not null,
    checksum varchar(64) not null,
    finished_at timestamptz,
    migration_name varchar(255) not null,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`
  await client.query(text).catch((error) => Promise.reject(withoutPrivilege(error, client)))
}

/** What may only be done by the role that owns the schema is done before, by `migrate`. */
function withoutPrivilege(error: Error & { code?: string }, { user }: pg.Client): Error {
  if (error.code !== NO_PRIVILEGE) return error
  return new StartError(
    `the database is not up to date, and role ${user} may not change its tables (${error.message}): run \`npm run -s migrate\` with the role that owns them`,
    { cause: error },
  )
}

function findMissing(migrations: readonly Migration[], applied: readonly MigrationRow[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]))
  const done = new Set<string>()
  for (const row of applied) {
    const migration = known.get(row.migration_name)
    if (!migration) throw refusal(row, 'is in the database but not in this build: run a newer build')
    if (!row.finished_at) throw refusal(row, 'was started and never finished: resolve it first')
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
    await client.query(sql.replace(SCHEMA_OF_PRISMA, ''))
    await client.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    )
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    const refused = withoutPrivilege(error as Error, client)
    if (refused instanceof StartError) throw refused
    throw new StartError(`migration ${name} failed: ${refused.message}`, { cause: error })
  }
}
