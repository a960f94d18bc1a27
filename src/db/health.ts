import { Overdue, within } from '../kernel/within.ts'
import { ReadOnlyError } from './connection.ts'
import type { Database } from './database.ts'

/** Why PostgreSQL is of no use at the moment. */
export type DatabaseFault = 'database' | 'database_read_only' | 'database_disk_full'

const READ_ONLY_TRANSACTION = '25006'
const DISK_FULL = '53100'

/**
 * A write, and some space on the disk. A row that is replaced may find room in its page when the disk is full; a result
 * that does not fit into the memory of its statement is written to a file, and cannot.
 */
const CHECK = (patienceMs: number) => `
  SET LOCAL statement_timeout = ${patienceMs};
  SET LOCAL work_mem = '64kB';
  UPDATE health_check SET written_at = now() WHERE id = 1;
  SELECT count(*) FROM generate_series(1, 8000)`

/** Settles when PostgreSQL takes a write; rejects with its error, or when there is no answer by then. */
export async function assertWritable(db: Database, patienceMs: number): Promise<void> {
  try {
    await within(patienceMs, db.pool.query(withDeadline(CHECK(patienceMs), patienceMs)))
  } catch (error) {
    if (isSilence(error) || faultOf(error) === 'database_read_only') db.leaveConnections()
    throw error
  }
}

/** Whether no answer came, and the connection may be dead. */
export function isSilence(error: unknown): boolean {
  return error instanceof Overdue || (error as Error).message === 'Query read timeout'
}

/** A statement whose answer is waited for so long: after that its connection is closed, as it may be dead. */
export function withDeadline(text: string, deadlineMs: number): { text: string; query_timeout: number } {
  return { text, query_timeout: deadlineMs }
}

export function faultOf(error: unknown): DatabaseFault {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (code === READ_ONLY_TRANSACTION || error instanceof ReadOnlyError || cause instanceof ReadOnlyError)
    return 'database_read_only'
  return code === DISK_FULL ? 'database_disk_full' : 'database'
}
