import type { Logger } from 'pino'
import { quoted, TENANT_TABLES, type TenantTable } from '../db/catalog.ts'
import { type Client, openConnection } from '../db/connection.ts'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { LEDGER_REMAINS, type Remains } from '../ledger/remains.ts'
import { transact } from '../work/work.ts'
import { apiKeyObject } from './api-key.ts'

/**
 * Removes the data of the tenants that have asked for it: every row of every table but the books, and from the books
 * whatever people wrote.
 *
 * It begins with the end of the keys, and waits a minute for what was running then. Then it goes in batches that are each
 * committed, so that a crash loses no more than one and the next run takes up where it stopped. A tenant is done only
 * when a whole run has found nothing more.
 */

const ROWS_AT_ONCE = 5_000
/** Held by the node that works on a tenant. */
const LOCK = 7_035_225
/** Pages are in the order of an index; where a table was never analyzed, it would rather be sorted for each of them. */
const SETTINGS = { enable_sort: 'off', statement_timeout: '600000', lock_timeout: '5000' }
const KEPT: ReadonlySet<string> = new Set(['organization', 'tenant', ...Object.keys(LEDGER_REMAINS)])

const NOW = `$1::timestamptz + clock_ahead_ms * interval '1 millisecond'`
const DUE = `
  SELECT id, removed_at, ${NOW} AS now FROM tenant
  WHERE removal_due_at <= ${NOW} AND (removed_at IS NULL OR removed_at <= ${NOW} - interval '1 minute')`

const FINISH = `
  WITH finished AS (
    UPDATE tenant SET removal_due_at = NULL, client_auth_url = NULL, seal_salt = '' WHERE id = $1 RETURNING id, organization_id
  )
  UPDATE organization o SET name = '' FROM finished f WHERE o.id = f.organization_id AND NOT EXISTS (
    SELECT FROM tenant t WHERE t.organization_id = o.id AND t.id <> f.id AND (t.removed_at IS NULL OR t.removal_due_at IS NOT NULL))`

interface Due {
  readonly id: string
  readonly removedAt: Date | null
  /** By the tenant's clock. */
  readonly now: Date
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  /** Seals everything that a tenant has posted, while what is sealed can still be read. */
  readonly sealAll: (tenantId: string) => Promise<void>
}

export function erasureService({ db, clock, log, sealAll }: Deps) {
  /** The keys end, and whatever they have open; after that nobody can cancel. */
  async function begin({ id: tenantId, now }: Due): Promise<void> {
    await transact(db, { tenantId, at: now }, async (work) => {
      const where = { id: tenantId, removalDueAt: { lte: now }, removedAt: null }
      const { count } = await work.tx.tenant.updateMany({ where, data: { removedAt: now } })
      if (count === 0) return
      const keys = await work.tx.apiKey.findMany({ where: { tenantId, deletedAt: null } })
      await work.tx.apiKey.updateMany({ where: { tenantId, deletedAt: null }, data: { deletedAt: now } })
      for (const key of keys) {
        work.emit({ type: 'api_key.deleted', entityKind: 'ApiKey', entityId: key.id, object: apiKeyObject(key) })
      }
    })
    log.info({ tenantId }, 'the removal of a tenant’s data begins')
  }

  /** Answers whether the tenant is done. */
  async function erase(client: Client, tenantId: string): Promise<boolean> {
    await sealAll(tenantId)
    const { rows: tables } = await client.query<TenantTable>(TENANT_TABLES)
    let changed = 0
    for (const table of inOrder(tables.filter(({ name }) => !KEPT.has(name)))) {
      changed += await clean(client, table, ALL_GONE, tenantId)
    }
    for (const table of tables) changed += await clean(client, table, LEDGER_REMAINS[table.name] ?? {}, tenantId)
    log.info({ tenantId, rows: changed }, 'data of a tenant were removed')
    if (changed > 0) return false
    await client.query(FINISH, [tenantId])
    return true
  }

  return {
    /** Answers how many tenants are done. */
    async removeDue(): Promise<number> {
      let done = 0
      for (const tenant of await db.query<Due>('removal.tenants', DUE, [clock.now()])) {
        try {
          if (tenant.removedAt === null) await begin(tenant)
          else if (await alone(db, tenant.id, (client) => erase(client, tenant.id))) done += 1
        } catch (error) {
          log.error({ err: error, tenantId: tenant.id }, 'removing the data of a tenant failed')
        }
      }
      return done
    },
  }
}

