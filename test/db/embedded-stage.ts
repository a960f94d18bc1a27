import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach } from 'vitest'
import { connectDatabase } from '../../src/db/connect.ts'

/** Private PostgreSQL servers on data folders that go after the test file, and processes that use them. */

const HOLD = fileURLToPath(new URL('../support/hold-database.ts', import.meta.url))

type Database = Awaited<ReturnType<typeof connectDatabase>>

const children = new Set<ChildProcess>()
const databases = new Set<Database>()

/** The folder of the data folders. */
export let root: string

/** Sets the stage for the tests of the file that calls it. */
export function setStage(): void {
  root = mkdtempSync(join(tmpdir(), 'tollgate-embedded-'))
  chmodSync(root, 0o711)
  afterEach(async () => {
    for (const child of children) await stop(child)
    for (const database of databases) await database.stop()
    databases.clear()
  })
  afterAll(() => rmSync(root, { recursive: true }))
}

export async function open(dataDir: string): Promise<Database> {
  const database = await connectDatabase({ dataDir, exclusive: true })
  databases.add(database)
  return database
}

/** A process of its own that uses the data folder, and the line that it said: an address or a refusal. */
export async function hold(
  dataDir: string,
  use: 'serving' | 'beside' = 'serving',
): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', HOLD, dataDir, use], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  child.on('exit', () => children.delete(child))
  const [said] = await once(createInterface(child.stdout), 'line')
  return { child, said }
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

export async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

export async function answers(url: string): Promise<boolean> {
  return ask(url, 'select true').then(Boolean, () => false)
}

export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0])
}
