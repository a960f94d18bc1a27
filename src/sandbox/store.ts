import { isConflict } from '../kernel/unavailable.ts'
import { nothingUnsent, sendUnsent, type Unsent } from './writes.ts'

/** Whatever runs statements: a `pg` pool and a `pg` client both do. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface Connection extends Queryable {
  release(broken?: boolean): void
}

export interface Pool extends Queryable {
  connect(): Promise<Connection>
}

/** One account's world on one provider's server. A realm is named by a UUID. */
export interface World {
  readonly db: Queryable
  readonly provider: string
  readonly realm: string
  /** Within a transaction: what it has changed and not sent yet. Whatever is read through `db` is read after that. */
  readonly unsent?: Unsent
}

export interface Transaction extends World {
  /** Runs once the changes are there for everyone to see; never after a rollback. */
  afterCommit(hook: () => void): void
}

const ATTEMPTS_AT_MOST = 5

/** One transaction in one world: all of `work` or nothing of it. `work` may run again, each time from the start. */
export async function inTransaction<T>(
  pool: Pool,
  provider: string,
  realm: string,
  work: (world: Transaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(pool, provider, realm, work)
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS_AT_MOST) throw error
    }
  }
}

async function attemptOnce<T>(
  pool: Pool,
  provider: string,
  realm: string,
  work: (world: Transaction) => Promise<T>,
): Promise<T> {
  const hooks: (() => void)[] = []
  const place = { provider, realm, unsent: nothingUnsent() }
  let opened: Promise<Connection> | undefined
  const db: Queryable = {
    async query(text, values) {
      opened ??= begin(pool)
      const connection = await opened
      await sendUnsent({ ...place, db: connection })
      return connection.query(text, values)
    },
  }
  let broken = false
  let result: T
  try {
    result = await work({ ...place, db, afterCommit: (hook) => void hooks.push(hook) })
    const connection = await opened
    // What was only written is one statement, and needs no transaction around it.
    await sendUnsent({ ...place, db: connection ?? pool })
    await connection?.query('COMMIT')
  } catch (error) {
    const connection = await opened?.catch(() => undefined)
    await connection?.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw error
  } finally {
    const connection = await opened?.catch(() => undefined)
    connection?.release(broken)
  }
  for (const hook of hooks) hook()
  return result
}

async function begin(pool: Pool): Promise<Connection> {
  const connection = await pool.connect()
  try {
    await connection.query('BEGIN')
    return connection
  } catch (error) {
    connection.release(true)
    throw error
  }
}

/** A number that no other document of any simulator has. */
export async function nextNumber(world: World): Promise<number> {
  const { rows } = await world.db.query(`SELECT nextval('sandbox_number')::text AS number`)
  return Number((rows[0] as { number: string }).number)
}

/** Empties a world but for the documents that are kept; what was due in it is not done any more. */
export async function clear(
  { db, realm, provider }: World,
  kept: readonly { kind: string; id: string }[],
): Promise<void> {
  const place = [realm, provider]
  const keys = [kept.map(({ kind }) => kind), kept.map(({ id }) => id)]
  const others = `tenant_id = $1 AND provider = $2
    AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS kept (kind, id) WHERE kept.kind = t.kind AND kept.id = t.id)`
  await db.query('DELETE FROM sandbox_task WHERE tenant_id = $1 AND provider = $2', place)
  await db.query(`DELETE FROM sandbox_unique t WHERE ${others}`, [...place, ...keys])
  await db.query(`DELETE FROM sandbox_document t WHERE ${others}`, [...place, ...keys])
}
