import type { Logger } from 'pino'
import { isOver } from '../checkouts/checkout.ts'
import type { CheckoutOpening } from '../checkouts/opening.ts'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import type { Database } from '../db/database.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import { isFinal } from '../payments/payment.ts'

/** Doubt about a checkout, resolved by asking its provider. */

const BATCH = 50
/** What is in doubt, or on its way, is asked about soon, and then less and less often. */
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
const LONGEST_ON_ITS_WAY_SECONDS = 60
/** An open page is asked about by what is at stake: while it is new, and when it is about to expire. */
const AT_STAKE_SECONDS = 60
const QUIET_SECONDS = 600

const BACKOFF = (most: number) => `least(${FIRST_WAIT_SECONDS} * power(2, least(c.checks, 12)), ${most})`

const WAIT = `CASE
  WHEN c.status = 'PROCESSING' THEN ${BACKOFF(LONGEST_ON_ITS_WAY_SECONDS)}
  WHEN c.status <> 'OPEN' THEN ${BACKOFF(LONGEST_WAIT_SECONDS)}
  WHEN due.now < c.created_at + interval '15 minutes' OR due.now > c.expires_at - interval '15 minutes' THEN ${AT_STAKE_SECONDS}
  ELSE ${QUIET_SECONDS} END`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly opening: CheckoutOpening
  readonly progress: CheckoutProgress
  readonly log: Logger
}

export function checkoutReconciliation({ db, clock, clocks, opening, progress, log }: Deps) {
  async function resolve(checkout: CheckoutRow): Promise<void> {
    if (checkout.status === 'OPENING' || checkout.status === 'UNKNOWN') {
      await opening.open(checkout)
      return
    }
    const seen = await progress.refresh(checkout)
    const expired = checkout.expiresAt <= (await clocks.now(checkout.tenantId))
    if (!expired || (seen && !isFinal(seen.state))) return
    if (!seen && !isOver(checkout.status)) return progress.observe(checkout, { state: 'EXPIRED' })
    // The link has ended at the provider too: no money can come over it any more.
    const where = { tenantId_id: { tenantId: checkout.tenantId, id: checkout.id } }
    await db.prisma.checkout.update({ where, data: { nextCheckAt: null } })
  }

  return {
    /**
     * Asks about every checkout that is due on its tenant's clock. An open page is asked about each minute in its first
     * quarter of an hour and its last, every ten minutes in between, and when it expires; that it was paid is found sooner
     * by looking at what came in. Answers how many were asked about.
     */
    async resolveDue(): Promise<number> {
      const due = await db.query<CheckoutRow>(
        'checkouts.lease',
        `WITH due AS MATERIALIZED (
           SELECT c.tenant_id, c.id, $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond' AS now
           FROM checkout c JOIN tenant t ON t.id = c.tenant_id
           WHERE c.next_check_at <= $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'
           ORDER BY c.next_check_at LIMIT ${BATCH} FOR UPDATE OF c SKIP LOCKED
         )
         UPDATE checkout c
         SET checks = c.checks + 1,
             next_check_at = least(due.now + (${WAIT}) * interval '1 second',
                                   CASE WHEN c.expires_at > due.now THEN c.expires_at END)
         FROM due
         WHERE c.tenant_id = due.tenant_id AND c.id = due.id
         RETURNING c.*`,
        [clock.now()],
      )
      for (const checkout of due) {
        await resolve(checkout).catch((error) => {
          log.warn({ err: error, checkoutId: checkout.id, tenantId: checkout.tenantId }, 'a checkout stays in doubt')
        })
      }
      return due.length
    },
  }
}
