import type pg from 'pg'
import { StartError } from '../kernel/start-error.ts'
import { quoted } from './catalog.ts'
import { openConnection } from './connection.ts'
import { DEFAULT_SCHEMA } from './session.ts'

const NO_PRIVILEGE = '42501'
/** Two starts made it at the same time. */
const ALREADY_THERE = new Set(['23505', '42P06'])

interface Found {
  readonly name: string
  readonly installed: boolean
  readonly mayUse: boolean
  readonly mayCreate: boolean
}

/**
 * The schema of our tables, which every connection is then fixed to. It is the one that the address names, made where it
 * is missing. Where the address names none: that of the role's own search path, or else `public`, which holds our
 * tables; where none does, the first in which the role may make them.
 */
export async function settleSchema(url: string, named: string | undefined): Promise<string> {
  const client = await openConnection(url, { name: 'tollgate start' })
  try {
    if (named !== undefined) return await useNamed(client, named)
    const schemas = await find(client, [...(await searchPathOf(client)), DEFAULT_SCHEMA])
    const schema = schemas.find(({ installed }) => installed) ?? schemas.find(({ mayCreate }) => mayCreate)
    return schema?.name ?? DEFAULT_SCHEMA
  } finally {
    await client.end()
  }
}

async function useNamed(client: pg.Client, name: string): Promise<string> {
  const [schema = await make(client, name)] = await find(client, [name])
  if (schema.mayUse) return name
  throw new StartError(`DATABASE_URL: role ${client.user} may not use the schema ${name}: grant it USAGE`)
}

async function make(client: pg.Client, name: string): Promise<Pick<Found, 'mayUse'>> {
  try {
    await client.query(`CREATE SCHEMA ${quoted(name)}`)
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    if (code === NO_PRIVILEGE) {
      throw new StartError(`DATABASE_URL: there is no schema ${name}, and role ${client.user} may not create it`)
    }
    if (!ALREADY_THERE.has(code))
      throw new StartError(`DATABASE_URL: the schema ${name} cannot be created (${message})`, { cause: error })
  }
  return { mayUse: true }
}

/** The schemas of these names that are there, in their order. */
async function find(client: pg.Client, names: readonly string[]): Promise<Found[]> {
  const { rows } = await client.query<Found>(
    `SELECT n.nspname AS name, has_schema_privilege(n.oid, 'USAGE') AS "mayUse",
            has_schema_privilege(n.oid, 'CREATE') AS "mayCreate",
            EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = '_prisma_migrations') AS installed
     FROM unnest($1::text[]) WITH ORDINALITY AS w (name, place) JOIN pg_namespace n ON n.nspname = w.name
     WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY w.place`,
    [names],
  )
  return rows
}

/** What the role would have without our own setting. */
async function searchPathOf(client: pg.Client): Promise<string[]> {
  await client.query('BEGIN; RESET search_path')
  const { rows } = await client.query<{ schemas: string[] }>('SELECT current_schemas(false)::text[] AS schemas')
  await client.query('ROLLBACK')
  return rows[0]?.schemas ?? []
}
