import type { Config } from '../config.ts'
import type { ConnectedDatabase } from '../db/connect.ts'
import type { Database } from '../db/database.ts'
import { DomainError } from '../kernel/errors.ts'
import { StartError } from '../kernel/start-error.ts'
import { sayOnWait } from './command.ts'

interface Where {
  /** Whether the database at DATABASE_URL may be empty. An empty data folder is never filled: it is chosen by default. */
  readonly mayBeEmpty?: boolean
}

/** The installation's database, brought to this build. Raises a StartError where there is no installation. */
export async function openInstallation(config: Config, { mayBeEmpty = false }: Where = {}): Promise<ConnectedDatabase> {
  const { connectDatabase } = await import('../db/connect.ts')
  const { assertMigrated, migrate } = await import('../db/migrate.ts')
  const server = await connectDatabase({ ...config, exclusive: false, onlyExisting: true, onWait: sayOnWait })
  try {
    if (config.databaseUrl !== undefined && !mayBeEmpty) await assertMigrated(server.sessionUrl)
    await migrate(server.sessionUrl)
    return server
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** Does one thing with that database, beside whatever else runs on it. */
export async function withDatabase(config: Config, work: (db: Database) => Promise<void>, where?: Where) {
  const { openDatabase } = await import('../db/database.ts')
  const server = await openInstallation(config, where)
  try {
    const db = openDatabase(server.url, { poolSize: 2, sessionUrl: server.sessionUrl })
    try {
      await work(db)
    } finally {
      await db.close()
    }
  } catch (error) {
    throw error instanceof DomainError ? new StartError(wordsOf(error)) : error
  } finally {
    await server.stop()
  }
}

/** What was wrong, each with the name of what it was wrong with. */
function wordsOf({ problems }: DomainError): string {
  const sentences = problems.map(({ code, message, field = [] }) =>
    code === 'NOT_FOUND' || field.length === 0 ? message : `${field.join('.')} ${message}`,
  )
  return sentences.join('; ')
}
