import pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { openEmbedded } from './embedded.ts'

export interface DatabaseChoice {
  /** A server of one's own; without it, a private one is started on the data folder. */
  readonly databaseUrl?: string | undefined
  readonly dataDir: string
  /** Whether this process serves: of those, a data folder bears one. A server of one's own bears any number. */
  readonly exclusive: boolean
}

/** The address of a database that answers. Raises a StartError when there is none to be had. */
export async function connectDatabase(choice: DatabaseChoice): Promise<{ url: string; stop(): Promise<void> }> {
  const { databaseUrl, dataDir, exclusive } = choice
  if (databaseUrl === undefined) return openEmbedded({ dataDir, exclusive })
  await assertReachable(databaseUrl)
  return { url: databaseUrl, stop: async () => {} }
}

const REACH_TIMEOUT_MS = 10_000

async function assertReachable(url: string): Promise<void> {
  const { host, pathname } = new URL(url)
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: REACH_TIMEOUT_MS })
  try {
    await client.connect()
    await client.query('select 1')
  } catch (error) {
    // A host with several addresses fails with several errors, and no message of its own.
    const { message, code } = error as { message: string; code?: string }
    throw new StartError(`DATABASE_URL: no connection to ${host}${pathname} (${message || code})`)
  } finally {
    await client.end().catch(() => {})
  }
}
