import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../../src/db/embedded.ts'
import { type Server, startServer } from './server.ts'

/** What a benchmark runs on: a PostgreSQL of its own, and whatever it starts, all of which end with it. */
export interface Stage {
  readonly databaseUrl: string
  /** A folder that is gone with the stage. */
  readonly folder: string
  /** Ends with the stage; what came last ends first. */
  keep<T>(part: T, end: (part: T) => unknown): T
  /** Another database of that name on the same server; answers its address. */
  createDatabase(name: string): Promise<string>
  /** The gateway as it runs in production, on the stage's own database or another. */
  startGateway(databaseUrl?: string): Promise<Server>
}

export async function onStage<T>(play: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  chmodSync(folder, 0o711)
  const endings: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]
  function keep<Part>(part: Part, end: (part: Part) => unknown): Part {
    endings.push(() => end(part))
    return part
  }
  try {
    const postgres = keep(await openEmbedded({ dataDir: folder, exclusive: true }), (it) => it.stop())
    const startGateway = async (databaseUrl = postgres.url) => keep(await launchGateway(databaseUrl), (it) => it.stop())
    const createDatabase = (name: string) => createDatabaseOn(postgres.url, name)
    return await play({ databaseUrl: postgres.url, folder, keep, createDatabase, startGateway })
  } finally {
    for (const end of endings.reverse()) await end()
  }
}

async function createDatabaseOn(url: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`CREATE DATABASE ${name}`)
  await client.end()
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

function launchGateway(databaseUrl: string): Promise<Server> {
  const env = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PUBLIC_URL: 'https://tollgate.example',
    SECRET_KEY: randomBytes(32).toString('base64'),
    DATABASE_URL: databaseUrl,
  }
  return startServer({ args: ['src/main.ts', 'serve'], env, readyPath: '/health/ready' })
}
