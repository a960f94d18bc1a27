import { StartError } from '../kernel/start-error.ts'
import { readAddress, shown } from './address.ts'
import { openConnection, reasonOf } from './connection.ts'
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
  try {
    await (await openConnection(url, { name: 'tollgate start', connectTimeoutMs: REACH_TIMEOUT_MS })).end()
  } catch (error) {
    throw new StartError(`DATABASE_URL: no connection to ${shown(readAddress(url))} (${reasonOf(error)})`)
  }
}
