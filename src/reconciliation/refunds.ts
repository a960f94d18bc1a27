import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { type DueWork, dueWork } from '../db/due-work.ts'
import type { ProviderConnectionRow, RefundRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue, waitsLonger } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import type { Account, Registry } from '../providers/registry.ts'
import type { RefundAnswering } from '../refunds/answering.ts'
import type { RefundIssuance } from '../refunds/issuing.ts'
import type { RefundProgress } from '../refunds/progress.ts'
import { readRefunds } from './refund-list.ts'

/** Refunds are asked for and answered at the provider: what no notification told is found by looking there. */

const AT_ONCE = 32
/** Of one connection: a provider that is slow holds up nobody else. */
const AT_ONCE_PER_SHARE = 8
/** A provider may tell of no refund: that a customer asked is found by looking. */
const LOOK_EVERY_SECONDS = 20
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
const NOTHING_TO_REFUND = `NOT EXISTS (SELECT FROM payment p
  WHERE p.tenant_id = r.tenant_id AND p.provider = r.provider AND p.settled_at IS NOT NULL)`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly progress: RefundProgress
  readonly answering: RefundAnswering
  readonly issuing: RefundIssuance
  readonly log: Logger
}

export function refundReconciliation(deps: Deps) {
  const due = dueRefunds(deps)
  const looking = dueConnections(deps)
  return {
    /** Looks through a provider's refunds. */
    look: (tenantId: string, provider: Account['provider']) => readRefunds(deps, { tenantId, provider }),

    /** Connections whose refunds are due to be read, on their tenant's clock. */
    looking,

    /** Looks at every connection that is due. Answers how many were looked at. */
    lookDue: looking.run,

    /** Refunds that are due on their tenant's clock are asked about by this. */
    due,

    /**
     * Asks about every refund that is due: which was issued, whose answer is on its way, or was lost, or whose money is.
     * Answers about how many it was done.
     */
    resolveDue: due.run,
  }
}

function dueRefunds(deps: Deps): DueWork {
  const { db, answering, issuing } = deps
  return dueWork<Taken<RefundRow>>(deps, {
    table: 'refund',
    atOnce: AT_ONCE,
    perShare: AT_ONCE_PER_SHARE,
    shareOf,
    take: takeDue(
      db,
      {
        table: 'refund',
        at: 'next_check_at',
        clock: 'tenant',
        set: waitsLonger('checks', 'next_check_at'),
      },
      [FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS],
    ),
    work: async (refund) => void (await (refund.issued ? issuing : answering).resolve(refund)),
  })
}

function dueConnections(deps: Deps): DueWork {
  return dueWork<Taken<ProviderConnectionRow>>(deps, {
    table: 'provider_connection',
    lease: 'refunds_leased_until',
    atOnce: AT_ONCE,
    perShare: 1,
    shareOf,
    take: takeDue(
      deps.db,
      {
        table: 'provider_connection',
        at: 'refunds_checked_next_at',
        lease: 'refunds_leased_until',
        clock: 'tenant',
        set: `refunds_checked_next_at = taken.now + $8 * interval '1 second'`,
        unless: NOTHING_TO_REFUND,
      },
      [LOOK_EVERY_SECONDS],
    ),
    work: ({ tenantId, provider }) =>
      deps.capabilities.reviewing(tenantId, provider, () => readRefunds(deps, { tenantId, provider })),
  })
}
