import type { Logger } from 'pino'
import type { Clock } from '../kernel/clock.ts'
import { insist } from '../kernel/insist.ts'
import type { Database } from './database.ts'

/** The leases that a node has on rows of one table. They are renewed while the work on the rows runs. */

/** How long a row is leased. A lease that has passed was left by a node that died, or that is cut off. */
export const LEASE_MS = 15_000
const RENEW_EVERY_MS = 5_000

export interface LeasedRow {
  readonly tenantId: string
  readonly id: string
  readonly leasedUntil: Date | null
}

interface Where {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly table: string
  /** The column with the end of the lease. */
  readonly column: string
}

export interface HeldLeases<Row extends LeasedRow> extends Where {
  /** The rows whose work is under way, each with the end of its lease. */
  readonly ends: Map<Row, Date>
  renewal: Promise<void> | undefined
  timer: NodeJS.Timeout | undefined
}

export function heldLeases<Row extends LeasedRow>(where: Where): HeldLeases<Row> {
  return { ...where, ends: new Map(), renewal: undefined, timer: undefined }
}

/** Notes the lease of a row that was taken. False when the work on the row is already under way on this node. */
export function hold<Row extends LeasedRow>(held: HeldLeases<Row>, row: Row): boolean {
  const { ends, clock } = held
  const underWay = [...ends.keys()].find(({ tenantId, id }) => tenantId === row.tenantId && id === row.id)
  ends.set(underWay ?? row, row.leasedUntil ?? clock.now())
  held.timer ??= setInterval(renew, RENEW_EVERY_MS, held).unref()
  return underWay === undefined
}

/** The work on the row has ended: its lease is renewed no more. */
export function forget<Row extends LeasedRow>(held: HeldLeases<Row>, row: Row): void {
  held.ends.delete(row)
  if (held.ends.size === 0) stopRenewing(held)
}

/** Gives the lease of a row back, so that the row can be taken at once. */
export async function release<Row extends LeasedRow>(held: HeldLeases<Row>, row: Row): Promise<void> {
  const { db, table, column, ends } = held
  // A renewal that is on its way would make the lease another than the one that is given back.
  await held.renewal
  const values = [row.tenantId, row.id, ends.get(row)]
  const text = `UPDATE ${table} SET ${column} = NULL WHERE tenant_id = $1 AND id = $2 AND ${column} = $3`
  await insist(() => db.query(`lease.end.${table}.${column}`, text, values))
}

export function stopRenewing(held: Pick<HeldLeases<LeasedRow>, 'timer'>): void {
  clearInterval(held.timer)
  held.timer = undefined
}

function renew<Row extends LeasedRow>(held: HeldLeases<Row>): void {
  held.renewal ??= renewAll(held)
    .catch((error) => held.log.warn({ err: error, table: held.table }, 'leases could not be renewed'))
    .finally(() => {
      held.renewal = undefined
    })
}

async function renewAll<Row extends LeasedRow>({ db, clock, table, column, ends }: HeldLeases<Row>): Promise<void> {
  const before = [...ends]
  const until = new Date(clock.now().getTime() + LEASE_MS)
  const kept = await db.query<{ tenantId: string; id: string }>(
    `lease.renew.${table}.${column}`,
    `UPDATE ${table} r SET ${column} = $1
     FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS held (tenant_id, id, leased_until)
     WHERE r.tenant_id = held.tenant_id AND r.id = held.id AND r.${column} = held.leased_until
     RETURNING r.tenant_id, r.id`,
    [until, before.map(([row]) => row.tenantId), before.map(([row]) => row.id), before.map(([, end]) => end)],
  )
  const ids = new Set(kept.map(({ tenantId, id }) => `${tenantId} ${id}`))
  for (const [row] of before) if (ends.has(row) && ids.has(`${row.tenantId} ${row.id}`)) ends.set(row, until)
}
