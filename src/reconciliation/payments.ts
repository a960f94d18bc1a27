import type { Logger } from 'pino'
import { isBeingPaidSql, likelyToBePaid, PAYABLE } from '../checkouts/checkout.ts'
import { dueWork } from '../db/due-work.ts'
import { inList } from '../db/in-list.ts'
import type { ProviderConnectionRow } from '../db/rows.ts'
import { shareOf, type Taken, takeDue } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import type { CapabilityService } from '../providers/capabilities.ts'
import { UnusableFact } from '../providers/errors.ts'
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
/** So often the list is read back to the oldest payment whose fee was not told, and so long a fee is waited for. */
const FEES_EVERY_MS = 900_000
const FEES_AWAITED_MS = 31 * 86_400_000

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
  readonly feesReadAt: Date
}

/**
 * Whatever a payment in the list is for is asked about anew; what is for nothing that we know is booked as that. The list
 * is read back to where an earlier look came to its end: a page of which everything is known says nothing of those behind
 * it, since a look may have been cut off between them, or notifications may have told of the latest alone. Now and then it is
 * read back further, to where fees are still to be told.
 */
async function readPayments(parts: Parts, account: Looked): Promise<void> {
  const { status, missing } = await parts.registry.connected(account.tenantId, account.provider)
  if (!status?.received || missing.includes('PAYMENT_LIST')) return
  let [pages, withNews] = [0, 0]
  let newest: Date | undefined
  const now = await parts.clocks.now(account.tenantId)
  const forFees = now.getTime() - account.feesReadAt.getTime() >= FEES_EVERY_MS
  const until = forFees ? await oldestWithoutFee(parts, account, now) : account.paymentsReadTo
  for await (const page of status.received()) {
    newest ??= latestOf(page)
    const found = await newIn(parts, account, page)
    if (found.length > 0 && ++withNews === 1) {
      await write(parts, account, { paymentsReadTo: account.paymentsSince })
    }
    await applyFound(parts, account, found)
    if (isLast(page, found, account, until)) break
    if (withNews === NEWS_AT_MOST || ++pages === PAGES_AT_MOST) return
  }
  if (newest) await write(parts, account, { paymentsReadTo: newest, ...(forFees && { feesReadAt: now }) })
}

/** One that cannot be applied holds up none of the same page. @throws what may pass at the next look */
async function applyFound(parts: Parts, account: Looked, found: readonly Sighting[]): Promise<void> {
  const failures: unknown[] = []
  for (const { amount: _, at: __, hasFee: ___, ...hint } of found) {
    try {
      await applyFact(parts, account, { noun: 'PAYMENT', proof: false, ...hint })
    } catch (error) {
      if (!(error instanceof UnusableFact)) failures.push(error)
      else parts.log.warn({ ...nameOf(account), reference: hint.reference, reason: error.message }, UNUSABLE)
    }
  }
  if (failures.length > 0) throw failures[0]
}

const UNUSABLE = 'a payment in the list of a provider could not be booked'

/** When the oldest payment came in whose fee is waited for; what was read whole where that is older. */
async function oldestWithoutFee({ db }: Parts, account: Looked, now: Date): Promise<Date> {
  const { paymentsReadTo } = account
  const settledAt = { gte: new Date(now.getTime() - FEES_AWAITED_MS) }
  const { _min } = await db.prisma.payment.aggregate({
    where: { ...nameOf(account), providerFeeMinor: null, settledAt },
    _min: { settledAt: true },
  })
  const oldest = _min.settledAt
  return oldest && oldest < paymentsReadTo ? oldest : paymentsReadTo
}

/** Whether nothing behind a page can be news. */
function isLast(
  page: readonly Sighting[],
  found: readonly Sighting[],
  { paymentsSince }: Looked,
  until: Date,
): boolean {
  const isKnown = found.length === 0 && page.some(({ at }) => at <= until)
  return isKnown || page.some(({ at }) => at < paymentsSince)
}

function latestOf(page: readonly Sighting[]): Date | undefined {
  return page.reduce<Date | undefined>((latest, { at }) => (latest && latest > at ? latest : at), undefined)
}

async function write(
  { db }: Parts,
  account: Account,
  data: { paymentsReadTo: Date; feesReadAt?: Date },
): Promise<void> {
  const same = { paymentsReadTo: data.paymentsReadTo, ...(data.feesReadAt && { feesReadAt: data.feesReadAt }) }
  await db.prisma.providerConnection.updateMany({ where: { ...nameOf(account), NOT: same }, data })
}

function nameOf({ tenantId, provider }: Account): Account {
  return { tenantId, provider }
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
