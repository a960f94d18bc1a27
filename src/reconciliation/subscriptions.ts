import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { type DueWork, dueWork } from '../db/due-work.ts'
import type { SubscriptionRow, UsageReportRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue, waitsLonger } from '../db/take-due.ts'
import type { Clock, Clocks } from '../kernel/clock.ts'
import type { Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { isOver } from '../subscriptions/subscription.ts'
import type { UsageReporting } from '../subscriptions/usage.ts'

/** Subscriptions bill by themselves at their provider: what no notification told is found by asking. */

const AT_ONCE = 32
/** Of one connection: a provider that is slow holds up nobody else. */
const AT_ONCE_PER_SHARE = 8
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
/** A cancellation takes its time on the chain; one that is not heard of for so long was lost, and is asked for again. */
const LOST_AFTER_MS = 120_000

const SUBSCRIPTIONS_SHARE = `r.tenant_id || ' ' || (
  SELECT s.provider FROM subscription s WHERE s.tenant_id = r.tenant_id AND s.id = r.subscription_id)`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: SubscriptionProgress
  readonly usage: UsageReporting
  readonly log: Logger
}

export function subscriptionReconciliation(deps: Deps) {
  const due = dueSubscriptions(deps)
  const reporting = dueReports(deps)
  return {
    /** Subscriptions that are due on their tenant's clock are asked about by this. */
    due,

    /** Asks about every subscription that is due. Answers about how many it was done. */
    resolveDue: due.run,

    /** Reports of usage that wait or are in doubt are gone on with by this. */
    reporting,

    /** Goes on with every report that is due. Answers with how many it was done. */
    reportDue: reporting.run,
  }
}

function dueSubscriptions(deps: Deps): DueWork {
  return dueWork<Taken<SubscriptionRow>>(deps, {
    table: 'subscription',
    atOnce: AT_ONCE,
    perShare: AT_ONCE_PER_SHARE,
    shareOf,
    take: takeDue(
      deps.db,
      {
        table: 'subscription',
        at: 'next_check_at',
        clock: 'tenant',
        set: waitsLonger('checks', 'next_check_at'),
      },
      [FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
    ),
    work: (subscription) => resolve(deps, subscription),
  })
}

function dueReports(deps: Deps): DueWork {
  const { db, usage } = deps
  return dueWork<Taken<UsageReportRow>>(deps, {
    table: 'usage_report',
    atOnce: AT_ONCE,
    perShare: AT_ONCE_PER_SHARE,
    shareOf,
    take: takeDue(
      db,
      {
        table: 'usage_report',
        at: 'next_attempt_at',
        clock: 'system',
        share: SUBSCRIPTIONS_SHARE,
        set: waitsLonger('attempts', 'next_attempt_at'),
      },
      [FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
    ),
    async work(report) {
      const { tenantId, subscriptionId: id } = report
      const subscription = await db.prisma.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
      await usage.continue(subscription, report)
    },
  })
}

async function resolve({ clocks, registry, progress }: Deps, subscription: SubscriptionRow): Promise<void> {
  const after = await progress.refresh(subscription)
  const { tenantId, provider, externalId, cancelRequestedAt } = after
  if (isOver(after.status) || !cancelRequestedAt || externalId === null) return
  if ((await clocks.now(tenantId)).getTime() - cancelRequestedAt.getTime() < LOST_AFTER_MS) return
  const { subscriptions } = await registry.connected(tenantId, provider)
  await subscriptions?.forceCancel?.(externalId)
}
