import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { dueWork } from '../db/due-work.ts'
import type { Provider } from '../db/generated/enums.ts'
import type { ProviderConnectionRow, RefundRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue, waitsLonger } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import type { ProviderRefund } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import type { RefundAnswering } from '../refunds/answering.ts'
import type { RefundProgress } from '../refunds/progress.ts'
import { isNews, OPEN_REFUNDS } from '../refunds/refund.ts'

/** Refunds are asked for and answered at the provider: what no notification told is found by looking there. */

const AT_ONCE = 32
/** Of one connection: a provider that is slow holds up nobody else. */
const AT_ONCE_PER_SHARE = 8
/** A provider may tell of no refund: that a customer asked is found by looking. */
const LOOK_EVERY_SECONDS = 20
const FIRST_WAIT_SECONDS = 10
const LONGEST_WAIT_SECONDS = 3_600
const PAGES_AT_MOST = 20
const NOTHING_TO_REFUND = `NOT EXISTS (SELECT FROM payment p
  WHERE p.tenant_id = r.tenant_id AND p.provider = r.provider AND p.settled_at IS NOT NULL)`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly progress: RefundProgress
  readonly answering: RefundAnswering
  readonly log: Logger
}

export function refundReconciliation(deps: Deps) {
  const { db, clock, registry, capabilities, progress, answering, log } = deps

  async function rowsOf(tenantId: string, provider: Provider, found: readonly ProviderRefund[]) {
    const externalId = { in: found.map(({ reference }) => reference) }
    const rows = await db.prisma.refund.findMany({ where: { tenantId, provider, externalId } })
    return new Map(rows.map((row) => [row.externalId, row]))
  }

  async function paymentsOf(tenantId: string, provider: Provider, found: readonly ProviderRefund[]) {
    const externalId = { in: found.map(({ payment }) => payment) }
    const rows = await db.prisma.payment.findMany({ where: { tenantId, provider, externalId } })
    return new Map(rows.map((row) => [row.externalId, row]))
  }

  /** Applies what is news to us. Answers how much of it there was; a payment that is none of ours has none. */
  async function apply(tenantId: string, provider: Provider, found: readonly ProviderRefund[]): Promise<number> {
    const known = await rowsOf(tenantId, provider, found)
    const news = found.filter((seen) => {
      const row = known.get(seen.reference)
      return !row || isNews(row, seen)
    })
    const payments = await paymentsOf(tenantId, provider, news)
    let applied = 0
    for (const seen of news) {
      const payment = payments.get(seen.payment)
      if (!payment) continue
      await progress.observe(payment, seen)
      applied += 1
    }
    return applied
  }

  /** Those of ours that are not over, and not among those that wait at the provider any more. */
  function answeredThere(tenantId: string, provider: Provider, waiting: readonly ProviderRefund[]): Promise<number> {
    const externalId = { notIn: waiting.map(({ reference }) => reference) }
    return db.prisma.refund.count({ where: { tenantId, provider, externalId, status: { in: [...OPEN_REFUNDS] } } })
  }

  /** Looks through a provider's refunds: all that wait, and of those that were answered as far as there is news. */
  async function look(tenantId: string, provider: Provider): Promise<void> {
    const { refunds, missing } = await registry.connected(tenantId, provider)
    if (!refunds || missing.includes('REFUNDS')) return
    const waiting = await refunds.waiting()
    await apply(tenantId, provider, waiting)
    let pages = 0
    for await (const page of refunds.answered()) {
      const applied = await apply(tenantId, provider, page)
      if (applied === 0 && (await answeredThere(tenantId, provider, waiting)) === 0) return
      if (++pages === PAGES_AT_MOST) return
    }
  }

  const due = dueWork<Taken<RefundRow>>(
    { db, clock, log },
    {
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
      work: async (refund) => void (await answering.resolve(refund)),
    },
  )

  const looking = dueWork<Taken<ProviderConnectionRow>>(
    { db, clock, log },
    {
      table: 'provider_connection',
      lease: 'refunds_leased_until',
      atOnce: AT_ONCE,
      perShare: 1,
      shareOf,
      take: takeDue(
        db,
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
      work: ({ tenantId, provider }) => capabilities.reviewing(tenantId, provider, () => look(tenantId, provider)),
    },
  )

  return {
    look,

    /** A notification names a refund, which is read anew: one that we do not know is looked for. */
    async hear(tenantId: string, provider: Provider, externalId: string): Promise<void> {
      const where = { tenantId_provider_externalId: { tenantId, provider, externalId } }
      const refund = await db.prisma.refund.findUnique({ where, include: { payment: true } })
      const latest = refund && (await progress.refresh(refund.payment))
      if (latest && latest.id === refund.id) return
      await look(tenantId, provider)
      // Its payment may be one that is still to be applied: the notification is tried again.
      await db.prisma.refund.findUniqueOrThrow({ where })
    },

    /** Connections whose refunds are due to be read, on their tenant's clock. */
    looking,

    /** Looks at every connection that is due. Answers how many were looked at. */
    lookDue: looking.run,

    /** Refunds that are due on their tenant's clock are asked about by this. */
    due,

    /**
     * Asks about every refund that is due: whose answer is on its way, or was lost, or whose money is. Answers about
     * how many it was done.
     */
    resolveDue: due.run,
  }
}
