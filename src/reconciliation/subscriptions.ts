import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { SubscriptionRow, UsageReportRow } from '../db/rows.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { isOver } from '../subscriptions/subscription.ts'
import type { UsageReporting } from '../subscriptions/usage.ts'

/** Subscriptions bill by themselves at their provider: what no notification told is found by asking. */

const BATCH = 50
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
/** A cancellation takes its time on the chain; one that is not heard of for so long was lost, and is asked for again. */
const LOST_AFTER_MS = 120_000

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: SubscriptionProgress
  readonly usage: UsageReporting
  readonly log: Logger
}

export function subscriptionReconciliation({ db, clock, clocks, registry, progress, usage, log }: Deps) {
  async function resolve(subscription: SubscriptionRow): Promise<void> {
    const after = await progress.refresh(subscription)
    const { tenantId, provider, externalId, cancelRequestedAt } = after
    if (isOver(after.status) || !cancelRequestedAt || externalId === null) return
    if ((await clocks.now(tenantId)).getTime() - cancelRequestedAt.getTime() < LOST_AFTER_MS) return
    const { subscriptions } = await registry.connected(tenantId, provider)
    await subscriptions?.forceCancel?.(externalId)
  }

  async function resolveReport(report: UsageReportRow): Promise<void> {
    const { tenantId, subscriptionId: id } = report
    await usage.continue(
      await db.prisma.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
      report,
    )
  }

  return {
    /** Asks about every subscription that is due on its tenant's clock. Answers how many were asked about. */
    async resolveDue(): Promise<number> {
      const due = await db.query<SubscriptionRow>(
        'subscriptions.lease',
        `WITH due AS MATERIALIZED (
           SELECT s.tenant_id, s.id, $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond' AS now
           FROM subscription s JOIN tenant t ON t.id = s.tenant_id
           WHERE s.next_check_at <= $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'
           ORDER BY s.next_check_at LIMIT ${BATCH} FOR UPDATE OF s SKIP LOCKED
         )
         UPDATE subscription s
         SET checks = s.checks + 1,
             next_check_at = due.now + least($2 * power(2, least(s.checks, 12)), $3) * interval '1 second'
         FROM due
         WHERE s.tenant_id = due.tenant_id AND s.id = due.id
         RETURNING s.*`,
        [clock.now(), FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
      )
      for (const subscription of due) {
        await resolve(subscription).catch((error) => {
          const { id, tenantId } = subscription
          log.warn({ err: error, subscriptionId: id, tenantId }, 'a subscription could not be asked about')
        })
      }
      return due.length
    },

    /** Goes on with the reports of usage that wait or are in doubt. Answers how many were due. */
    async reportDue(): Promise<number> {
      const due = await db.query<UsageReportRow>(
        'usage.lease',
        `WITH due AS MATERIALIZED (
           SELECT tenant_id, id FROM usage_report WHERE next_attempt_at <= $1
           ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
         )
         UPDATE usage_report r
         SET attempts = r.attempts + 1,
             next_attempt_at = $1::timestamptz + least($2 * power(2, least(r.attempts, 12)), $3) * interval '1 second'
         FROM due
         WHERE r.tenant_id = due.tenant_id AND r.id = due.id
         RETURNING r.*`,
        [clock.now(), FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
      )
      for (const report of due) {
        await resolveReport(report).catch((error) => {
          log.warn({ err: error, reportId: report.id, tenantId: report.tenantId }, 'a report of usage waits')
        })
      }
      return due.length
    },
  }
}
