import type { Database } from '../../src/db/database.ts'
import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that runs with the system's and can be turned forward. */
export interface TurnableClock extends Clock {
  turn(by: Span): void
}

interface Span {
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
}

function msOf({ hours = 0, minutes = 0, seconds = 0 }: Span): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000
}

export function turnableClock(): TurnableClock {
  let aheadMs = 0
  return {
    now: () => new Date(Date.now() + aheadMs),
    turn(by) {
      aheadMs += msOf(by)
    },
  }
}

/** Sets a tenant's test clock forward, without what falls due on the way. */
export async function turnTestClock(db: Database, tenantId: string, by: Span): Promise<void> {
  await db.query('test.turn', 'UPDATE tenant SET clock_ahead_ms = clock_ahead_ms + $2 WHERE id = $1', [
    tenantId,
    msOf(by),
  ])
}

/** Makes all idempotency keys older, as PostgreSQL's own clock cannot be turned. */
export async function ageKeys(db: Database, by: Span): Promise<void> {
  const text = `UPDATE idempotency_record SET created_at = created_at - $1 * interval '1 millisecond',
    expires_at = expires_at - $1 * interval '1 millisecond'`
  await db.query('test.age', text, [msOf(by)])
}
