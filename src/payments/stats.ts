import type { Database } from '../db/database.ts'
import { dayOf, groupsOf, METADATA, monthOf, statistic, type Wanted } from '../db/groups.ts'
import { hasFailedSql, wasSettledSql } from './payment.ts'

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
  | 'reason'

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
    reason: `CASE WHEN ${hasFailedSql('t')} THEN coalesce(t.message, t.status::text) END`,
  },
  sums: {
    amount: 'sum(t.amount_minor)',
    fee: 'sum(t.provider_fee_minor)',
    organizationFee: 'sum(t.organization_fee_minor)',
    settled: { sum: 'sum(t.settled_minor)', currency: 't.settled_currency' },
  },
  counts: { succeeded: wasSettledSql('t'), failed: hasFailedSql('t') },
})

export type RevenueDimension = 'provider' | 'currency' | 'day' | 'month'
export type RevenueSum = 'gross' | 'refunded' | 'fees' | 'organizationFees' | 'net'

/** The entries by which payments and refunds are in the books, each with the side that it is on. */
const REVENUE = statistic({
  name: 'revenue',
  from: `(SELECT e.tenant_id, e.amount, e.currency, e.at, split_part(a.external_id, ':', 1) AS side,
      upper(split_part(a.external_id, ':', 2)) AS provider
    FROM account AS a
    JOIN entry AS e ON e.tenant_id = a.tenant_id AND e.account_id = a.id
    JOIN ledger_transaction AS l ON l.tenant_id = e.tenant_id AND l.id = e.transaction_id
    WHERE a.kind = 'SYSTEM' AND split_part(a.external_id, ':', 1) IN ('customers', 'fees', 'organization-fees')
      AND l.recipe IN ('paymentSettled', 'paymentSuspended', 'feeTold', 'refundCompleted'))`,
  dimensions: { provider: 't.provider', currency: 't.currency', day: dayOf('t.at'), month: monthOf('t.at') },
  sums: {
    gross: `coalesce(-sum(t.amount) FILTER (WHERE t.side = 'customers' AND t.amount < 0), 0)`,
    refunded: `coalesce(sum(t.amount) FILTER (WHERE t.side = 'customers' AND t.amount > 0), 0)`,
    fees: `coalesce(sum(t.amount) FILTER (WHERE t.side = 'fees'), 0)`,
    organizationFees: `coalesce(sum(t.amount) FILTER (WHERE t.side = 'organization-fees'), 0)`,
    net: `coalesce(-sum(t.amount) FILTER (WHERE t.side <> 'organization-fees'), 0)`,
  },
})

export function paymentStats(db: Database) {
  return {
    stats: (wanted: Wanted<PaymentDimension>) => groupsOf(db, PAYMENTS, wanted),
    revenue: (wanted: Wanted<RevenueDimension>) => groupsOf(db, REVENUE, wanted),
  }
}
