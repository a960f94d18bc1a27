import type { Database } from '../../src/db/database.ts'

/** Changes rows behind the back of every rule and trigger. Answers how many. */
export async function tamper(db: Database, statement: string, values: readonly unknown[]): Promise<number> {
  const client = await db.pool.connect()
  try {
    await client.query('SET session_replication_role = replica')
    const { rowCount } = await client.query(statement, [...values])
    return rowCount ?? 0
  } finally {
    await client.query('SET session_replication_role = DEFAULT')
    client.release()
  }
}
