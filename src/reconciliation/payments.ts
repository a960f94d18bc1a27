import type { Logger } from 'pino'
import { isBeingPaidSql, likelyToBePaid, PAYABLE } from '../checkouts/checkout.ts'
import { dueWork } from '../db/due-work.ts'
import { inList } from '../db/in-list.ts'
import type { ProviderConnectionRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import type { Sighting } from '../providers/port/facts.ts'
import type { Account } from '../providers/registry.ts'
import { applyFact, type FactParts } from './facts.ts'

/** Money that came in at a provider and of which no notification told: it is found by looking at what came in. */

const AT_ONCE = 32
/**
 * One question finds every payment of a connection, however many pages are open. It is asked most often while somebody is
 * likely to pay: just after a page was opened, while a payment is on its way, and before a page expires.
 */
const AT_STAKE_SECONDS = 15
const WHILE_OPEN_SECONDS = 60
const ELSE_SECONDS = 900
/** Pages with news, and pages in all, that one look reads; the next look goes on. */
const NEWS_AT_MOST = 20
const PAGES_AT_MOST = 400

const LIKELY = `r.payments_checked_at <= m.now - $8 * interval '1 second' AND (
  r.payments_checked_at <= m.now - $10 * interval '1 second'
  OR EXISTS (SELECT FROM checkout o WHERE o.tenant_id = r.tenant_id AND o.provider = r.provider
    AND o.status IN ${inList(PAYABLE)} AND (r.payments_checked_at <= m.now - $9 * interval '1 second'
      OR ${isBeingPaidSql('o')} OR ${likelyToBePaid('o', 'm.now')})))`

interface Parts extends FactParts {
  readonly clock: Clock
  readonly capabilities: CapabilityService
  readonly log: Logger
}

export function paymentReconciliation(parts: Parts) {
  const { db, clock, capabilities, log } = parts
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
      work: (account) => capabilities.reviewing(account.tenantId, account.provider, () => readPayments(parts, account)),
    },
  )

  return {
    /** Connections whose payments are due to be read, on their tenant's clock. */
    looking,

    /** Looks at every connection that is due. Answers how many were looked at. */
    lookDue: looking.run,
  }
}

interface Looked extends Account {
  readonly paymentsSince: Date
  readonly paymentsReadTo: Date
}

/**
 * Whatever a payment in the list is for is asked about anew; what is for nothing that we know is booked as that. The list
 * is read back to where an earlier look came to its end: a page of which everything is known says nothing of those behind
 * it, since a look may have been cut off between them, or notifications may have told of the latest alone.
 */
async function readPayments(parts: FactParts, account: Looked): Promise<void> {
  const { status, missing } = await parts.registry.connected(account.tenantId, account.provider)
  if (!status?.received || missing.includes('PAYMENT_LIST')) return
  let [pages, withNews] = [0, 0]
  let newest: Date | undefined
  for await (const page of status.received()) {
    newest ??= latestOf(page)
    const found = await newIn(parts, account, page)
    if (found.length > 0 && ++withNews === 1) await readTo(parts, account, account.paymentsSince)
    for (const { amount: _, at: __, hasFee: ___, ...hint } of found) {
      await applyFact(parts, account, { noun: 'PAYMENT', proof: false, ...hint })
    }
    if (isLast(page, found, account)) break
    if (withNews === NEWS_AT_MOST || ++pages === PAGES_AT_MOST) return
  }
  if (newest) await readTo(parts, account, newest)
}

/** Whether nothing behind a page can be news. */
function isLast(
  page: readonly Sighting[],
  found: readonly Sighting[],
  { paymentsSince, paymentsReadTo }: Looked,
): boolean {
  const isKnown = found.length === 0 && page.some(({ at }) => at <= paymentsReadTo)
  return isKnown || page.some(({ at }) => at < paymentsSince)
}

function latestOf(page: readonly Sighting[]): Date | undefined {
  return page.reduce<Date | undefined>((latest, { at }) => (latest && latest > at ? latest : at), undefined)
}

async function readTo({ db }: FactParts, { tenantId, provider }: Account, paymentsReadTo: Date): Promise<void> {
  const where = { tenantId, provider, paymentsReadTo: { not: paymentsReadTo } }
  await db.prisma.providerConnection.updateMany({ where, data: { paymentsReadTo } })
}

/** What we do not have, or have otherwise. */
async function newIn({ db }: FactParts, account: Looked, seen: readonly Sighting[]): Promise<Sighting[]> {
  const { tenantId, provider, paymentsSince } = account
  const externalId = { in: seen.map(({ reference }) => reference) }
  const known = await db.prisma.payment.findMany({ where: { tenantId, provider, externalId } })
  const amounts = new Map(known.map((payment) => [payment.externalId, payment.settledAt && payment.amountMinor]))
  const lackFee = new Set(known.filter((payment) => payment.providerFeeMinor === null).map((each) => each.externalId))
  return seen.filter(
    ({ reference, amount, at, hasFee }) =>
      at >= paymentsSince && (amounts.get(reference) !== amount.minor || (hasFee && lackFee.has(reference))),
  )
}
