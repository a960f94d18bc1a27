import type { Database } from '../db/database.ts'
import { dayOf, groupsOf, METADATA, monthOf, statistic, type Wanted } from '../db/groups.ts'

/** What groups of payments come to. */

export type PaymentDimension =
  | 'status'
  | 'source'
  | 'provider'
  | 'customer'
  | 'product'
  | 'seller'
  | 'subscription'
  | 'reference'
  | 'metadata'
  | 'currency'
  | 'day'
  | 'month'

export type PaymentSum = 'amount' | 'fee' | 'organizationFee' | 'settled'

const PAYMENTS = statistic({
  from: 'payment',
  dimensions: {
    status: 't.status::text',
    source: 't.source::text',
    provider: 't.provider::text',
    customer: 't.customer_id::text',
    product: 't.product_id::text',
    seller: 't.user_id::text',
    subscription: 't.subscription_id::text',
    reference: 't.reference',
    metadata: METADATA,
    currency: 't.currency',
    day: dayOf('t.created_at'),
    month: monthOf('t.created_at'),
  },
  sums: {
    amount: 'sum(t.amount_minor)',
    fee: 'sum(t.provider_fee_minor)',
    organizationFee: 'sum(t.organization_fee_minor)',
    settled: { sum: 'sum(t.settled_minor)', currency: 't.settled_currency' },
  },
})

export function paymentStats(db: Database) {
  return { stats: (wanted: Wanted<PaymentDimension>) => groupsOf(db, PAYMENTS, wanted) }
}
