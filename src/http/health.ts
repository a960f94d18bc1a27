import type { Log } from './log.ts'

/** Why the gateway takes no requests; undefined when it does. */
export type Unready = 'stopping' | 'database' | undefined

export interface Readiness {
  isStopping(): boolean
  /** Settles when the database answers and carries the schema of this build; rejects otherwise. */
  askDatabase(): Promise<unknown>
  /** How long an answer of the database is waited for. */
  readonly patienceMs: number
  readonly log: Log
}

/** Asks whether requests can be served at this moment. */
export async function findUnready({ isStopping, askDatabase, patienceMs, log }: Readiness): Promise<Unready> {
  if (isStopping()) return 'stopping'
  try {
    await within(patienceMs, askDatabase())
    return undefined
  } catch (error) {
    log.warn({ err: error }, 'the database does not answer')
    return 'database'
  }
}

function within<Answer>(ms: number, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(overdue))
  })
}
