import { BEING_OPENED } from '../checkouts/checkout.ts'
import { customerFromPage } from '../customers/service.ts'
import type { Database } from '../db/database.ts'
import type { PaymentSource, Provider } from '../db/generated/enums.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { ProviderPayment } from '../providers/port/facts.ts'
import { transact } from '../work/work.ts'
import { settlePayment } from './settlement.ts'

export type UnclaimedPayments = ReturnType<typeof unclaimedPayments>

/** Money that a provider has for us and that nothing of ours asked for. */
export function unclaimedPayments({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /**
     * Whether a page may still turn up for what the provider tells of: one that is being opened, or whose opening is in
     * doubt. Until that is known, nobody can say that money is unclaimed.
     */
    async mayBeAsked(tenantId: string, provider: Provider): Promise<boolean> {
      const where = { tenantId, provider, status: { in: [...BEING_OPENED] } }
      return (await db.prisma.checkout.count({ where })) > 0
    },

    /** Books it on the suspense account, as a payment of the organization's own. Once, whoever tells of it. */
    async take(tenantId: string, provider: Provider, paid: ProviderPayment, source: PaymentSource): Promise<void> {
      const change = { tenantId, at: await clocks.now(tenantId) }
      await transact(db, change, async (work) => {
        const externalId = paid.reference
        if (await work.tx.payment.findFirst({ where: { tenantId, provider, externalId } })) return
        const owner = { tenantId, userId: null }
        const customerId = paid.customer ? await customerFromPage(work, owner, paid.customer, change.at) : null
        const sale = {
          tenantId,
          provider,
          externalId,
          customerId,
          productId: null,
          userId: null,
          description: paid.description ?? 'Payment without a checkout',
          price: paid.amount,
          origin: { unclaimed: source },
          over: false,
        }
        await settlePayment(work, { sale, payment: null }, { ...paid, organizationFee: 0n })
      })
    },
  }
}
