import type { Database } from '../db/database.ts'
import { onBehalfOf } from '../db/requester.ts'
import type { Clock } from '../kernel/clock.ts'

/**
 * How many requests each key may make in a window, over all nodes. A node takes permits from the table in small blocks
 * and gives them out by itself: the nodes together never give out more than the limit, and at most a block each less.
 */

/** Windows begin at each quarter of an hour, on the system's clock. */
const WINDOW_MS = 15 * 60_000
const BLOCKS_PER_LIMIT = 500

/** Where a key stands in the present window. */
export interface Standing {
  readonly limit: number
  /** How many requests it has left, as far as this node knows. */
  readonly remaining: number
  readonly resetAt: Date
}

/** The answer to one request for leave. */
export interface Permit extends Standing {
  readonly granted: boolean
  /** Takes the permit back, for a request that cost nothing. */
  giveBack(): Standing
}

/** One key's permits on this node. */
interface Book {
  readonly limit: number
  /** Taken from the table and not given out. */
  left: number
  /** What all nodes had taken when the table was last asked. */
  taken: number
  waiting: number
  asking: Promise<void> | undefined
}

interface Key {
  readonly tenantId: string
  readonly apiKeyId: string
}

export function rateLimits({ db, clock }: { db: Database; clock: Clock }) {
  let books = new Map<string, Book>()
  let startedAt = 0

  /** The window of all keys is the same, so that they are forgotten together. */
  function bookOf({ apiKeyId }: Key, limit: number): Book {
    const now = clock.now().getTime()
    if (now - startedAt >= WINDOW_MS || now < startedAt) {
      startedAt = now - (now % WINDOW_MS)
      books = new Map()
    }
    let book = books.get(apiKeyId)
    // Permits that were taken under another limit are let go.
    if (book?.limit !== limit) {
      book = { limit, left: 0, taken: 0, waiting: 0, asking: undefined }
      books.set(apiKeyId, book)
    }
    return book
  }

  async function ask({ tenantId, apiKeyId }: Key, book: Book, window: number): Promise<void> {
    const { limit } = book
    const wanted = Math.max(Math.floor(limit / BLOCKS_PER_LIMIT), book.waiting)
    const [row] = await db.query<{ used: number; startedAt: Date }>(
      'rate-limit.take',
      `INSERT INTO rate_window AS w (tenant_id, id, started_at, used) VALUES ($1, $2, $3, $4)
       ON CONFLICT (tenant_id, id) DO UPDATE
         SET used = CASE WHEN w.started_at < excluded.started_at THEN 0 ELSE w.used END + excluded.used,
             started_at = greatest(w.started_at, excluded.started_at)
         WHERE w.started_at < excluded.started_at OR w.used < $5
       RETURNING used, started_at`,
      [tenantId, apiKeyId, new Date(window), wanted, limit],
    )
    book.taken = Math.min(row?.used ?? limit, limit)
    if (!row) return
    const tooMany = Math.max(0, row.used - limit)
    book.left += wanted - tooMany
    if (tooMany > 0) await putBack(tenantId, apiKeyId, row.startedAt, tooMany)
  }

  /** What stood above the limit was not granted, and is there again should the limit be raised. */
  async function putBack(tenantId: string, apiKeyId: string, window: Date, tooMany: number): Promise<void> {
    await db.query(
      'rate-limit.put-back',
      'UPDATE rate_window SET used = used - $4 WHERE tenant_id = $1 AND id = $2 AND started_at = $3',
      [tenantId, apiKeyId, window, tooMany],
    )
  }

  function standing({ limit, taken, left }: Book, window: number): Standing {
    return { limit, remaining: limit - taken + left, resetAt: new Date(window + WINDOW_MS) }
  }

  return {
    /** Takes one permit, which costs a statement only when the node's block is used up. */
    async take(key: Key, limit: number): Promise<Permit> {
      const book = bookOf(key, limit)
      const window = startedAt
      book.waiting += 1
      try {
        while (book.left === 0 && book.taken < limit) {
          book.asking ??= onBehalfOf({ party: key.tenantId }, () => ask(key, book, window)).finally(() => {
            book.asking = undefined
          })
          await book.asking
        }
      } finally {
        book.waiting -= 1
      }
      const granted = book.left > 0
      if (granted) book.left -= 1
      return {
        ...standing(book, window),
        granted,
        giveBack() {
          if (granted) book.left += 1
          return standing(book, window)
        },
      }
    },
  }
}
