import { AsyncResource } from 'node:async_hooks'
import type { Logger } from 'pino'
import type { Clock } from '../kernel/clock.ts'
import { insist } from '../kernel/insist.ts'
import type { Database } from './database.ts'

/**
 * Rows whose time has come, each done by one node. A row is leased for a few seconds, and the lease is renewed while the
 * work runs, so that what a node had in hand when it died is soon taken up by another. Much is done at once, and nobody
 * has more than their share of it: what is slow or fails holds up nothing else.
 */

/** How long a row is leased. A lease that has passed was left by a node that died, or that is cut off. */
export const LEASE_MS = 15_000
const RENEW_EVERY_MS = 5_000
/** How long a node that stops waits for what it has in hand. The leases end, and another node does the rest. */
const STOP_PATIENCE_MS = 5_000

export interface LeasedRow {
  readonly tenantId: string
  readonly id: string
  readonly leasedUntil: Date | null
}

/** What a node can take, and on which terms. */
export interface Room {
  readonly now: Date
  readonly leaseEndsAt: Date
  /** Leases that ended by then were left behind. */
  readonly leftBefore: Date
  readonly total: number
  /** How many for a share of which nothing is under way. */
  readonly perShare: number
  /** How many more for each of the others; nought or less is none. */
  readonly shares: ReadonlyMap<string, number>
}

interface Parts<Row extends LeasedRow> {
  readonly table: string
  /** The column with the end of the lease, where the table has more than one kind of work; leased_until when left out. */
  readonly lease?: string
  readonly atOnce: number
  readonly perShare: number
  /** Leases rows that are due; says whether another look may find more. */
  take(room: Room): Promise<{ rows: Row[]; more: boolean }>
  /** Who shares: rows with the same share are not done more than so many at once. */
  shareOf(row: Row): string
  /** The shares that have less than the usual, and how many each may have under way. */
  narrowed?(): Iterable<readonly [share: string, atOnce: number]>
  work(row: Row): Promise<void>
  /** The work itself ends the lease when it succeeds, with what it writes. */
  readonly endsLease?: boolean
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
}

export interface DueWork {
  /** Looks for what is due and begins with it. Rejects when that cannot be looked up. */
  look(): Promise<void>
  /** The same, for those who wait for nothing. */
  wake(): void
  /** Ends when nothing is under way on this node. */
  idle(): Promise<void>
  /** Looks, waits for everything that is under way and answers how much of it was done well. */
  run(): Promise<number>
  close(): Promise<void>
}

