import type { Database } from '../db/database.ts'
import type { PaymentRow, RefundRow } from '../db/rows.ts'
import type { Clocks } from '../kernel/clock.ts'
import { encodeId } from '../kernel/id.ts'
import type { IssuingFact, RefundFact } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import { transact } from '../work/work.ts'
import { applyToRefund } from './apply.ts'

/** Asking a provider about a payment's refunds: what it says becomes a fact, and is applied as one. */

export type RefundProgress = ReturnType<typeof refundProgress>

export function refundProgress({ db, clocks, registry }: { db: Database; clocks: Clocks; registry: Registry }) {
  /** Applies what the provider says of a payment's refund, or did not say of one that was issued. */
  async function apply(
    payment: Pick<PaymentRow, 'tenantId' | 'id'>,
    fact: RefundFact | IssuingFact,
  ): Promise<RefundRow> {
    const change = { tenantId: payment.tenantId, at: await clocks.now(payment.tenantId) }
    return transact(db, change, (work) => applyToRefund(work, payment, fact))
  }

  /** Asks the provider for the latest refund of a payment, and applies it. Undefined when it has none. */
  async function refresh(payment: PaymentRow): Promise<RefundRow | undefined> {
    const { refunds } = await registry.connected(payment.tenantId, payment.provider)
    if (!refunds || payment.externalId === null) return undefined
    const refund = await refunds.lookup(payment.externalId, payment.source)
    return refund && apply(payment, { noun: 'REFUND', proof: true, refund })
  }

  /** Asks the provider for a refund that was issued here, and applies it. Undefined when the provider has none. */
  async function refreshIssued({ tenantId, provider, id, paymentId }: RefundRow): Promise<RefundRow | undefined> {
    const { refunds } = await registry.connected(tenantId, provider)
    const refund = await refunds?.issuing?.find(encodeId('Refund', id))
    return refund && apply({ tenantId, id: paymentId }, { noun: 'REFUND', proof: true, refund })
  }

  return { apply, refresh, refreshIssued }
}
