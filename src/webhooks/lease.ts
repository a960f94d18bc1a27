import type { Database } from '../db/database.ts'
import type { Room } from '../db/due-work.ts'
import type { WebhookDeliveryRow } from '../db/rows.ts'
import type { SentEvent } from './message.ts'

/** A delivery that this node alone may send until its lease ends, with all that it takes to send it. */
export interface Leased extends Omit<WebhookDeliveryRow, 'leasedUntil'> {
  readonly leasedUntil: Date
  /** Where it goes: the endpoint or the checkout. */
  readonly placeId: string
  readonly url: string
  /** Whether the place still wants to hear. */
  readonly wanted: boolean
  /** The tenant's time. */
  readonly now: Date
  /** Of an endpoint; null where the tenant's own secret signs. */
  readonly secret: Uint8Array<ArrayBuffer> | null
  readonly previousSecret: Uint8Array<ArrayBuffer> | null
  readonly previousEndsAt: Date | null
  readonly event: SentEvent
  readonly trace: string | null
}

/** How far is looked past deliveries whose places have no room, before the next look leaves those places out. */
const LOOKED_AT = 256

/** Where nothing was taken there is one row, which tells only whether there is more. */
type Row = Omit<Leased, 'event'> & Record<`event${string}`, unknown> & { readonly more: boolean }

/**
 * Takes the deliveries that are due and come next for their entity at their place, and says whether another look may
 * find more: some were found, though another node may have been faster. A tenant's clock runs ahead or not at
 * all, so that what is due by the system's clock is due everywhere, and only turned clocks need a look of their own.
 */
export async function lease(db: Database, room: Room): Promise<{ rows: Leased[]; more: boolean }> {
  const { now, leaseEndsAt, leftBefore, total, perShare, shares } = room
  const places = [[...shares.keys()], [...shares.values()]]
  const found = await db.query<Row>('webhooks.lease', LEASE, [now, leaseEndsAt, total, perShare, ...places, leftBefore])
  const rows = found.filter(({ id }) => id !== null).map((row) => ({ ...row, event: eventOf(row) }))
  return { rows, more: found[0]?.more ?? false }
}

function eventOf(row: Row): SentEvent {
  return {
    id: row.eventId,
    cursor: row.cursor,
    entityId: row.entityId,
    type: row.eventType as SentEvent['type'],
    at: row.eventAt as Date,
    sequence: row.eventSequence as number,
    entityKind: row.eventEntityKind as string,
    requestId: row.eventRequestId as string | null,
    payload: row.eventPayload as SentEvent['payload'],
  }
}

const FREE = `(d.leased_until IS NULL OR d.leased_until <= $7)
  AND coalesce(d.endpoint_id, d.checkout_id) <> ALL (ARRAY(SELECT b.place_id FROM busy b WHERE b.room <= 0))
  AND NOT EXISTS (
    SELECT FROM webhook_delivery e
    WHERE e.tenant_id = d.tenant_id AND e.entity_id = d.entity_id AND e.cursor < d.cursor AND e.next_attempt_at IS NOT NULL
      AND coalesce(e.endpoint_id, e.checkout_id) = coalesce(d.endpoint_id, d.checkout_id))
  ORDER BY d.next_attempt_at, d.cursor LIMIT ${LOOKED_AT}`

const LEASE = `
  WITH busy AS (
    SELECT place_id, room FROM unnest($5::uuid[], $6::int[]) AS b (place_id, room)
  ), due AS MATERIALIZED (
    (SELECT d.* FROM webhook_delivery d WHERE d.next_attempt_at <= $1 AND ${FREE})
    UNION ALL
    SELECT turned.* FROM tenant t CROSS JOIN LATERAL (
      SELECT d.* FROM webhook_delivery d
      WHERE d.tenant_id = t.id AND d.next_attempt_at > $1
        AND d.next_attempt_at <= $1 + t.clock_ahead_ms * interval '1 millisecond' AND ${FREE}) AS turned
    WHERE t.clock_ahead_ms > 0
  ), numbered AS (
    SELECT d.tenant_id, d.id, d.next_attempt_at, d.cursor, b.room,
           row_number() OVER (PARTITION BY coalesce(d.endpoint_id, d.checkout_id) ORDER BY d.next_attempt_at, d.cursor) AS place
    FROM due d LEFT JOIN busy b ON b.place_id = coalesce(d.endpoint_id, d.checkout_id)
  ), found AS (
    SELECT * FROM numbered WHERE place <= coalesce(room, $4::int) ORDER BY next_attempt_at, cursor LIMIT $3::int
  ), taken AS (
    SELECT d.tenant_id, d.id FROM webhook_delivery d JOIN found ON found.tenant_id = d.tenant_id AND found.id = d.id
    WHERE d.next_attempt_at IS NOT NULL AND (d.leased_until IS NULL OR d.leased_until <= $7)
    FOR UPDATE OF d SKIP LOCKED
  ), leased AS (
    UPDATE webhook_delivery d SET leased_until = $2 FROM taken
    WHERE d.tenant_id = taken.tenant_id AND d.id = taken.id
    RETURNING d.*
  )
  SELECT looked.count > 0 AS more, d.*, coalesce(d.endpoint_id, d.checkout_id) AS place_id, coalesce(w.url, c.webhook_url) AS url,
         d.endpoint_id IS NULL OR (w.active AND w.deleted_at IS NULL) AS wanted,
         $1 + t.clock_ahead_ms * interval '1 millisecond' AS now, w.secret, w.previous_secret, w.previous_ends_at,
         e.type AS event_type, e.at AS event_at, e.sequence AS event_sequence, e.entity_kind AS event_entity_kind,
         e.request_id AS event_request_id, e.payload AS event_payload, e.trace
  FROM (SELECT count(*) FROM found) AS looked
  LEFT JOIN leased d ON TRUE
  LEFT JOIN tenant t ON t.id = d.tenant_id
  LEFT JOIN event e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
  LEFT JOIN webhook_endpoint w ON w.tenant_id = d.tenant_id AND w.id = d.endpoint_id
  LEFT JOIN checkout c ON c.tenant_id = d.tenant_id AND c.id = d.checkout_id
  ORDER BY d.next_attempt_at, d.cursor`
