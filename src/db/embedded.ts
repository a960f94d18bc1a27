import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { newConnection } from './connection.ts'
import { type Binaries, findBinaries } from './embedded/binaries.ts'
import { findHome, furnish, type Home, SHARED_FOLDER, urlOf } from './embedded/home.ts'
import {
  findServer,
  freePort,
  isPassing,
  type Launch,
  lastPort,
  launch,
  PORT_TAKEN,
  type Settings,
  shutDown,
} from './embedded/server.ts'
import { takeOver } from './embedded/take-over.ts'

export interface EmbeddedOptions {
  readonly dataDir: string
  /** Whether no other exclusive use of the data folder may run at the same time. */
  readonly exclusive: boolean
  /** PostgreSQL's own settings, over ours. */
  readonly settings?: Settings
}

export interface EmbeddedDatabase {
  readonly url: string
  /** Leaves the server. The last to leave shuts it down. */
  stop(): Promise<void>
}

const DATABASE = 'tollgate'
/** Held shared by every process that uses the server, and alone by the one that shuts it down. */
const USE_LOCK = 830_141
/** Held by the one process that serves on the data folder; gone with its connection, however it ends. */
const SERVE_LOCK = 830_142
const START_PATIENCE_MS = 60_000
const CONNECT_PATIENCE_MS = 2_000
/** The connection of a process that was killed may outlive it by a moment. */
const LOCK_PATIENCE_MS = 1_000
const PAUSE_MS = 15

/** Starts a private PostgreSQL on the data folder, or joins the one that already runs on it. */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  let stopped = false
  const { home, binaries, seat: firstSeat } = await open(options)
  let seat = firstSeat
  const { port } = seat.client

  async function watch(): Promise<void> {
    await seat.lost
    while (!stopped) {
      try {
        seat = await join(home, binaries, options, port)
        return await (stopped ? leave(home, seat) : watch())
      } catch {
        await sleep(1_000)
      }
    }
  }
  void watch()

  return {
    url: urlOf(home, port, DATABASE),
    async stop() {
      if (stopped) return
      stopped = true
      await leave(home, seat)
    },
  }
}

async function open(options: EmbeddedOptions): Promise<{ home: Home; binaries: Binaries; seat: Seat }> {
  const { dataDir } = options
  try {
    const home = await takeOver(await findHome(dataDir))
    const binaries = await findBinaries(home.owner, home.owner ? SHARED_FOLDER : dataDir)
    await furnish(home, binaries)
    return { home, binaries, seat: await join(home, binaries, options) }
  } catch (error) {
    if (error instanceof StartError) throw error
    const reason = (error as Error).message.trim().split('\n').at(-1)
    throw new StartError(`DATA_DIR ${dataDir} cannot hold a database: ${reason}`, { cause: error })
  }
}

/** A process's place at the server: a connection that holds its locks, and a promise of its loss. */
interface Seat {
  readonly client: pg.Client
  readonly lost: Promise<void>
}

/** With a port, the server is started on that one only: others hold an address with it. */
async function join(home: Home, binaries: Binaries, options: EmbeddedOptions, port?: number): Promise<Seat> {
  const deadline = performance.now() + START_PATIENCE_MS
  let launched: Launch | undefined
  let wanted = port ?? lastPort(home)
  while (performance.now() < deadline) {
    const server = findServer(home)
    const seat = server && (await takeSeat(home, server.port, options))
    if (seat) return seat
    const failure = passingFailure(launched, options.dataDir)
    if (failure?.includes(PORT_TAKEN)) wanted = port
    if (!server && (!launched || failure !== undefined)) {
      launched = launch(home, binaries, wanted ?? (await freePort()), options.settings ?? {})
    }
    await sleep(PAUSE_MS)
  }
  throw new StartError(`DATA_DIR ${options.dataDir}: its PostgreSQL did not start; see ${home.log}`)
}

/** Why the launch failed, where another may succeed; undefined while it has not. */
function passingFailure(launched: Launch | undefined, dataDir: string): string | undefined {
  const failure = launched?.failure()
  if (failure !== undefined && !isPassing(failure)) throw new StartError(`DATA_DIR ${dataDir}: ${failure}`)
  return failure
}

/** Undefined when nothing takes the connection as our server would: it starts, it stops, or a stranger has its port. */
async function takeSeat(home: Home, port: number, options: EmbeddedOptions): Promise<Seat | undefined> {
  const client = newConnection(urlOf(home, port, 'postgres'), {
    name: 'tollgate seat',
    connectTimeoutMs: CONNECT_PATIENCE_MS,
  })
  const lost = new Promise<void>((ended) => client.on('end', ended).on('error', () => ended()))
  try {
    await client.connect()
  } catch {
    return undefined
  }
  try {
    await client.query('select pg_advisory_lock_shared($1)', [USE_LOCK])
    await createDatabase(client)
    if (!options.exclusive || (await tryLock(client, SERVE_LOCK, LOCK_PATIENCE_MS))) return { client, lost }
  } catch (error) {
    await client.end().catch(() => {})
    if (isOutOfService(error)) return undefined
    throw error
  }
  await client.end()
  throw new StartError(
    `DATA_DIR ${options.dataDir} is in use by another Tollgate; stop that one or choose another folder`,
  )
}

async function tryLock(client: pg.Client, lock: number, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1) as held', [lock])
    if (rows[0]?.held || performance.now() >= deadline) return rows[0]?.held ?? false
    await sleep(50)
  }
}

const DUPLICATE_DATABASE = '42P04'
const UNIQUE_VIOLATION = '23505'

async function createDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
  if (rowCount) return
  try {
    await client.query(`create database ${DATABASE}`)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw error
  }
}

/** A broken connection, or the server's own word (class 57) that it is starting or shutting down. */
function isOutOfService(error: unknown): boolean {
  const { code = '', message } = error as { code?: string; message: string }
  return /^(57P|ECONN|EPIPE)/.test(code) || /Connection terminated/.test(message)
}

async function leave(home: Home, seat: Seat): Promise<void> {
  try {
    await seat.client.query('select pg_advisory_unlock_all()')
    if (await tryLock(seat.client, USE_LOCK, 0)) await shutDown(home)
    await seat.client.end()
  } catch (error) {
    if (!isOutOfService(error) && !/not queryable|was closed/.test((error as Error).message)) throw error
  }
}
