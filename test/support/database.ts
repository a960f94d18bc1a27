import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { inject } from 'vitest'

/** A database with every migration applied and no rows, of which the others are copies. */
export const TEMPLATE = 'tollgate_template'

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** A migrated database of the caller's own, empty unless another template is named. */
export async function freshDatabase(template = TEMPLATE): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name} template ${template}`)
  return {
    url: databaseNamed(inject('databaseUrl'), name),
    drop: () => administer(`drop database ${name} with (force)`, name),
  }
}

/** The same server's database of that name. */
export function databaseNamed(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

const CLOSING_MS = 1_000

/** @param leaving a database whose connections may be about to close: one that is cut off then is an error of nobody's */
async function administer(statement: string, leaving?: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('databaseUrl') })
  await client.connect()
  try {
    for (const end = Date.now() + CLOSING_MS; leaving && Date.now() < end; await sleep(5)) {
      const { rowCount } = await client.query('select from pg_stat_activity where datname = $1 limit 1', [leaving])
      if (rowCount === 0) break
    }
    await client.query(statement)
  } finally {
    await client.end()
  }
}
