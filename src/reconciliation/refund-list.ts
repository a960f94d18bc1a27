import type { Database } from '../db/database.ts'
import type { ProviderRefund } from '../providers/port/facts.ts'
import type { Account, Registry } from '../providers/registry.ts'
import type { RefundProgress } from '../refunds/progress.ts'
import { isNews, OPEN_REFUNDS } from '../refunds/refund.ts'

/** A provider's lists of refunds, read for what no notification told. */

const PAGES_AT_MOST = 20

export interface RefundListParts {
  readonly db: Database
  readonly registry: Registry
  readonly progress: RefundProgress
}

/** Reads all refunds that wait, and of those that were answered as far as there is news. */
export async function readRefunds(parts: RefundListParts, account: Account): Promise<void> {
  const { refunds, missing } = await parts.registry.connected(account.tenantId, account.provider)
  if (!refunds || missing.includes('REFUNDS')) return
  const waiting = await refunds.waiting()
  await apply(parts, account, waiting)
  let pages = 0
  for await (const page of refunds.answered()) {
    const applied = await apply(parts, account, page)
    if (applied === 0 && (await answeredThere(parts, account, waiting)) === 0) return
    if (++pages === PAGES_AT_MOST) return
  }
}

/**
 * Reads one refund anew; one that we do not know is looked for in the lists. False where it is not found: its payment
 * may be one that is still to be applied.
 */
export async function readRefund(parts: RefundListParts, account: Account, externalId: string): Promise<boolean> {
  const { db, progress } = parts
  const { tenantId, provider } = account
  const where = { tenantId_provider_externalId: { tenantId, provider, externalId } }
  const refund = await db.prisma.refund.findUnique({ where, include: { payment: true } })
  const latest = refund && (await (refund.issued ? progress.refreshIssued(refund) : progress.refresh(refund.payment)))
  if (latest && latest.id === refund.id) return true
  await readRefunds(parts, account)
  return (await db.prisma.refund.findUnique({ where })) !== null
}

/** Applies what is news to us. Answers how much of it there was; a payment that is none of ours has none. */
async function apply(parts: RefundListParts, account: Account, found: readonly ProviderRefund[]): Promise<number> {
  const known = await rowsOf(parts, account, found)
  const news = found.filter((seen) => {
    const row = known.get(seen.reference)
    return !row || isNews(row, seen)
  })
  const payments = await paymentsOf(parts, account, news)
  let applied = 0
  for (const refund of news) {
    const payment = payments.get(refund.payment)
    if (!payment) continue
    const before = known.get(refund.reference)
    const after = await parts.progress.apply(payment, { noun: 'REFUND', proof: true, refund })
    // What contradicts a refund that is over changes nothing.
    if (after.updatedAt.getTime() !== before?.updatedAt.getTime()) applied += 1
  }
  return applied
}

async function rowsOf({ db }: RefundListParts, account: Account, found: readonly ProviderRefund[]) {
  const { tenantId, provider } = account
  const externalId = { in: found.map(({ reference }) => reference) }
  const rows = await db.prisma.refund.findMany({ where: { tenantId, provider, externalId } })
  return new Map(rows.map((row) => [row.externalId, row]))
}

async function paymentsOf({ db }: RefundListParts, account: Account, found: readonly ProviderRefund[]) {
  const { tenantId, provider } = account
  const externalId = { in: found.map(({ payment }) => payment) }
  const rows = await db.prisma.payment.findMany({ where: { tenantId, provider, externalId } })
  return new Map(rows.map((row) => [row.externalId, row]))
}

/**
 * Those of ours that are not over, and not among those that wait at the provider any more. One that was issued here is
 * asked about by itself.
 */
function answeredThere({ db }: RefundListParts, account: Account, waiting: readonly ProviderRefund[]): Promise<number> {
  const { tenantId, provider } = account
  const externalId = { notIn: waiting.map(({ reference }) => reference) }
  const status = { in: [...OPEN_REFUNDS] }
  return db.prisma.refund.count({ where: { tenantId, provider, externalId, issued: false, status } })
}
