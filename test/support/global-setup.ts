import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openEmbedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { databaseNamed, TEMPLATE } from './database.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
    /** Where the program is compiled to by who needs it first. */
    compiledFolder: string
  }
}

/** One PostgreSQL for the whole run. What it writes need not survive the machine, so it waits for no disk. */
const SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '150' }

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'))
  chmodSync(dataDir, 0o711)
  const { url, stop } = await openEmbedded({ dataDir, exclusive: true, settings: SETTINGS })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${TEMPLATE}`)
  await client.end()
  await migrate(databaseNamed(url, TEMPLATE))
  project.provide('databaseUrl', url)
  const compiledFolder = `${dataDir}-compiled`
  project.provide('compiledFolder', compiledFolder)
  return async () => {
    await stop()
    rmSync(dataDir, { recursive: true })
    rmSync(compiledFolder, { recursive: true, force: true })
  }
}
