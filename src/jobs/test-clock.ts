import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { Job } from './schedule.ts'

/** Turns the test clocks that were set going: what falls due on the way is done in its order, each thing at its moment. */

const LEASE_SECONDS = 30
/** Work that is due again at once each time it is done must not hold the clock. */
const ROUNDS_AT_MOST = 50
/** What another node does just now is waited for. */
const ROUND_PAUSE_MS = 20

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly schedules: readonly Job[]
  readonly log: Logger
}

/** A clock on its way, for the one node that turns it. Each renewal makes another lease, so that it is nobody else's. */
interface Turning {
  readonly target: Date
  readonly lease: Date
}

/** What a node needs to turn clocks, and the clocks that it turns. */
interface Node extends Omit<Deps, 'schedules'> {
  /** The jobs whose work has a due time. */
  readonly jobs: readonly Job[]
  /** Finds the earliest moment that has passed, and the next to come, at which something is due. */
  readonly dueText: string
  readonly turns: Set<Promise<void>>
  closed: boolean
}

export function clockTurning({ schedules, ...deps }: Deps) {
  const jobs = schedules.filter(({ due }) => due)
  const dueText = `SELECT ${earliest(jobs, '<=', 'passed')}, ${earliest(jobs, '>', 'coming')}`
  const node: Node = { ...deps, jobs, dueText, turns: new Set(), closed: false }
  return bound(node, { begin: beginTurning, turnDue: turnDueClocks, close: stopTurning })
}

/** Turns a tenant's clock to its target, unless another node does; ends when it has arrived. */
function beginTurning(node: Node, tenantId: string): Promise<void> {
  const { log, turns } = node
  const turning = turn(node, tenantId).catch((error) => {
    log.error({ err: error, tenantId }, 'a test clock stopped before it arrived, and will continue')
  })
  turns.add(turning)
  turning.finally(() => turns.delete(turning))
  return turning
}

/** Goes on with every clock whose node has left it on its way, and does not wait until they arrive. */
async function turnDueClocks(node: Node): Promise<void> {
  const { db, clock } = node
  const left = await db.query<{ id: string }>(
    'clock.left',
    'SELECT id FROM tenant WHERE clock_target_at IS NOT NULL AND (clock_leased_until IS NULL OR clock_leased_until < $1)',
    [clock.now()],
  )
  for (const { id } of left) beginTurning(node, id)
}

/** Leaves the clocks where they are; the next node that looks turns them on. */
async function stopTurning(node: Node): Promise<void> {
  node.closed = true
  await Promise.all(node.turns)
}

async function turn(node: Node, tenantId: string): Promise<void> {
  let turning = await lease(node, tenantId, null)
  while (turning && !node.closed) turning = await step(node, tenantId, turning)
  if (turning) await release(node, tenantId)
}

/** Takes one step; answers the clock as it stands then, or undefined when it has arrived or is another's. */
async function step(node: Node, tenantId: string, { target, lease: held }: Turning): Promise<Turning | undefined> {
  const { db, clocks } = node
  let mine: Turning | undefined = { target, lease: held }
  const renew = async () => {
    mine = mine && (await lease(node, tenantId, mine.lease))
  }
  const next = await doAllDue(node, tenantId, renew)
  if (!mine) return undefined
  if (next !== null && next <= target) {
    await setTo(node, tenantId, next)
  } else if ((await clocks.now(tenantId)) < target) {
    await setTo(node, tenantId, target)
  } else {
    // Whoever asked for a later moment meanwhile is not forgotten.
    const text = `UPDATE tenant SET clock_target_at = NULL, clock_leased_until = NULL WHERE id = $1 AND clock_target_at <= $2`
    await db.query('clock.arrived', text, [tenantId, target])
  }
  return lease(node, tenantId, mine.lease)
}

/**
 * Does what is due at the present moment and what falls due by that, until nothing is. Answers the next moment at
 * which there is something to do.
 */
async function doAllDue(node: Node, tenantId: string, renew: () => Promise<unknown>): Promise<Date | null> {
  const { jobs, clocks } = node
  for (let round = 1; ; round++) {
    for (const { run, idle } of jobs) {
      await run()
      await idle()
    }
    const { passed, coming } = await dueAt(node, tenantId, await clocks.now(tenantId))
    const isDone = passed === null && !(await hasNotification(node, tenantId))
    if (isDone || round === ROUNDS_AT_MOST) return coming
    await renew()
    await new Promise((resolve) => setTimeout(resolve, ROUND_PAUSE_MS))
  }
}

interface DueAt {
  readonly passed: Date | null
  readonly coming: Date | null
}

async function dueAt({ db, dueText }: Node, tenantId: string, now: Date): Promise<DueAt> {
  const [row] = await db.query<DueAt>('clock.due', dueText, [tenantId, now])
  return row ?? { passed: null, coming: null }
}

/** The earliest due time of a tenant's rows that has passed ($2 is the moment), or that is to come. */
function earliest(jobs: readonly Job[], comparison: '<=' | '>', name: keyof DueAt): string {
  const moments = jobs.flatMap(({ due }) => {
    if (due?.clock !== 'tenant') return []
    const { table, column, where = 'TRUE' } = due
    return [`(SELECT min(${column}) FROM ${table} WHERE tenant_id = $1 AND ${column} ${comparison} $2 AND ${where})`]
  })
  return `least(${moments.join(', ')}) AS ${name}`
}

/** Whether a notification is still to be applied for the first time, here or at another node. */
async function hasNotification({ db }: Node, tenantId: string): Promise<boolean> {
  const text = `SELECT 1 FROM inbox_message WHERE tenant_id = $1 AND next_attempt_at IS NOT NULL AND error IS NULL LIMIT 1`
  return (await db.query('clock.inbox', text, [tenantId])).length > 0
}

async function setTo({ db, clock }: Node, tenantId: string, at: Date): Promise<void> {
  const ahead = BigInt(at.getTime() - clock.now().getTime())
  const text = 'UPDATE tenant SET clock_ahead_ms = greatest(clock_ahead_ms, $2) WHERE id = $1'
  await db.query('clock.set', text, [tenantId, ahead])
}

/** Where the clock is going, for the node that has the lease or finds it free. */
async function lease({ db, clock }: Node, tenantId: string, mine: Date | null): Promise<Turning | undefined> {
  const [row] = await db.query<{ target: Date; lease: Date }>(
    'clock.lease',
    `UPDATE tenant SET clock_leased_until = greatest($2::timestamptz + interval '${LEASE_SECONDS} seconds', clock_leased_until + interval '1 millisecond')
     WHERE id = $1 AND clock_target_at IS NOT NULL
       AND (clock_leased_until IS NULL OR clock_leased_until < $2 OR clock_leased_until = $3)
     RETURNING clock_target_at AS target, clock_leased_until AS lease`,
    [tenantId, clock.now(), mine],
  )
  return row
}

/** The next one who looks goes on at once. */
async function release({ db }: Node, tenantId: string): Promise<void> {
  await db.query('clock.release', 'UPDATE tenant SET clock_leased_until = NULL WHERE id = $1', [tenantId])
}
