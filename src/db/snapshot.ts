import type { PoolClient } from 'pg'
import type { Database } from './database.ts'

const ROWS_AT_ONCE = 1_000

/** Reads the rows of a query one page after another, however many there are. */
export type ReadPages = <Row>(text: string, values: readonly unknown[], rowsAtOnce?: number) => AsyncGenerator<Row[]>

/** Everything that the work reads is as it was at one moment, however long the work takes. */
export async function* onSnapshot<T>(db: Database, work: (read: ReadPages) => AsyncIterable<T>): AsyncGenerator<T> {
  const client = await db.pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    yield* work(pagesOf(client))
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    await client.query('ROLLBACK').catch((error: Error) => {
      broken = error
    })
    client.release(broken)
  }
}

function pagesOf(client: PoolClient): ReadPages {
  let cursors = 0
  return async function* <Row>(text: string, values: readonly unknown[], rowsAtOnce = ROWS_AT_ONCE) {
    const name = `page_${cursors++}`
    await client.query(`DECLARE ${name} NO SCROLL CURSOR FOR ${text}`, [...values])
    for (;;) {
      const { rows } = await client.query(`FETCH ${rowsAtOnce} FROM ${name}`)
      if (rows.length > 0) yield rows as Row[]
      if (rows.length < rowsAtOnce) break
    }
    await client.query(`CLOSE ${name}`)
  }
}
