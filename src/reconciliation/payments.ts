import type { Logger } from 'pino'
import { likelyToBePaid, PAYABLE } from '../checkouts/checkout.ts'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import type { Database } from '../db/database.ts'
import { dueWork } from '../db/due-work.ts'
import type { Provider } from '../db/generated/enums.ts'
import { inList } from '../db/in-list.ts'
import type { ProviderConnectionRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import type { UnclaimedPayments } from '../payments/unclaimed.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import type { ProviderPayment, Sighting } from '../providers/port/facts.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'

/** Money that came in at a provider and of which no notification told: it is found by looking at what came in. */

const AT_ONCE = 32
/**
 * One question finds every payment of a connection, however many pages are open. It is asked most often while somebody is
 * likely to pay: just after a page was opened, while a payment is on its way, and before a page expires.
 */
const AT_STAKE_SECONDS = 15
const WHILE_OPEN_SECONDS = 60
const ELSE_SECONDS = 900
const PAGES_AT_MOST = 20

const LIKELY = `r.payments_checked_at <= m.now - $8 * interval '1 second' AND (
  r.payments_checked_at <= m.now - $10 * interval '1 second'
  OR EXISTS (SELECT FROM checkout o WHERE o.tenant_id = r.tenant_id AND o.provider = r.provider
    AND o.status IN ${inList(PAYABLE)} AND (r.payments_checked_at <= m.now - $9 * interval '1 second'
      OR o.status = 'PROCESSING' OR ${likelyToBePaid('o', 'm.now')})))`

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly capabilities: CapabilityService
  readonly progress: CheckoutProgress
  readonly subscriptions: SubscriptionProgress
  readonly unclaimed: UnclaimedPayments
  readonly log: Logger
}

interface Account {
  readonly tenantId: string
  readonly provider: Provider
  readonly paymentsSince: Date
}

export function paymentReconciliation(deps: Deps) {
  const { db, clock, registry, capabilities, progress, subscriptions, unclaimed, log } = deps

  /** What we do not have, or have otherwise. */
  async function news({ tenantId, provider, paymentsSince }: Account, seen: readonly Sighting[]): Promise<Sighting[]> {
    const externalId = { in: seen.map(({ reference }) => reference) }
    const known = await db.prisma.payment.findMany({ where: { tenantId, provider, externalId } })
    const amounts = new Map(known.map((payment) => [payment.externalId, payment.settledAt && payment.amountMinor]))
    return seen.filter(({ reference, amount, at }) => at >= paymentsSince && amounts.get(reference) !== amount.minor)
  }

  /** Whatever it is for is asked about anew; what is for nothing that we know is booked as that. */
  async function follow({ tenantId, provider }: Account, connected: Connected, seen: Sighting): Promise<void> {
    const of = (externalId: string) => ({ tenantId_provider_externalId: { tenantId, provider, externalId } })
    const origin = seen.subscription ?? seen.reference
    const subscription =
      seen.subscription && (await db.prisma.subscription.findUnique({ where: of(seen.subscription) }))
    if (subscription) return void (await subscriptions.refresh(subscription))
    const checkout = await db.prisma.checkout.findUnique({ where: of(origin) })
    if (checkout) return void (await progress.refresh(checkout))
    if (await unclaimed.mayBeAsked(tenantId, provider)) return
    const paid = await read(connected, seen)
    if (paid) await unclaimed.take(tenantId, provider, paid, seen.source)
  }

  async function read({ status, subscriptions }: Connected, seen: Sighting): Promise<ProviderPayment | undefined> {
    if (seen.subscription === undefined) return status?.payment(seen.reference)
    const bills = (await subscriptions?.billings(seen.subscription)) ?? []
    return bills.find(({ reference }) => reference === seen.reference)
  }

  async function look(account: Account): Promise<void> {
    const connected = await registry.connected(account.tenantId, account.provider)
    const received = connected.status?.received
    if (!received || connected.missing.includes('PAYMENT_LIST')) return
    let pages = 0
    for await (const page of received()) {
      const found = await news(account, page)
      for (const seen of found) await follow(account, connected, seen)
      const isPast = page.some(({ at }) => at < account.paymentsSince)
      if (found.length === 0 || isPast || ++pages === PAGES_AT_MOST) return
    }
  }

  const looking = dueWork<Taken<ProviderConnectionRow>>(
    { db, clock, log },
    {
      table: 'provider_connection',
      lease: 'payments_leased_until',
      atOnce: AT_ONCE,
      perShare: 1,
      shareOf,
      take: takeDue(
        db,
        {
          table: 'provider_connection',
          at: 'payments_checked_at',
          lease: 'payments_leased_until',
          clock: 'tenant',
          set: 'payments_checked_at = taken.now',
          unless: `NOT (${LIKELY})`,
        },
        [AT_STAKE_SECONDS, WHILE_OPEN_SECONDS, ELSE_SECONDS],
      ),
      work: (account) => capabilities.reviewing(account.tenantId, account.provider, () => look(account)),
    },
  )

  return {
    look,

    /** Connections whose payments are due to be read, on their tenant's clock. */
    looking,

    /** Looks at every connection that is due. Answers how many were looked at. */
    lookDue: looking.run,
  }
}
