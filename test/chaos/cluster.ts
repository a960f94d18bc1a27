import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findHome } from '../../src/db/embedded/home.ts'
import { findServer } from '../../src/db/embedded/server.ts'
import { openEmbedded } from '../../src/db/embedded.ts'
import { type ServingProcess, serve } from '../support/command-line.ts'
import { lastingPort } from '../support/lasting-port.ts'

/** Two gateways on one PostgreSQL, as processes that can be killed. */
export interface Cluster {
  readonly databaseUrl: string
  /** Where the nodes answer, also while they do not. */
  readonly urls: readonly string[]
  /** The first secret key. */
  readonly key: string
  /** Each process that ended although nobody ended it, with the last of what it printed. */
  readonly endedByThemselves: readonly string[]
  /** As `pg_ctl restart -m immediate`: every connection breaks, and the server recovers from its log. */
  restartDatabase(): Promise<void>
  /** Ends some of the gateways' connections. */
  terminateConnections(most: number): Promise<void>
  /** How many were ended so far. */
  connectionsTerminated(): number
  /** How often a node had to start again, because its connection broke during the start. */
  startsBroken(): number
  /** Kills a node with SIGKILL and starts it again; connections that it opens first are ended too. */
  killNode(index: number): Promise<void>
  /** Settles when no node is starting any more. */
  started(): Promise<void>
  stop(): Promise<void>
}

/** The name of the connections with which a node finds out what its database is. */
const STARTING = 'tollgate start'
/** A node needs a second or two until it opens its first connection, and has a minute for all of its starts. */
const STRIKE_START_MS = 6_000
const STRIKE_EACH_MS = 20

interface Node {
  process: ServingProcess | undefined
  starting: Promise<void>
  isMeantToEnd: boolean
}

export async function startCluster(): Promise<Cluster> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-chaos-'))
  chmodSync(dataDir, 0o711)
  const database = await openEmbedded({ dataDir, exclusive: false })
  const SECRET_KEY = randomBytes(32).toString('base64')
  const ports = [await lastingPort(), await lastingPort()]
  const endedByThemselves: string[] = []
  const nodes: Node[] = ports.map(() => ({ process: undefined, starting: Promise.resolve(), isMeantToEnd: false }))
  let stopping = false
  let connectionsTerminated = 0
  let startsBroken = 0

  async function start(index: number): Promise<void> {
    const node = nodes[index] as Node
    node.isMeantToEnd = false
    const settings = { DATABASE_URL: database.url, DATA_DIR: dataDir, SECRET_KEY, LOG_LEVEL: 'warn' }
    const started = await serve({ ...settings, PORT: String(ports[index]) })
    node.process = started
    startsBroken += started.output().split('; starting again').length - 1
    void started.exited.then((code) => {
      if (node.isMeantToEnd || stopping) return
      endedByThemselves.push(`node ${index + 1} ended with ${code}: ${started.output().slice(-2_000)}`)
    })
  }

  async function strikeStart(): Promise<void> {
    const until = performance.now() + STRIKE_START_MS
    while (performance.now() < until) {
      await end(STARTING, 1)
      await sleep(STRIKE_EACH_MS)
    }
  }

  async function end(which: string, most: number): Promise<void> {
    connectionsTerminated += await terminate(database.url, which, most).catch(() => 0)
  }

  await start(0)
  await start(1)
  return {
    databaseUrl: database.url,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    key: /sk_test_\w+/.exec(nodes[0]?.process?.output() ?? '')?.[0] ?? '',
    endedByThemselves,
    async restartDatabase() {
      const server = findServer(await findHome(dataDir))
      // The owner of the private server starts it again when it is gone.
      if (server) process.kill(server.pid, 'SIGQUIT')
    },
    terminateConnections: (most) => end('tollgate%', most),
    connectionsTerminated: () => connectionsTerminated,
    startsBroken: () => startsBroken,
    async killNode(index) {
      const node = nodes[index] as Node
      await node.starting
      node.isMeantToEnd = true
      await node.process?.end('SIGKILL')
      node.starting = start(index).catch(
        (error: Error) => void endedByThemselves.push(`node ${index + 1}: ${error.message}`),
      )
      await strikeStart()
    },
    async started() {
      await Promise.all(nodes.map(({ starting }) => starting))
    },
    async stop() {
      stopping = true
      await Promise.all(nodes.map(({ process }) => process?.end('SIGTERM')))
      await database.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

async function terminate(databaseUrl: string, which: string, most: number): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const text = `SELECT count(pg_terminate_backend(pid))::int AS count FROM (
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE $1
      ORDER BY random() LIMIT $2) AS chosen`
    return (await client.query<{ count: number }>(text, [which, most])).rows[0]?.count ?? 0
  } finally {
    await client.end().catch(() => {})
  }
}
