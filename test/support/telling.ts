import { applyToCheckout } from '../../src/checkouts/apply.ts'
import type { PaymentRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { currency } from '../../src/kernel/currency.ts'
import { type Money, money } from '../../src/kernel/money.ts'
import { applyFee } from '../../src/payments/fee.ts'
import { applyUnclaimed } from '../../src/payments/unclaimed.ts'
import type { ProviderPayment } from '../../src/providers/port/facts.ts'
import { transact } from '../../src/work/work.ts'
import { ITEM, type Shop } from './shop.ts'

const USD = currency('USD')
export const usd = (minor: bigint): Money => money(minor, USD)

/** What a provider tells of money and of what it keeps of it, as facts that the simulator does not play. */
export function tellingDesk(shop: Shop) {
  const { db } = shop.app
  const change = () => ({ tenantId: shop.owner.tenantId, at: shop.clock.now() })

  return {
    change,

    open: async (actor?: Actor): Promise<string> => (await shop.open({ item: ITEM }, actor)).id,

    /** What the provider says that came in so far for a checkout of 19.99, and all that it keeps of it. */
    async arrive(
      id: string,
      minor: bigint,
      fee?: bigint,
      state: 'UNDERPAID' | 'COMPLETED' = minor < 1_999n ? 'UNDERPAID' : 'COMPLETED',
    ): Promise<PaymentRow> {
      const { externalId } = await shop.checkout(id)
      const reference = externalId ?? ''
      const received = { ...cameIn(reference, minor), ...(fee !== undefined && { fee }) }
      const fact = { noun: 'CHECKOUT', proof: true, checkout: reference, status: { state }, received } as const
      await transact(db, change(), (work) => applyToCheckout(work, { id }, fact))
      const payment = await shop.payment(id)
      if (!payment) throw new Error('there is no payment')
      return payment
    },

    /** The provider says what it keeps of a payment in all. */
    tell: (payment: PaymentRow, minor: bigint) => transact(db, change(), (work) => applyFee(work, payment, usd(minor))),

    /** Money for nothing that is known here. */
    unclaimed: (reference: string, minor: bigint, more: Partial<ProviderPayment> = {}) =>
      transact(db, change(), (work) =>
        applyUnclaimed(work, 'QBITFLOW', 'ONE_TIME', { ...cameIn(reference, minor), ...more }),
      ),
  }

  function cameIn(reference: string, minor: bigint): ProviderPayment {
    return { reference, amount: usd(minor), organizationFee: 0n, at: shop.clock.now() }
  }
}
