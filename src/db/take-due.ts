import type { Database } from './database.ts'
import type { LeasedRow, Room } from './due-work.ts'

/** How far is looked past rows whose share is full, before the next look leaves that share out. */
const LOOKED_AT = 256

interface Due {
  readonly table: string
  /** The column with the due time. */
  readonly at: string
  /** On whose clock the due time is read. */
  readonly clock: 'system' | 'tenant'
  /** What becomes of a row that is taken, as SQL over r and the moment taken.now; values begin with $8. */
  readonly set: string
  /** Which rows are not taken although they are due, as SQL over r; all are when left out. */
  readonly unless?: string
}

/** A tenant's work with one provider has a share. */
export function shareOf({ tenantId, provider }: { tenantId: string; provider: string }): string {
  return `${tenantId} ${provider}`
}

const SHARE = `r.tenant_id || ' ' || r.provider`

/**
 * Leases rows that are due, the earliest first and no more of a share than it has room for. What a node had leased that
 * died is due at once.
 */
export function takeDue<Row extends LeasedRow>(db: Database, due: Due, values: readonly unknown[]) {
  const text = textOf(due)
  return async ({ now, leaseEndsAt, leftBefore, total, perShare, shares }: Room) => {
    const room = [[...shares.keys()], [...shares.values()]]
    const given = [now, leaseEndsAt, leftBefore, total, perShare, ...room, ...values]
    const rows = await db.query<Row>(`lease.take.${due.table}`, text, given)
    return { rows, more: rows.length > 0 }
  }
}

function textOf({ table, at, clock, set, unless }: Due): string {
  const now = clock === 'tenant' ? `$1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'` : '$1::timestamptz'
  return `
    WITH full_or_busy AS MATERIALIZED (
      SELECT share, room FROM unnest($6::text[], $7::int[]) AS b (share, room)
    ), due AS MATERIALIZED (
      SELECT r.tenant_id, r.id, r.${at} AS at, ${SHARE} AS share, ${now} AS now
      FROM ${table} r JOIN tenant t ON t.id = r.tenant_id
      WHERE ((r.${at} <= ${now} AND r.leased_until IS NULL) OR r.leased_until <= $3)
        AND ${SHARE} <> ALL (ARRAY(SELECT share FROM full_or_busy WHERE room <= 0))
        ${unless ? `AND NOT (${unless})` : ''}
      ORDER BY r.${at} LIMIT ${LOOKED_AT}
    ), numbered AS (
      SELECT due.*, b.room, row_number() OVER (PARTITION BY due.share ORDER BY due.at, due.id) AS place
      FROM due LEFT JOIN full_or_busy b USING (share)
    ), found AS (
      SELECT tenant_id, id, now FROM numbered WHERE place <= coalesce(room, $5::int) ORDER BY at, id LIMIT $4::int
    ), taken AS (
      SELECT r.tenant_id, r.id, found.now
      FROM ${table} r JOIN found ON found.tenant_id = r.tenant_id AND found.id = r.id
      WHERE (r.${at} <= found.now AND r.leased_until IS NULL) OR r.leased_until <= $3
      FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE ${table} r SET leased_until = $2, ${set} FROM taken
    WHERE r.tenant_id = taken.tenant_id AND r.id = taken.id
    RETURNING r.*`
}
