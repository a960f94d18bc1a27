import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../../src/db/embedded/server.ts'

/** PostgreSQL 15 as Debian packages it, and PgBouncer: private servers in folders of their own, gone after the test. */

const BIN = '/usr/lib/postgresql/15/bin'
const PGBOUNCER = '/usr/sbin/pgbouncer'
const PASSWORD = 'p#ss/w%rd@1'
const START_PATIENCE_MS = 30_000

export const hasDebianPostgres = existsSync(`${BIN}/initdb`)
export const hasPgbouncer = hasDebianPostgres && existsSync(PGBOUNCER)

export function warnWithoutDebianPostgres(what: string): void {
  if (!hasDebianPostgres) console.warn(`skipped, for want of Debian's postgresql-15: ${what}`)
  else if (!hasPgbouncer) console.warn(`skipped in part, for want of Debian's pgbouncer: ${what}`)
}

/** What each database that is made there is set to, against everything that we take for granted. */
const HOSTILE_SETTINGS = {
  timezone: 'America/St_Johns',
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  search_path: 'nowhere',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
}

export interface DebianServer {
  readonly port: number
  readonly folder: string
  /** The address of a database for a role, whose password has marks in it. */
  url(role: string, database?: string, parameters?: string): string
  /** Runs statements as the superuser. */
  run(statements: string, database?: string): Promise<void>
  /** Ends the server as a crash does, with SIGKILL. */
  kill(): Promise<void>
  stop(): Promise<void>
}

/** As root the servers run as somebody else, as they demand. */
const owner = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-debian-'))
  chmodSync(folder, 0o700)
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}

function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
  if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid)
}

const run = promisify(execFile)

interface ServerOptions {
  readonly settings?: Readonly<Record<string, string>>
  /** The folder of a running server that this one follows as a standby. */
  readonly standbyOf?: DebianServer
}

/** A server whose databases sort by Turkish rules, know letters of ASCII only, and have hostile defaults. */
export async function startDebianPostgres({ settings = {}, standbyOf }: ServerOptions = {}): Promise<DebianServer> {
  const folder = makeFolder()
  const cluster = join(folder, 'cluster')
  const port = await freePort()
  const options = { ...owner, cwd: '/', env: { LC_ALL: 'C', PGPASSWORD: PASSWORD } }
  if (standbyOf) {
    const source = ['-h', '127.0.0.1', '-p', String(standbyOf.port), '-U', 'postgres']
    await run(`${BIN}/pg_basebackup`, ['-D', cluster, '-R', '-X', 'stream', '-c', 'fast', ...source], options)
  } else {
    write(join(folder, 'password'), PASSWORD)
    const locale = ['--locale=C', '--locale-provider=icu', '--icu-locale=tr-TR', '-E', 'UTF8']
    const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${join(folder, 'password')}`]
    await run(`${BIN}/initdb`, ['-D', cluster, '--no-sync', ...access, ...locale], options)
  }
  const all = { ...HOSTILE_SETTINGS, fsync: 'off', unix_socket_directories: folder, max_connections: '60', ...settings }
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(`${BIN}/postgres`, ['-D', cluster, '-p', String(port), ...args], {
    ...options,
    stdio: 'ignore',
  })
  const exited = once(server, 'exit')
  const url = (role: string, database = 'postgres', parameters = '') =>
    `postgres://${role}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}${parameters}`
  await waitFor(url('postgres'))
  return {
    port,
    folder,
    url,
    async run(statements, database) {
      await withClient(url('postgres', database), (client) => client.query(statements))
    },
    async kill() {
      server.kill('SIGKILL')
      await exited
    },
    async stop() {
      server.kill('SIGINT')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Owned {
  /** The role that owns the schema, and may not even connect to make another. */
  readonly owner: string
  /** The role that serves: it may read and write rows, and nothing else. */
  readonly app: string
}

/** A database with a schema `pay` that belongs to one role, and whose rows another may read and write. */
export async function makeSchema(server: DebianServer, database: string): Promise<Owned> {
  const [owner, app] = [`${database}_owner`, `${database}_app`]
  for (const role of [owner, app]) await server.run(`CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`)
  await server.run(`CREATE DATABASE ${database}`)
  await server.run(
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC; GRANT CONNECT ON DATABASE ${database} TO ${owner}, ${app};
     REVOKE ALL ON SCHEMA public FROM PUBLIC; CREATE SCHEMA pay AUTHORIZATION ${owner}; GRANT USAGE ON SCHEMA pay TO ${app};
     ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA pay GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${app};
     ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA pay GRANT USAGE ON SEQUENCES TO ${app}`,
    database,
  )
  return { owner: server.url(owner, database, '?schema=pay'), app: server.url(app, database, '?schema=pay') }
}

/** A pooler before the server, as its package configures it but for the mode and the size. */
export async function startPgbouncer(
  server: DebianServer,
  { mode = 'transaction', size = 20 }: { mode?: 'transaction' | 'session' | 'statement'; size?: number } = {},
): Promise<{ through(url: string): string; stop(): Promise<void> }> {
  const folder = makeFolder()
  const port = await freePort()
  const { rows } = await withClient(server.url('postgres'), (client) =>
    client.query<{ line: string }>(
      `SELECT format('"%s" "%s"', rolname, rolpassword) AS line FROM pg_authid WHERE rolpassword IS NOT NULL`,
    ),
  )
  write(join(folder, 'users'), `${rows.map(({ line }) => line).join('\n')}\n`)
  const lines = [
    '[databases]',
    `* = host=127.0.0.1 port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(folder, 'users')}`,
    `pool_mode = ${mode}`,
    `default_pool_size = ${size}`,
    'max_client_conn = 200',
  ]
  write(join(folder, 'pgbouncer.ini'), `${lines.join('\n')}\n`)
  const pooler = spawn(PGBOUNCER, ['-q', join(folder, 'pgbouncer.ini')], { ...owner, cwd: '/', stdio: 'ignore' })
  const exited = once(pooler, 'exit')
  await waitFor(server.url('postgres').replace(`:${server.port}/`, `:${port}/`))
  return {
    through: (url) => url.replace(`:${server.port}/`, `:${port}/`),
    async stop() {
      pooler.kill('SIGINT')
      await Promise.race([exited, sleep(2_000).then(() => pooler.kill('SIGKILL'))])
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function waitFor(url: string): Promise<void> {
  const deadline = performance.now() + START_PATIENCE_MS
  for (;;) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'))
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(50)
    }
  }
}

/** A plain connection. */
async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  // A standby answers nothing that is serializable.
  await client.query(`SET default_transaction_isolation = 'read committed'`)
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
