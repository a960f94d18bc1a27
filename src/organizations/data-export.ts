import { createHash } from 'node:crypto'
import { ofTenant, quoted, TENANT_TABLES, type TenantTable } from '../db/catalog.ts'
import type { Database } from '../db/database.ts'
import { onSnapshot, type ReadPages } from '../db/snapshot.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { encodeId } from '../kernel/id.ts'

/**
 * Everything that is kept of a tenant, as lines of JSON on one snapshot: what it is and which tables it has
 * (`tollgate`), each row of each table (`table`, `row`), and at the end how many rows there were and a hash of all lines
 * before it (`end`), without which a file was cut off.
 *
 * Numbers that JSON's readers would round are text, bytes are base64, times are RFC 3339 to the microsecond.
 */

export const FORMAT_VERSION = 1

/** Notifications of a provider may have a quarter of a megabyte each. */
const ROWS_AT_ONCE = 100

/** What is left out, and stands as null: the column, why, and where only a part of it is meant what is shown instead. */
const LEFT_OUT: Readonly<Record<string, { readonly why: string; readonly shown?: string }>> = {
  'api_key.hash': { why: 'it proves who has the key' },
  'provider_connection.credentials': { why: 'they are encrypted for this installation alone' },
  'webhook_endpoint.secret': { why: 'it is encrypted for this installation alone' },
  'webhook_endpoint.previous_secret': { why: 'it is encrypted for this installation alone' },
  'tenant.seal_salt': { why: 'the seals of the books are made with it' },
  'sandbox_document.body': {
    why: 'the hash in an API key of a simulator proves who has the key',
    shown: `CASE WHEN t.kind = 'apiKey' THEN t.body || '{"hash": null}' ELSE t.body END`,
  },
  'sandbox_unique.value': {
    why: 'the hash of an API key of a simulator proves who has the key',
    shown: `CASE WHEN t.kind = 'apiKey' THEN NULL ELSE t.value END`,
  },
}

export interface DataExport {
  readonly fileName: string
  /** The file, in pieces of some lines each. */
  readonly pieces: AsyncGenerator<string>
}

export function dataExportService({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    async data(actor: Actor): Promise<DataExport> {
      const at = await clocks.now(actor)
      const day = at.toISOString().slice(0, 10)
      return { fileName: `tollgate-data-${actor.mode.toLowerCase()}-${day}.jsonl`, pieces: exported(db, actor, at) }
    },
  }
}

async function* exported(db: Database, actor: Actor, at: Date): AsyncGenerator<string> {
  const digest = createHash('sha256')
  const rows: Record<string, number> = {}
  for await (const { table, lines } of onSnapshot(db, (read) => linesOf(read, actor, at))) {
    if (table !== undefined) rows[table] = (rows[table] ?? 0) + lines.length
    if (lines.length === 0) continue
    const piece = `${lines.join('\n')}\n`
    digest.update(piece)
    yield piece
  }
  yield `${JSON.stringify({ end: true, rows, sha256: digest.digest('hex') })}\n`
}

interface Lines {
  /** Whose rows they are; undefined for the first line. */
  readonly table?: string
  readonly lines: readonly string[]
}

async function* linesOf(read: ReadPages, { tenantId, organizationId, mode }: Actor, at: Date): AsyncGenerator<Lines> {
  const tables: TenantTable[] = []
  for await (const page of read<TenantTable>(TENANT_TABLES, [])) tables.push(...page)
  const manifest = {
    tollgate: 'data',
    version: FORMAT_VERSION,
    organization: encodeId('Organization', organizationId),
    mode,
    at,
    tables: Object.fromEntries(tables.map(({ name, columns }) => [name, typesOf(columns)])),
    leftOut: Object.fromEntries(Object.entries(LEFT_OUT).map(([column, { why }]) => [column, why])),
  }
  yield { lines: [JSON.stringify(manifest)] }
  for (const table of tables) {
    yield { table: table.name, lines: [] }
    for await (const page of read<{ row: string }>(rowsOf(table), [tenantId], ROWS_AT_ONCE)) {
      yield { table: table.name, lines: page.map(({ row }) => `{"table":"${table.name}","row":${row}}`) }
    }
  }
}

function typesOf(columns: TenantTable['columns']): object {
  return Object.fromEntries(columns.map(({ name, type }) => [name, type]))
}

function rowsOf({ name, columns, key }: TenantTable): string {
  const shown = columns.map((column) => `${shownAs(name, column)} AS ${quoted(column.name)}`)
  const order = key.map((column) => `t.${quoted(column)}`).join(', ') || '1'
  return `SELECT (SELECT row_to_json(r)::text FROM (SELECT ${shown.join(', ')}) r) AS row
    FROM ${quoted(name)} t WHERE ${ofTenant(name, '$1::uuid')} ORDER BY ${order}`
}

function shownAs(table: string, { name, type }: TenantTable['columns'][number]): string {
  const secret = LEFT_OUT[`${table}.${name}`]
  if (secret) return secret.shown ?? 'NULL'
  const column = `t.${quoted(name)}`
  switch (type) {
    case 'bigint':
    case 'numeric':
      return `${column}::text`
    case 'bytea':
      return `translate(encode(${column}, 'base64'), E'\\n', '')`
    case 'timestamp with time zone':
      return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    default:
      return column
  }
}
