import type { PoolClient } from 'pg'
import type { Database } from './database.ts'
import { rowsOf } from './exact-rows.ts'
import { withConnection } from './pool.ts'

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
const ROWS_AT_ONCE = 1_000

/** Reads the rows of a query one page after another, however many there are. */
export type ReadPages = <Row>(text: string, values: readonly unknown[], rowsAtOnce?: number) => AsyncGenerator<Row[]>

/** Everything that the work reads is as it was at one moment, however long the work takes. */
export async function* onSnapshot<T>(db: Database, work: (read: ReadPages) => AsyncIterable<T>): AsyncGenerator<T> {
  const client = await db.long.pool.connect()
  let broken = true
  try {
    await client.query(BEGIN)
    yield* work(pagesOf(client))
    await client.query('COMMIT')
    broken = false
  } finally {
    // A reader that goes half way leaves a transaction open, which ends with its connection.
    client.release(broken)
  }
}

/** Reads the rows of a statement. Columns come back in camelCase, whole numerics as bigint. */
export type Read = <Row>(text: string, values: readonly unknown[]) => Promise<Row[]>

/** The same for work that has one answer. */
export function atOneMoment<T>(db: Database, work: (read: Read) => Promise<T>): Promise<T> {
  return withConnection(db.long.pool, async (client) => {
    await client.query(BEGIN)
    const result = await work((text, values) => rowsOf(client, { text, values }))
    await client.query('COMMIT')
    return result
  })
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
