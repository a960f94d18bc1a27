import type { Database } from '../db/database.ts'
import type { PaymentRow, RefundRow } from '../db/rows.ts'
import type { Clocks } from '../kernel/clock.ts'
import type { RefundFact } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import { transact } from '../work/work.ts'
import { applyToRefund } from './apply.ts'

/** Asking a provider about a payment's refunds: what it says becomes a fact, and is applied as one. */

export type RefundProgress = ReturnType<typeof refundProgress>

export function refundProgress({ db, clocks, registry }: { db: Database; clocks: Clocks; registry: Registry }) {
  /** Applies what the provider says of a payment's refund. */
  async function apply(payment: PaymentRow, fact: RefundFact): Promise<RefundRow> {
    const change = { tenantId: payment.tenantId, at: await clocks.now(payment.tenantId) }
    return transact(db, change, (work) => applyToRefund(work, payment, fact))
  }

  return {
    apply,

    /** Asks the provider for a payment's refund, and applies it. Undefined when nobody asked for one. */
    async refresh(payment: PaymentRow): Promise<RefundRow | undefined> {
      const { refunds } = await registry.connected(payment.tenantId, payment.provider)
      if (!refunds || payment.externalId === null) return undefined
      const refund = await refunds.lookup(payment.externalId, payment.source)
      return refund && apply(payment, { noun: 'REFUND', proof: true, refund })
    },
  }
}
