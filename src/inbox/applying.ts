import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { type DueWork, dueWork } from '../db/due-work.ts'
import type { InboxMessageRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import { insist } from '../kernel/insist.ts'
import { UnusableFact } from '../providers/errors.ts'

const AT_ONCE = 32
/** Of one connection. */
const AT_ONCE_PER_SHARE = 8
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
/** Nine waits up to an hour, then one an hour for the rest of a day. */
const ATTEMPTS_AT_MOST = 32

/** Another message about the same object is being applied, or is due and came before. One that waits for its next try holds up no other. */
const OBJECT_IS_BUSY = `EXISTS (
  SELECT FROM inbox_message e
  WHERE e.tenant_id = r.tenant_id AND e.provider = r.provider AND e.object = r.object
    AND e.next_attempt_at IS NOT NULL AND e.id <> r.id
    AND (e.leased_until > $3
      OR ((e.next_attempt_at <= $1 OR e.leased_until <= $3) AND (e.received_at, e.id) < (r.received_at, r.id))))`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly apply: (message: Taken<InboxMessageRow>) => Promise<void>
}

/**
 * Applies the messages that are due: those about different objects at the same time, those about one object one after
 * the other. A message that fails is tried again, later and later, for a day.
 */
export function applying({ db, clock, log, apply }: Deps): DueWork {
  async function applyOne(message: Taken<InboxMessageRow>): Promise<void> {
    try {
      await apply(message)
    } catch (error) {
      await noteFailure(message, error)
      throw error
    }
    await note(message, { appliedAt: clock.now(), nextAttemptAt: null, error: null })
  }

  async function noteFailure(message: InboxMessageRow, error: unknown): Promise<void> {
    const givenUp = error instanceof UnusableFact || message.attempts >= ATTEMPTS_AT_MOST
    await note(message, { error: String(error).slice(0, 500), ...(givenUp && { nextAttemptAt: null }) })
  }

  async function note({ tenantId, id }: InboxMessageRow, data: Partial<InboxMessageRow>): Promise<void> {
    await insist(() =>
      db.prisma.inboxMessage.updateMany({ where: { tenantId, id }, data: { ...data, leasedUntil: null } }),
    )
  }

  const take = takeDue<InboxMessageRow>(
    db,
    {
      table: 'inbox_message',
      at: 'next_attempt_at',
      clock: 'system',
      set: `attempts = r.attempts + 1,
        next_attempt_at = taken.now + least($8 * power(2, least(r.attempts, 10)), $9) * interval '1 second'`,
      unless: OBJECT_IS_BUSY,
    },
    [FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
  )
  return dueWork<Taken<InboxMessageRow>>(
    { db, clock, log },
    {
      table: 'inbox_message',
      atOnce: AT_ONCE,
      perShare: AT_ONCE_PER_SHARE,
      take,
      shareOf,
      work: applyOne,
      endsLease: true,
    },
  )
}
