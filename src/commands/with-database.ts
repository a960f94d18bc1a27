import type { Config } from '../config.ts'
import type { Database } from '../db/database.ts'
import { DomainError } from '../kernel/errors.ts'
import { StartError } from '../kernel/start-error.ts'
import { sayOnWait } from './command.ts'

/** Does one thing with the database, brought to this build, beside whatever else runs on it. */
export async function withDatabase(config: Config, work: (db: Database) => Promise<void>): Promise<void> {
  const { connectDatabase } = await import('../db/connect.ts')
  const { openDatabase } = await import('../db/database.ts')
  const { migrate } = await import('../db/migrate.ts')

  const server = await connectDatabase({ ...config, exclusive: false, onWait: sayOnWait })
  try {
    await migrate(server.sessionUrl)
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
