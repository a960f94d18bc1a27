import { readAddress, withParameter } from './address.ts'
import { awaitServer } from './await-server.ts'
import { assertHome } from './embedded/home.ts'
import { openEmbedded } from './embedded.ts'
import { poolingOf, proveNotifications, refusePooler } from './pooler.ts'
import { settleSchema } from './schema.ts'

export interface DatabaseChoice {
  /** A server of one's own; without it, a private one is started on the data folder. */
  readonly databaseUrl?: string | undefined
  /** The same database without a pooler between, where one is in the way. */
  readonly databaseListenUrl?: string | undefined
  readonly dataDir: string
  /** Whether this process serves: of those, a data folder bears one. A server of one's own bears any number. */
  readonly exclusive: boolean
  /** Whether a data folder that holds no database is refused, rather than given one. */
  readonly onlyExisting?: boolean
  /** How long the server is waited for. */
  readonly patienceMs?: number
  /** Is told, now and then, what is waited for. */
  readonly onWait?: (what: string) => void
}

export interface ConnectedDatabase {
  /** For statements and transactions. */
  readonly url: string
  /** For what lasts longer than a transaction: LISTEN, migrations, locks of a session. */
  readonly sessionUrl: string
  stop(): Promise<void>
}

/** The address of a database that answers. Raises a StartError when there is none to be had. */
export async function connectDatabase(choice: DatabaseChoice): Promise<ConnectedDatabase> {
  const { databaseUrl, databaseListenUrl, dataDir, exclusive, onlyExisting = false } = choice
  if (databaseUrl === undefined) {
    if (onlyExisting) assertHome(dataDir)
    const { url, stop } = await openEmbedded({ dataDir, exclusive })
    return { url, sessionUrl: url, stop }
  }
  await awaitServer('DATABASE_URL', databaseUrl, choice)
  const pooling = await poolingOf(databaseUrl)
  if (pooling === 'transaction' && databaseListenUrl === undefined) refusePooler()
  const direct = databaseListenUrl ?? databaseUrl
  if (databaseListenUrl !== undefined) {
    await awaitServer('DATABASE_LISTEN_URL', databaseListenUrl, choice)
    if ((await poolingOf(databaseListenUrl)) === 'transaction') refusePooler()
  }
  const schema = await settleSchema(direct, readAddress(databaseUrl).schema)
  const sessionUrl = withParameter(direct, 'schema', schema)
  const pooled = withParameter(databaseUrl, 'pgbouncer', String(pooling === 'transaction'))
  const url = withParameter(pooled, 'schema', schema)
  if (databaseListenUrl !== undefined) await proveNotifications(url, sessionUrl)
  return { url, sessionUrl, stop: async () => {} }
}