export function dueWork<Row extends LeasedRow>({ db, clock, log }: Deps, parts: Parts<Row>): DueWork {
  const { table, lease = 'leased_until', atOnce, perShare } = parts
  /** What is under way, each with the end of its lease. */
  const leases = new Map<Row, Date>()
  const busy = new Map<string, number>()
  let looking: Promise<void> | undefined
  let renewing: Promise<void> | undefined
  let renewal: NodeJS.Timeout | undefined
  let again = false
  let closed = false
  let done = 0
  let cutOff = false
  /** As performance.now() has it. */
  let honouredUntil = 0
  let resting: (() => void)[] = []

  function look(): Promise<void> {
    if (closed) return Promise.resolve()
    again = true
    looking ??= lookOn().finally(() => {
      looking = undefined
      if (again) wake()
      rest()
    })
    return looking
  }

  /** In the context of the start: what is found is not the work of the request that woke it. */
  const lookOn = AsyncResource.bind(async (): Promise<void> => {
    try {
      while (again && !closed && leases.size < atOnce) {
        again = false
        const { rows, more } = await parts.take(room())
        noteContact(true)
        for (const row of rows) takeUp(row)
        again ||= more
      }
      again = false
    } catch (error) {
      again = false
      noteContact(false)
      throw error
    }
  })

  /** Whoever was cut off along with this node gets as long as a lease to say what they did meanwhile. */
  function noteContact(reached: boolean): void {
    if (reached && cutOff) honouredUntil = performance.now() + LEASE_MS
    cutOff = !reached
  }

  function room(): Room {
    const now = clock.now()
    const narrowed = new Map(parts.narrowed?.() ?? [])
    const shares = new Map([...busy].map(([share, count]) => [share, (narrowed.get(share) ?? perShare) - count]))
    for (const [share, most] of narrowed) if (!shares.has(share)) shares.set(share, most)
    const leftBefore = performance.now() < honouredUntil ? new Date(0) : now
    const leaseEndsAt = new Date(now.getTime() + LEASE_MS)
    return { now, leaseEndsAt, leftBefore, total: atOnce - leases.size, perShare, shares }
  }

  /** A lease that passed while the work goes on, since the clock was turned or the node stood still, is not begun again. */
  function takeUp(row: Row): void {
    const underWay = [...leases.keys()].find(({ tenantId, id }) => tenantId === row.tenantId && id === row.id)
    if (underWay) leases.set(underWay, row.leasedUntil ?? clock.now())
    else start(row)
  }

  function start(row: Row): void {
    leases.set(row, row.leasedUntil ?? clock.now())
    count(row, 1)
    renewal ??= setInterval(renew, RENEW_EVERY_MS).unref()
    doOne(row).finally(() => {
      leases.delete(row)
      count(row, -1)
      if (leases.size === 0) stopRenewing()
      wake()
      rest()
    })
  }

  async function doOne(row: Row): Promise<void> {
    const { tenantId, id } = row
    try {
      await parts.work(row)
      done += 1
      if (parts.endsLease) return
    } catch (error) {
      log.warn({ err: error, table, id, tenantId }, 'due work failed and will be retried')
    }
    await release(row).catch((error) => log.error({ err: error, table, id, tenantId }, 'a lease could not be released'))
  }

  function count(row: Row, by: 1 | -1): void {
    const share = parts.shareOf(row)
    const left = (busy.get(share) ?? 0) + by
    if (left === 0) busy.delete(share)
    else busy.set(share, left)
  }

  function renew(): void {
    renewing ??= renewAll()
      .catch((error) => log.warn({ err: error, table }, 'leases could not be renewed'))
      .finally(() => {
        renewing = undefined
      })
  }

  async function renewAll(): Promise<void> {
    const held = [...leases]
    const until = new Date(clock.now().getTime() + LEASE_MS)
    const kept = await db.query<{ tenantId: string; id: string }>(
      `lease.renew.${table}.${lease}`,
      `UPDATE ${table} r SET ${lease} = $1
       FROM unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) AS held (tenant_id, id, leased_until)
       WHERE r.tenant_id = held.tenant_id AND r.id = held.id AND r.${lease} = held.leased_until
       RETURNING r.tenant_id, r.id`,
      [until, held.map(([row]) => row.tenantId), held.map(([row]) => row.id), held.map(([, end]) => end)],
    )
    const ids = new Set(kept.map(({ tenantId, id }) => `${tenantId} ${id}`))
    for (const [row] of held) if (leases.has(row) && ids.has(`${row.tenantId} ${row.id}`)) leases.set(row, until)
  }

  function stopRenewing(): void {
    clearInterval(renewal)
    renewal = undefined
  }

  async function release(row: Row): Promise<void> {
    // A renewal that is on its way would make the lease another than the one that is given back.
    await renewing
    const values = [row.tenantId, row.id, leases.get(row)]
    const text = `UPDATE ${table} SET ${lease} = NULL WHERE tenant_id = $1 AND id = $2 AND ${lease} = $3`
    await insist(() => db.query(`lease.end.${table}.${lease}`, text, values))
  }

  function wake(): void {
    look().catch((error) => log.error({ err: error, table }, 'reading the due work failed'))
  }

  function rest(): void {
    if (leases.size > 0 || looking) return
    for (const resolve of resting) resolve()
    resting = []
  }

  async function idle(): Promise<void> {
    if (leases.size > 0 || looking) await new Promise<void>((resolve) => resting.push(resolve))
  }

  return {
    look,
    wake,
    idle,
    async run(): Promise<number> {
      const before = done
      await look()
      await idle()
      return done - before
    },
    async close(): Promise<void> {
      closed = true
      const patience = new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref())
      await Promise.race([idle(), patience])
      stopRenewing()
    },
  }
}
