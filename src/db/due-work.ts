import { AsyncResource } from 'node:async_hooks'
import type { Logger } from 'pino'
import type { Clock } from '../kernel/clock.ts'
import type { Database } from './database.ts'
import {
  forget,
  type HeldLeases,
  heldLeases,
  hold,
  LEASE_MS,
  type LeasedRow,
  release,
  stopRenewing,
} from './held-leases.ts'

/**
 * Rows whose time has come, each done by one node. A row is leased for a few seconds, and the lease is renewed while the
 * work runs, so that what a node had in hand when it died is soon taken up by another. Much is done at once, and nobody
 * has more than their share of it: what is slow or fails holds up nothing else.
 */

/** How long a node that stops waits for what it has in hand. The leases end, and another node does the rest. */
const STOP_PATIENCE_MS = 5_000

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

/** What this node does of a kind of work. */
interface Node<Row extends LeasedRow> extends Deps {
  readonly parts: Parts<Row>
  readonly leases: HeldLeases<Row>
  /** How much is under way of each share. */
  readonly busy: Map<string, number>
  /** Runs something in the context of the start: what is found is not the work of the request that woke it. */
  readonly outside: (run: () => Promise<void>) => Promise<void>
  looking: Promise<void> | undefined
  /** Whether to look once more after the present look. */
  again: boolean
  closed: boolean
  /** How much was done well. */
  done: number
  cutOff: boolean
  /** Until when leases that have passed are honoured, as performance.now() has it. */
  honouredUntil: number
  /** Those who wait until nothing is under way. */
  waiting: (() => void)[]
}

export function dueWork<Row extends LeasedRow>(deps: Deps, parts: Parts<Row>): DueWork {
  const { table, lease: column = 'leased_until' } = parts
  const node: Node<Row> = {
    ...deps,
    parts,
    leases: heldLeases({ ...deps, table, column }),
    busy: new Map(),
    outside: AsyncResource.bind((run: () => Promise<void>) => run()),
    looking: undefined,
    again: false,
    closed: false,
    done: 0,
    cutOff: false,
    honouredUntil: 0,
    waiting: [],
  }
  return {
    look: () => look(node),
    wake: () => wake(node),
    idle: () => idle(node),
    run: () => run(node),
    close: () => close(node),
  }
}

function look<Row extends LeasedRow>(node: Node<Row>): Promise<void> {
  if (node.closed) return Promise.resolve()
  node.again = true
  node.looking ??= node
    .outside(() => takeWhatIsDue(node))
    .finally(() => {
      node.looking = undefined
      if (node.again) wake(node)
      tellIfIdle(node)
    })
  return node.looking
}

function wake<Row extends LeasedRow>(node: Node<Row>): void {
  const { log, parts } = node
  look(node).catch((error) => log.error({ err: error, table: parts.table }, 'reading the due work failed'))
}

async function run<Row extends LeasedRow>(node: Node<Row>): Promise<number> {
  const before = node.done
  await look(node)
  await idle(node)
  return node.done - before
}

async function close<Row extends LeasedRow>(node: Node<Row>): Promise<void> {
  node.closed = true
  const patience = new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE_MS).unref())
  await Promise.race([idle(node), patience])
  stopRenewing(node.leases)
}

async function takeWhatIsDue<Row extends LeasedRow>(node: Node<Row>): Promise<void> {
  const { parts, leases } = node
  try {
    while (node.again && !node.closed && leases.ends.size < parts.atOnce) {
      node.again = false
      const { rows, more } = await parts.take(roomOf(node))
      noteContact(node, true)
      // A lease that passed while the work goes on, since the clock was turned or the node stood still, is not begun again.
      for (const row of rows) if (hold(leases, row)) start(node, row)
      node.again ||= more
    }
    node.again = false
  } catch (error) {
    node.again = false
    noteContact(node, false)
    throw error
  }
}

/** Whoever was cut off along with this node gets as long as a lease to say what they did meanwhile. */
function noteContact<Row extends LeasedRow>(node: Node<Row>, reached: boolean): void {
  if (reached && node.cutOff) node.honouredUntil = performance.now() + LEASE_MS
  node.cutOff = !reached
}

function roomOf<Row extends LeasedRow>({ clock, parts, leases, busy, honouredUntil }: Node<Row>): Room {
  const { atOnce, perShare } = parts
  const now = clock.now()
  const narrowed = new Map(parts.narrowed?.() ?? [])
  const shares = new Map([...busy].map(([share, count]) => [share, (narrowed.get(share) ?? perShare) - count]))
  for (const [share, most] of narrowed) if (!shares.has(share)) shares.set(share, most)
  const leftBefore = performance.now() < honouredUntil ? new Date(0) : now
  const leaseEndsAt = new Date(now.getTime() + LEASE_MS)
  return { now, leaseEndsAt, leftBefore, total: atOnce - leases.ends.size, perShare, shares }
}

function start<Row extends LeasedRow>(node: Node<Row>, row: Row): void {
  count(node, row, 1)
  doOne(node, row).finally(() => {
    forget(node.leases, row)
    count(node, row, -1)
    wake(node)
    tellIfIdle(node)
  })
}

async function doOne<Row extends LeasedRow>(node: Node<Row>, row: Row): Promise<void> {
  const { parts, leases, log } = node
  const named = { table: parts.table, id: row.id, tenantId: row.tenantId }
  try {
    await parts.work(row)
    node.done += 1
    if (parts.endsLease) return
  } catch (error) {
    log.warn({ err: error, ...named }, 'due work failed and will be retried')
  }
  await release(leases, row).catch((error) => log.error({ err: error, ...named }, 'a lease could not be released'))
}

function count<Row extends LeasedRow>({ parts, busy }: Node<Row>, row: Row, by: 1 | -1): void {
  const share = parts.shareOf(row)
  const left = (busy.get(share) ?? 0) + by
  if (left === 0) busy.delete(share)
  else busy.set(share, left)
}

function isIdle<Row extends LeasedRow>({ leases, looking }: Node<Row>): boolean {
  return leases.ends.size === 0 && !looking
}

function tellIfIdle<Row extends LeasedRow>(node: Node<Row>): void {
  if (!isIdle(node)) return
  for (const resolve of node.waiting) resolve()
  node.waiting = []
}

async function idle<Row extends LeasedRow>(node: Node<Row>): Promise<void> {
  if (!isIdle(node)) await new Promise<void>((resolve) => node.waiting.push(resolve))
}
