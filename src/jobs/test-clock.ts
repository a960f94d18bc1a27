import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { Planned } from './schedules.ts'

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
  readonly schedules: readonly Planned[]
  readonly log: Logger
}

/** A clock on its way, for the one node that turns it. Each renewal makes another lease, so that it is nobody else's. */
interface Turning {
  readonly target: Date
  readonly lease: Date
}

export function clockTurning({ db, clock, clocks, schedules, log }: Deps) {
  const planned = schedules.filter(({ due }) => due)
  const dueText = `SELECT ${['<=', '>'].map(earliest).join(', ')}`
  const turns = new Set<Promise<void>>()
  let closed = false

  function earliest(comparison: string): string {
    const moments = planned.flatMap(({ due }) =>
      due?.clock === 'tenant'
        ? [
            `(SELECT min(${due.column}) FROM ${due.table} WHERE tenant_id = $1 AND ${due.column} ${comparison} $2 AND ${due.stops ?? 'TRUE'})`,
          ]
        : [],
    )
    return `least(${moments.join(', ')}) AS ${comparison === '>' ? 'coming' : 'passed'}`
  }

  async function dueAt(tenantId: string, now: Date): Promise<{ passed: Date | null; coming: Date | null }> {
    const [row] = await db.query<{ passed: Date | null; coming: Date | null }>('clock.due', dueText, [tenantId, now])
    return row ?? { passed: null, coming: null }
  }

  /** Whether a notification is still to be applied for the first time, here or at another node. */
  async function isListening(tenantId: string): Promise<boolean> {
    const text = `SELECT 1 FROM inbox_message WHERE tenant_id = $1 AND next_attempt_at IS NOT NULL AND error IS NULL LIMIT 1`
    return (await db.query('clock.inbox', text, [tenantId])).length > 0
  }

  /**
   * Does what is due at the present moment and what falls due by that, until all is quiet. Answers the next moment at
   * which there is something to do.
   */
  async function settle(tenantId: string, renew: () => Promise<unknown>): Promise<Date | null> {
    for (let round = 1; ; round++) {
      for (const { run, quiet } of planned) {
        await run()
        await quiet()
      }
      const { passed, coming } = await dueAt(tenantId, await clocks.now(tenantId))
      const isQuiet = passed === null && !(await isListening(tenantId))
      if (isQuiet || round === ROUNDS_AT_MOST) return coming
      await renew()
      await new Promise((resolve) => setTimeout(resolve, ROUND_PAUSE_MS))
    }
  }

  async function setTo(tenantId: string, at: Date): Promise<void> {
    const ahead = BigInt(at.getTime() - clock.now().getTime())
    const text = 'UPDATE tenant SET clock_ahead_ms = greatest(clock_ahead_ms, $2) WHERE id = $1'
    await db.query('clock.set', text, [tenantId, ahead])
  }

  /** Where the clock is going, for the node that has the lease or finds it free. */
  async function lease(tenantId: string, mine: Date | null): Promise<Turning | undefined> {
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

  /** Takes one step; answers the clock as it stands then, or undefined when it has arrived or is another's. */
  async function step(tenantId: string, { target, lease: held }: Turning): Promise<Turning | undefined> {
    let mine: Turning | undefined = { target, lease: held }
    const renew = async () => {
      mine = mine && (await lease(tenantId, mine.lease))
    }
    const next = await settle(tenantId, renew)
    if (!mine) return undefined
    if (next !== null && next <= target) {
      await setTo(tenantId, next)
    } else if ((await clocks.now(tenantId)) < target) {
      await setTo(tenantId, target)
    } else {
      // Whoever asked for a later moment meanwhile is not forgotten.
      const text = `UPDATE tenant SET clock_target_at = NULL, clock_leased_until = NULL WHERE id = $1 AND clock_target_at <= $2`
      await db.query('clock.arrived', text, [tenantId, target])
    }
    return lease(tenantId, mine.lease)
  }

  async function turn(tenantId: string): Promise<void> {
    let turning = await lease(tenantId, null)
    while (turning && !closed) turning = await step(tenantId, turning)
    if (turning) await release(tenantId)
  }

  /** The next one who looks goes on at once. */
  async function release(tenantId: string): Promise<void> {
    await db.query('clock.release', 'UPDATE tenant SET clock_leased_until = NULL WHERE id = $1', [tenantId])
  }

  function begin(tenantId: string): Promise<void> {
    const turning = turn(tenantId).catch((error) => {
      log.error({ err: error, tenantId }, 'a test clock stopped before it arrived, and will continue')
    })
    turns.add(turning)
    turning.finally(() => turns.delete(turning))
    return turning
  }

  return {
    /** Turns a tenant's clock to its target, unless another node does; ends when it has arrived. */
    begin,

    /** Goes on with every clock whose node has left it on its way, and does not wait until they arrive. */
    async turnDue(): Promise<void> {
      const left = await db.query<{ id: string }>(
        'clock.left',
        'SELECT id FROM tenant WHERE clock_target_at IS NOT NULL AND (clock_leased_until IS NULL OR clock_leased_until < $1)',
        [clock.now()],
      )
      for (const { id } of left) begin(id)
    },

    /** Leaves the clocks where they are; the next node that looks turns them on. */
    async close(): Promise<void> {
      closed = true
      await Promise.all(turns)
    },
  }
}