/** Does the work unless another node is doing it; a node that dies lets go by that. */
async function alone(db: Database, tenantId: string, work: (client: Client) => Promise<boolean>): Promise<boolean> {
  const client = await openConnection(db.sessionUrl, { name: 'tollgate removal', settings: SETTINGS })
  try {
    const text = 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine'
    const { rows } = await client.query<{ mine: boolean }>(text, [LOCK, tenantId])
    return rows[0]?.mine === true && (await work(client))
  } finally {
    await client.end()
  }
}

/** Tables before those that they point to. */
function inOrder(tables: readonly TenantTable[]): TenantTable[] {
  const rest = new Map(tables.map((table) => [table.name, table]))
  const ordered: TenantTable[] = []
  while (rest.size > 0) {
    const pointedTo = new Set([...rest.values()].flatMap(({ references }) => references))
    const free = [...rest.values()].filter(({ name }) => !pointedTo.has(name))
    if (free.length === 0) throw new Error(`${[...rest.keys()].join(', ')} point to one another`)
    for (const table of free) rest.delete(table.name)
    ordered.push(...free)
  }
  return ordered
}

/** The rows that are gone through, and what becomes of them. */
const ALL_GONE: Remains = { gone: 'TRUE' }

/**
 * Goes through a tenant's rows of a table once, in the order of the primary key: what is behind is not looked at again,
 * neither the rows that stay nor the room of those that went.
 */
async function clean(client: Client, table: TenantTable, remains: Remains, tenantId: string): Promise<number> {
  const key = table.key.flatMap((name) =>
    table.columns.filter((column) => column.name === name && name !== 'tenant_id'),
  )
  if (!remains.gone && !remains.cleaned) return 0
  let changed = 0
  let after: readonly string[] | undefined
  do {
    const text = pageOf(table.name, key, remains, after !== undefined)
    const { rows }: { rows: Page[] } = await client.query(text, [tenantId, ...(after ?? [])])
    after = rows[0]?.last ?? undefined
    changed += rows[0]?.changed ?? 0
  } while (after !== undefined && key.length > 0)
  return changed
}

interface Page {
  /** The key of its last row, as text; null when there was none. */
  readonly last: readonly string[] | null
  readonly changed: number
}

function pageOf(name: string, key: TenantTable['columns'], { gone, cleaned }: Remains, goesOn: boolean): string {
  const table = quoted(name)
  const columns = key.map((column) => quoted(column.name))
  const of = (alias: string) => columns.map((column) => `${alias}.${column}`).join(', ')
  const backwards = columns.map((column) => `p.${column} DESC`).join(', ') || '1'
  const beyond = goesOn
    ? `AND (${of('t')}) > (${key.map(({ type }, index) => `$${index + 2}::${type}`).join(', ')})`
    : ''
  // Found again by their places: on few statistics the planner would compare every row with every row.
  const here = 't.ctid = ANY (ARRAY(SELECT p.ctid FROM page p))'
  const removing = `DELETE FROM ${table} t WHERE ${here} AND ${gone} RETURNING 1`
  const changing = `UPDATE ${table} t SET ${cleaned?.set}
    WHERE ${here} AND ${cleaned?.rows} ${gone ? `AND NOT (${gone})` : ''} RETURNING 1`
  return `
    WITH page AS MATERIALIZED (
      SELECT ${['t.ctid', ...columns.map((column) => `t.${column}`)].join(', ')} FROM ${table} t
      WHERE t.tenant_id = $1::uuid ${beyond} ORDER BY ${of('t') || '1'} LIMIT ${ROWS_AT_ONCE}
    ), gone AS (${gone ? removing : NOTHING}), cleaned AS (${cleaned ? changing : NOTHING})
    SELECT (SELECT ARRAY[${columns.map((column) => `p.${column}::text`).join(', ')}]::text[] FROM page p
            ORDER BY ${backwards} LIMIT 1) AS last,
           ((SELECT count(*) FROM gone) + (SELECT count(*) FROM cleaned))::int AS changed`
}

const NOTHING = 'SELECT WHERE FALSE'
