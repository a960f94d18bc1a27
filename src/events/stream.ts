import type { Database } from '../db/database.ts'
import type { EventRow } from '../db/rows.ts'
import { bound } from '../kernel/bound.ts'
import { openListener } from './listener.ts'
import { EventReader, type Follow, matches, type Tail } from './reader.ts'

/**
 * Live events. The table is the truth and a notification only a wake-up: on each the node reads the rows after the
 * last it saw and hands them to its readers. Cursors count commits, so a reader at n has missed nothing below n.
 */

const EVENTS = 'tollgate_events'
const WEBHOOKS = 'tollgate_webhooks'
const PAGE = 500
/** Wakes every tail now and then, should a notification have been lost with its connection. */
const SWEEP_MS = 2_000

interface Hooks {
  onError(error: unknown): void
  /** Deliveries of events have become due, by a commit on any node. */
  onDeliveries(): void
}

/** The events of each tenant that somebody reads, as far as this node has read them. */
interface Tails {
  readonly db: Database
  readonly byTenant: Map<string, Tail>
  readonly onError: Hooks['onError']
}

export async function openStream(db: Database, { onError, onDeliveries }: Hooks) {
  const tails: Tails = { db, byTenant: new Map(), onError }
  const [events = '', webhooks = ''] = await channelsOf(db, [EVENTS, WEBHOOKS])
  const listener = await openListener({
    url: db.sessionUrl,
    channels: [events, webhooks],
    onListening() {
      wakeAll(tails)
      onDeliveries()
    },
    onNotification: (channel, payload) => (channel === events ? wake(tails, payload) : onDeliveries()),
    onError,
    onSilence: db.leaveConnections,
  })
  const sweep = setInterval(wakeAll, SWEEP_MS, tails)
  sweep.unref()
  return {
    ...bound(tails, { follow: followEvents }),
    async close(): Promise<void> {
      clearInterval(sweep)
      for (const { readers } of tails.byTenant.values()) for (const reader of [...readers]) reader.end()
      listener.close()
    },
  }
}

/**
 * The events that match, from the cursor on, then live; from now on when no cursor is given.
 * Each comes exactly once. A reader that stops reading is ended with a SlowReaderError and resumes by its cursor.
 */
function followEvents(tails: Tails, follow: Follow): AsyncIterableIterator<EventRow> {
  const { db, byTenant } = tails
  const tail = tailOf(tails, follow.tenantId)
  return new EventReader(follow, tail, {
    read: (after, limit) => readAfter(db, follow, after, limit),
    released: () => {
      if (tail.readers.size === 0 && byTenant.get(follow.tenantId) === tail) byTenant.delete(follow.tenantId)
    },
  })
}

function wakeAll(tails: Tails): void {
  for (const tenantId of tails.byTenant.keys()) wake(tails, tenantId)
}

function wake({ db, byTenant, onError }: Tails, tenantId: string): void {
  const tail = byTenant.get(tenantId)
  if (!tail) return
  if (tail.reading) {
    tail.again = true
    return
  }
  tail.reading = true
  advance(db, tenantId, tail).catch((error) => {
    tail.reading = false
    onError(error)
  })
}

async function advance(db: Database, tenantId: string, tail: Tail): Promise<void> {
  await tail.ready
  for (let full = true; full || tail.again; ) {
    tail.again = false
    const rows = await readAfter(db, { tenantId }, tail.last, PAGE)
    for (const row of rows) handOver(tail, row)
    full = rows.length === PAGE
  }
  tail.reading = false
}

function tailOf({ db, byTenant }: Tails, tenantId: string): Tail {
  const known = byTenant.get(tenantId)
  if (known) return known
  const tail: Tail = { last: 0n, readers: new Set(), ready: Promise.resolve(), reading: false, again: false }
  tail.ready = head(db, tenantId).then((last) => {
    tail.last = last
  })
  tail.ready.catch(() => byTenant.delete(tenantId))
  byTenant.set(tenantId, tail)
  return tail
}

/** Channels belong to the database; ours are named as `notify_nodes` names them, by our schema. */
async function channelsOf(db: Database, names: readonly string[]): Promise<string[]> {
  const [row] = await db.query<{ schema: bigint }>(
    'events.schema',
    'SELECT quote_ident(current_schema())::regnamespace::oid::int8 AS schema',
  )
  return names.map((name) => `${name}_${row?.schema}`)
}

function handOver(tail: Tail, row: EventRow): void {
  tail.last = row.cursor
  for (const reader of tail.readers) if (matches(reader.follow, row)) reader.push(row)
}

async function head(db: Database, tenantId: string): Promise<bigint> {
  const [row] = await db.query<{ last: bigint }>('events.head', 'SELECT last FROM event_counter WHERE tenant_id = $1', [
    tenantId,
  ])
  return row?.last ?? 0n
}

function readAfter(db: Database, follow: Follow, after: bigint, limit: number): Promise<EventRow[]> {
  return db.query<EventRow>(
    'events.after',
    `SELECT * FROM event
     WHERE tenant_id = $1 AND cursor > $2
       AND ($3::text[] IS NULL OR type = ANY ($3)) AND ($4::uuid IS NULL OR topic_id = $4)
     ORDER BY cursor LIMIT $5`,
    [follow.tenantId, after, follow.types ?? null, follow.topicId ?? null, limit],
  )
}
