import type { Database } from '../db/database.ts'
import { onBehalfOf } from '../db/requester.ts'
import type { Caller } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock } from '../kernel/clock.ts'

/**
 * How many requests may be made in a window, over all nodes. A node takes permits from the table in small blocks and
 * gives them out by itself: the nodes together never give out more than the limit, and at most a block each less.
 */

/** Windows begin at each quarter of an hour, on the system's clock. */
const WINDOW_MS = 15 * 60_000
const BLOCKS_PER_LIMIT = 500
/** What a page that watches one checkout needs with room: it may ask each second. */
const REQUESTS_OF_CHECKOUT = 1_000
/** Answers that nothing has changed are free as often as the limit says, and this often at least. */
const UNCHANGED_AT_LEAST = 100

/** Who is counted, and how much they may ask. */
export interface Allowance {
  readonly tenantId: string
  readonly id: string
  readonly limit: number
}

/**
 * What a caller may ask. The keys of one user are counted together, so that making more keys brings nothing; nobody in
 * particular is not counted here.
 */
export function allowanceOf(caller: Caller): Allowance | undefined {
  switch (caller.kind) {
    case 'key': {
      const { tenantId, userId, apiKeyId } = caller.actor
      return { tenantId, id: userId ?? apiKeyId, limit: caller.terms.rateLimit }
    }
    case 'checkout':
      return { tenantId: caller.tenantId, id: caller.checkoutId, limit: REQUESTS_OF_CHECKOUT }
    case 'anonymous':
      return undefined
  }
}

/** Where a caller stands in the present window. */
export interface Standing {
  readonly limit: number
  /** How many requests are left, as far as this node knows. */
  readonly remaining: number
  readonly resetAt: Date
}

/** The answer to one request for leave. */
export interface Permit extends Standing {
  readonly granted: boolean
  /** Takes the permit back, for an answer that nothing has changed, while such answers are free. */
  giveBack(): Promise<Standing>
}

/** One caller's permits on this node. */
interface Book extends Allowance {
  readonly unchanged: boolean
  /** Taken from the table and not given out. */
  left: number
  /** What all nodes had taken when the table was last asked. */
  taken: number
  waiting: number
  asking: Promise<void> | undefined
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
}

/** The books of the present window, which is the same for all callers, so that they are forgotten together. */
interface Limits extends Deps {
  books: Map<string, Book>
  startedAt: number
}

export function rateLimits(deps: Deps) {
  const limits: Limits = { ...deps, books: new Map(), startedAt: 0 }
  return bound(limits, { take: takePermit, forgetWindows })
}

/** Takes one permit for a request. */
async function takePermit(limits: Limits, allowance: Allowance): Promise<Permit> {
  const book = bookOf(limits, allowance, false)
  const window = limits.startedAt
  const granted = await takeFrom(limits, book, window)
  return {
    ...standing(book, window),
    granted,
    async giveBack() {
      const limit = Math.max(allowance.limit, UNCHANGED_AT_LEAST)
      if (granted && (await takeFrom(limits, bookOf(limits, { ...allowance, limit }, true), window))) book.left += 1
      return standing(book, window)
    },
  }
}

/** Forgets the windows that are over. */
async function forgetWindows({ db, clock }: Limits): Promise<void> {
  const windowsAgo = new Date(clock.now().getTime() - WINDOW_MS)
  await db.query('rate-limit.forget', 'DELETE FROM rate_window WHERE started_at < $1', [windowsAgo])
}

function bookOf(limits: Limits, allowance: Allowance, unchanged: boolean): Book {
  const now = limits.clock.now().getTime()
  if (now - limits.startedAt >= WINDOW_MS || now < limits.startedAt) {
    limits.startedAt = now - (now % WINDOW_MS)
    limits.books = new Map()
  }
  // Two keys of one user may have different limits: each stops where the requests of both reach its own.
  const name = `${allowance.id} ${allowance.limit} ${unchanged}`
  const book = limits.books.get(name) ?? { ...allowance, unchanged, left: 0, taken: 0, waiting: 0, asking: undefined }
  limits.books.set(name, book)
  return book
}

function standing({ limit, taken, left }: Book, window: number): Standing {
  return { limit, remaining: limit - taken + left, resetAt: new Date(window + WINDOW_MS) }
}

/** Takes one permit out of a book, which costs a statement only when the node's block is used up. */
async function takeFrom(deps: Deps, book: Book, window: number): Promise<boolean> {
  book.waiting += 1
  try {
    while (book.left === 0 && book.taken < book.limit) {
      book.asking ??= onBehalfOf({ party: book.tenantId }, () => takeBlock(deps, book, window)).finally(() => {
        book.asking = undefined
      })
      await book.asking
    }
  } finally {
    book.waiting -= 1
  }
  if (book.left === 0) return false
  book.left -= 1
  return true
}

/** Takes a block of permits from the table, or as many as wait. */
async function takeBlock({ db }: Deps, book: Book, window: number): Promise<void> {
  const { tenantId, id, limit, unchanged } = book
  const wanted = Math.max(Math.floor(limit / BLOCKS_PER_LIMIT), book.waiting)
  const [row] = await db.query<{ used: number; startedAt: Date }>(
    'rate-limit.take',
    `INSERT INTO rate_window AS w (tenant_id, id, unchanged, started_at, used) VALUES ($1, $2, $6, $3, $4)
     ON CONFLICT (tenant_id, id, unchanged) DO UPDATE
       SET used = CASE WHEN w.started_at < excluded.started_at THEN 0 ELSE w.used END + excluded.used,
           started_at = greatest(w.started_at, excluded.started_at)
       WHERE w.started_at < excluded.started_at OR w.used < $5
     RETURNING used, started_at`,
    [tenantId, id, new Date(window), wanted, limit, unchanged],
  )
  book.taken = Math.min(row?.used ?? limit, limit)
  if (!row) return
  const tooMany = Math.max(0, row.used - limit)
  book.left += wanted - tooMany
  if (tooMany > 0) await putBack(db, book, row.startedAt, tooMany)
}

/** What stood above the limit was not granted, and is there again should the limit be raised. */
async function putBack(db: Database, { tenantId, id, unchanged }: Book, window: Date, tooMany: number): Promise<void> {
  await db.query(
    'rate-limit.put-back',
    `UPDATE rate_window SET used = used - $4
     WHERE tenant_id = $1 AND id = $2 AND started_at = $3 AND unchanged = $5`,
    [tenantId, id, window, tooMany, unchanged],
  )
}
