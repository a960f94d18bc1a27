import type { ClockReading } from '../kernel/clock.ts'
import type { Database } from './database.ts'
import type { Room } from './due-work.ts'
import type { LeasedRow } from './held-leases.ts'

/** How far is looked past rows whose share is full, before the next look leaves that share out. */
const LOOKED_AT = 256

interface Due {
  readonly table: string
  /** The column with the due time. */
  readonly at: string
  /** On whose clock the due time is read. */
  readonly clock: 'system' | 'tenant'
  /** The column with the end of the lease, where the table has more than one kind of work; leased_until when left out. */
  readonly lease?: string
  /** Who shares, as SQL over r; a tenant's work with one provider has a share when left out. */
  readonly share?: string
  /** What becomes of a row that is taken, as SQL over r and the moment taken.now; values begin with $8. */
  readonly set: string
  /** Which rows are not taken although they are due, as SQL over r and the moment m.now; all are when left out. */
  readonly unless?: string
}

/** The `set` of what is looked at again ever later, as values say: the first wait in seconds, and the longest. */
export const waitsLonger = (count: string, at: string): string =>
  `${count} = r.${count} + 1, ${at} = taken.now + least($8 * power(2, least(r.${count}, 12)), $9) * interval '1 second'`

/** A row that was taken, with the share that it counts for and its tenant's clock as it was read with it. */
export type Taken<Row> = Row & LeasedRow & ClockReading & { readonly share: string }

const TENANT_AND_PROVIDER = `r.tenant_id || ' ' || r.provider`

export function shareOf({ share }: { share: string }): string {
  return share
}

/**
 * Leases rows that are due, the earliest first and no more of a share than it has room for. What a node had leased that
 * died is due at once. Where fewer come than the least room that anybody has, nothing was left out for want of room.
 */
export function takeDue<Row>(db: Database, due: Due, values: readonly unknown[]) {
  const text = textOf(due)
  const name = `lease.take.${due.table}.${due.at}`
  return async ({ now, leaseEndsAt, leftBefore, total, perShare, shares }: Room) => {
    const room = [[...shares.keys()], [...shares.values()]]
    const given = [now, leaseEndsAt, leftBefore, total, perShare, ...room, ...values]
    const rows = await db.query<Taken<Row>>(name, text, given)
    const leastRoom = Math.min(total, perShare, ...[...shares.values()].filter((left) => left > 0))
    return { rows, more: rows.length >= leastRoom }
  }
}

/**
 * A tenant's clock runs ahead or not at all: what is due by the system's clock is due everywhere, and only turned clocks
 * need a look of their own. Each look is a range of an index, so that rows that are not due cost nothing.
 */
function textOf({ table, at, clock, lease = 'leased_until', share = TENANT_AND_PROVIDER, set, unless }: Due): string {
  const tenantsNow = `$1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'`
  const now = clock === 'tenant' ? tenantsNow : '$1::timestamptz'
  const found = (rows: string, which: string) => `
      SELECT r.tenant_id, r.id, r.${at} AS at, ${share} AS share, m.now, t.clock_ahead_ms
      FROM ${rows} CROSS JOIN LATERAL (SELECT ${now} AS now) m
      WHERE ${which} AND ${share} <> ALL (ARRAY(SELECT share FROM full_or_busy WHERE room <= 0))
        ${unless ? `AND NOT (${unless})` : ''}
      ORDER BY r.${at} LIMIT ${LOOKED_AT}`
  const everywhere = `${table} r JOIN tenant t ON t.id = r.tenant_id`
  const turned = `
    UNION ALL
    SELECT ahead.* FROM tenant t CROSS JOIN LATERAL (${found(
      `${table} r`,
      `r.tenant_id = t.id AND r.${at} > $1 AND r.${at} <= ${tenantsNow} AND r.${lease} IS NULL`,
    )}) ahead
    WHERE t.clock_ahead_ms > 0`
  return `
    WITH full_or_busy AS MATERIALIZED (
      SELECT share, room FROM unnest($6::text[], $7::int[]) AS b (share, room)
    ), due AS MATERIALIZED (
    (${found(everywhere, `r.${at} <= $1 AND r.${lease} IS NULL`)})
    UNION ALL
    (${found(everywhere, `r.${lease} <= $3`)})${clock === 'tenant' ? turned : ''}
    ), numbered AS (
      SELECT due.*, b.room, row_number() OVER (PARTITION BY due.share ORDER BY due.at, due.id) AS place
      FROM due LEFT JOIN full_or_busy b USING (share)
    ), chosen AS (
      SELECT tenant_id, id, at, share, now, clock_ahead_ms FROM numbered WHERE place <= coalesce(room, $5::int) ORDER BY at, id LIMIT $4::int
    ), taken AS (
      SELECT r.tenant_id, r.id, chosen.share, chosen.now, chosen.clock_ahead_ms
      FROM ${table} r JOIN chosen ON chosen.tenant_id = r.tenant_id AND chosen.id = r.id
      WHERE (r.${at} = chosen.at AND r.${lease} IS NULL) OR r.${lease} <= $3
      FOR UPDATE OF r SKIP LOCKED
    )
    UPDATE ${table} r SET ${lease} = $2, ${set} FROM taken
    WHERE r.tenant_id = taken.tenant_id AND r.id = taken.id
    RETURNING r.*, taken.share, taken.clock_ahead_ms::float8 AS clock_ahead_ms, r.${lease} AS leased_until`
}
