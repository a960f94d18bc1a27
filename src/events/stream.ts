import type { Database } from '../db/database.ts'
import type { EventRow } from '../db/rows.ts'
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

export async function openStream(db: Database, { onError, onDeliveries }: Hooks) {
  const tails = new Map<string, Tail>()
  function wake(tenantId: string): void {
    const tail = tails.get(tenantId)
    if (!tail) return
    if (tail.reading) {
      tail.again = true
      return
    }
    tail.reading = true
    advance(tenantId, tail).catch((error) => {
      tail.reading = false
      onError(error)
    })
  }

  async function advance(tenantId: string, tail: Tail): Promise<void> {
    await tail.ready
    for (let full = true; full || tail.again; ) {
      tail.again = false
      const rows = await readAfter(db, { tenantId }, tail.last, PAGE)
      for (const row of rows) handOver(tail, row)
      full = rows.length === PAGE
    }
    tail.reading = false
  }

  function tailOf(tenantId: string): Tail {
    let tail = tails.get(tenantId)
    if (!tail) {
      const opened: Tail = { last: 0n, readers: new Set(), ready: Promise.resolve(), reading: false, again: false }
      opened.ready = head(db, tenantId).then((last) => {
        opened.last = last
      })
      opened.ready.catch(() => tails.delete(tenantId))
      tails.set(tenantId, opened)
      tail = opened
    }
    return tail
  }

  function wakeAll(): void {
    for (const tenantId of tails.keys()) wake(tenantId)
  }

  const [events = '', webhooks = ''] = await channelsOf(db, [EVENTS, WEBHOOKS])
  const listener = await openListener({
    url: db.sessionUrl,
    channels: [events, webhooks],
    onListening() {
      wakeAll()
      onDeliveries()
    },
    onNotification: (channel, payload) => (channel === events ? wake(payload) : onDeliveries()),
    onError,
    onSilence: db.leaveConnections,
  })
  const sweep = setInterval(wakeAll, SWEEP_MS)
  sweep.unref()

  return {
    /**
     * The events that match, from the cursor on, then live; from now on when no cursor is given.
     * Each comes exactly once. A reader that stops reading is ended with a SlowReaderError and resumes by its cursor.
     */
    follow(follow: Follow): AsyncIterableIterator<EventRow> {
      const tail = tailOf(follow.tenantId)
      return new EventReader(follow, tail, {
        read: (after, limit) => readAfter(db, follow, after, limit),
        released: () => {
          if (tail.readers.size === 0 && tails.get(follow.tenantId) === tail) tails.delete(follow.tenantId)
        },
      })
    },
    async close(): Promise<void> {
      clearInterval(sweep)
      for (const tail of tails.values()) for (const reader of [...tail.readers]) reader.end()
      listener.close()
    },
  }
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
