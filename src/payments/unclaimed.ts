import { BEING_OPENED } from '../checkouts/checkout.ts'
import { customerFromPage } from '../customers/payer.ts'
import type { Database } from '../db/database.ts'
import type { PaymentSource } from '../db/generated/enums.ts'
import { money } from '../kernel/money.ts'
import type { ProviderPayment } from '../providers/port/facts.ts'
import type { Account } from '../providers/registry.ts'
import type { Work } from '../work/work.ts'
import { applyToPayment } from './apply.ts'
import { applyFee, lacksFee, lockedPayment } from './fee.ts'
import { isUnclaimed } from './payment.ts'
import { NO_WORDS } from './sale.ts'

/** Money that a provider has for us and that nothing of ours asked for. */

/**
 * Whether a page may still turn up for what the provider tells of: one that is being opened, or whose opening is in
 * doubt. Until that is known, nobody can say that money is unclaimed.
 */
export async function mayBeExpected(db: Database, { tenantId, provider }: Account): Promise<boolean> {
  const where = { tenantId, provider, status: { in: [...BEING_OPENED] } }
  return (await db.prisma.checkout.count({ where })) > 0
}

/**
 * Books it on the suspense account, as a payment of the organization's own. Once, whoever tells of it; more that comes in for
 * it is booked as that.
 */
export async function applyUnclaimed(
  work: Work,
  provider: Account['provider'],
  source: PaymentSource,
  paid: ProviderPayment,
): Promise<void> {
  const { tenantId } = work
  const externalId = paid.reference
  const known = await work.tx.payment.findFirst({ where: { tenantId, provider, externalId } })
  if (known && !isUnclaimed(known)) {
    if (paid.fee !== undefined && lacksFee(known, paid.fee)) {
      await applyFee(work, known, money(paid.fee, paid.amount.currency))
    }
    return
  }
  const owner = { tenantId, userId: null }
  const found = known === null && paid.customer !== undefined ? paid.customer : undefined
  const customerId = found ? await customerFromPage(work, owner, found, work.at) : (known?.customerId ?? null)
  const sale = {
    tenantId,
    provider,
    externalId,
    customerId,
    productId: null,
    userId: null,
    description: paid.description ?? 'Payment without a checkout',
    words: NO_WORDS,
    price: paid.amount,
    origin: { unclaimed: source },
    over: false,
  }
  const payment = known && (await lockedPayment(work, known.id))
  await applyToPayment(work, { sale, payment }, { noun: 'PAYMENT', proof: true, received: paid })
}
