import type { Database } from '../db/database.ts'
import type { Clocks } from '../kernel/clock.ts'
import { type Check, DATA_IS_KEPT, LEDGER_CHECKS } from '../ledger/checks.ts'
import { type LedgerProof, prove } from '../ledger/proof.ts'
import { hasMoneySql, isRefundedSql, wasSettledSql } from '../payments/payment.ts'
import { isPaidBackSql } from '../refunds/refund.ts'
import { isPaidSql } from '../subscriptions/billing.ts'

/**
 * The payments for which money came in: each has one posting for its first arrival, unless that was of nothing, and one for
 * each that followed.
 */
const HAS_MONEY = hasMoneySql('p')

const ARRIVALS = `
  SELECT t.id, t.account_id, t.total, t.currency, t.cause_id, coalesce(m.payment_id, t.cause_id) AS payment_id
  FROM ledger_transaction t
  LEFT JOIN payment_movement m ON m.tenant_id = t.tenant_id AND m.id = t.cause_id AND m.kind = 'RECEIPT'
  WHERE t.tenant_id = $1::uuid AND t.recipe IN ('paymentSettled', 'paymentSuspended')`

/** The provider's and the organization's fees that were posted for a payment. What was lowered may have come from outside. */
const FEES = `
  SELECT coalesce(m.payment_id, t.cause_id) AS payment_id,
         coalesce(sum(e.amount) FILTER (WHERE a.external_id LIKE 'fees:%' OR (m.provider_fee_minor < 0 AND a.external_id LIKE 'world:%')), 0)
         || ', ' || coalesce(sum(e.amount) FILTER (WHERE a.external_id LIKE 'organization-fees:%'), 0) AS fees
  FROM ledger_transaction t
  JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.id
  JOIN account a ON a.tenant_id = e.tenant_id AND a.id = e.account_id
  LEFT JOIN payment_movement m ON m.tenant_id = t.tenant_id AND m.id = t.cause_id
  WHERE t.tenant_id = $1::uuid AND t.recipe IN ('paymentSettled', 'paymentSuspended', 'feeTold')
  GROUP BY 1`

/** What the books and the payments promise about each other. */
const PAYMENT_CHECKS: readonly Check[] = [
  `SELECT 'payment_without_posting' AS kind, 'payment ' || p.id || ' had money come in ' || r.times || ' times and has '
          || count(t.id) || ' postings' AS message, NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment p
   CROSS JOIN LATERAL (SELECT count(*) + CASE WHEN p.amount_minor > coalesce(sum(m.amount_minor), 0) THEN 1 ELSE 0 END AS times
     FROM payment_movement m WHERE m.tenant_id = p.tenant_id AND m.payment_id = p.id AND m.kind = 'RECEIPT') r
   LEFT JOIN (${ARRIVALS}) t ON t.payment_id = p.id
   WHERE p.tenant_id = $1::uuid AND ${HAS_MONEY}
   GROUP BY p.id, r.times HAVING count(t.id) <> r.times`,
  `SELECT 'posting_without_payment' AS kind, 'it was posted for payment ' || t.payment_id || ', for which no money came in' AS message,
          t.account_id, t.id AS transaction_id
   FROM (${ARRIVALS}) t
   LEFT JOIN payment p ON p.tenant_id = $1::uuid AND p.id = t.payment_id AND ${HAS_MONEY}
   WHERE p.id IS NULL AND ${DATA_IS_KEPT}`,
  `SELECT 'posting_differs' AS kind, 'payment ' || p.id || ' of ' || p.amount_minor || ' ' || p.currency || ' is posted with ' || sum(t.total)
          || ' ' || min(t.currency) AS message, NULL::uuid AS account_id, min(t.id::text)::uuid AS transaction_id
   FROM (${ARRIVALS}) t
   JOIN payment p ON p.tenant_id = $1::uuid AND p.id = t.payment_id AND ${HAS_MONEY}
   GROUP BY p.id, p.amount_minor, p.currency
   HAVING sum(t.total) <> p.amount_minor OR bool_or(t.currency <> p.currency)`,
  `SELECT 'suspense_differs' AS kind, 'the payments have ' || coalesce(p.total, 0) || ' in suspense, account ' || coalesce(a.external_id, p.name)
          || ' has ' || coalesce(a.balance, 0) AS message, a.id AS account_id, NULL::uuid AS transaction_id
   FROM (SELECT 'suspense:' || lower(provider::text COLLATE "C") || ':' || currency AS name, sum(suspense_minor) AS total FROM payment
         WHERE tenant_id = $1::uuid AND suspense_minor > 0 GROUP BY provider, currency) p
   FULL JOIN (SELECT id, external_id, balance FROM account WHERE tenant_id = $1::uuid AND external_id LIKE 'suspense:%') a
     ON a.external_id = p.name
   WHERE coalesce(p.total, 0) <> coalesce(a.balance, 0) AND ${DATA_IS_KEPT}`,
  `SELECT 'fee_without_posting' AS kind, 'payment ' || m.payment_id || ' was told a fee of ' || m.provider_fee_minor || ' and has '
          || count(t.id) || ' postings of it' AS message, NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment_movement m
   LEFT JOIN ledger_transaction t ON t.tenant_id = m.tenant_id AND t.cause_id = m.id AND t.recipe = 'feeTold'
     AND (t.total = m.provider_fee_minor OR m.provider_fee_minor < 0)
   WHERE m.tenant_id = $1::uuid AND m.kind = 'FEE'
   GROUP BY m.id, m.payment_id, m.provider_fee_minor HAVING count(t.id) <> 1`,
  `SELECT 'fee_differs' AS kind, 'payment ' || p.id || ' has the fees ' || p.fees || ', its postings ' || coalesce(t.fees, '0, 0') AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM (SELECT id, coalesce(provider_fee_minor, 0) || ', ' || coalesce(organization_fee_minor, 0) AS fees
         FROM payment WHERE tenant_id = $1::uuid) p
   LEFT JOIN (${FEES}) t ON t.payment_id = p.id
   WHERE p.fees <> coalesce(t.fees, '0, 0')`,
  `SELECT 'billing_without_payment' AS kind, 'billing ' || b.id || ' is paid and has ' || count(p.id) || ' payments of its amount' AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM billing b
   LEFT JOIN payment p ON p.tenant_id = b.tenant_id AND p.billing_id = b.id AND p.amount_minor = b.amount_minor AND ${wasSettledSql('p')}
   WHERE b.tenant_id = $1::uuid AND ${isPaidSql('b')}
   GROUP BY b.id HAVING count(p.id) <> 1`,
  `SELECT 'payment_without_event' AS kind, 'no event says that payment ' || p.id || ' is ' || p.status AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment p
   WHERE p.tenant_id = $1::uuid AND NOT EXISTS (
     SELECT 1 FROM event e WHERE e.tenant_id = p.tenant_id AND e.entity_id = p.id AND e.payload -> 'status' ->> 'state' = p.status::text)`,
]

/** What the books and the refunds promise about each other. */
const REFUND_CHECKS: readonly Check[] = [
  `SELECT 'refund_without_posting' AS kind, 'refund ' || r.id || ' is completed and has ' || count(t.id) || ' postings' AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM refund r
   LEFT JOIN ledger_transaction t ON t.tenant_id = r.tenant_id AND t.cause_id = r.id AND t.recipe = 'refundCompleted'
   WHERE r.tenant_id = $1::uuid AND ${isPaidBackSql('r')}
   GROUP BY r.id HAVING count(t.id) <> 1`,
  `SELECT 'posting_without_refund' AS kind, 'it was posted for refund ' || t.cause_id || ', which is not completed' AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN refund r ON r.tenant_id = t.tenant_id AND r.id = t.cause_id AND ${isPaidBackSql('r')}
   WHERE t.tenant_id = $1::uuid AND t.recipe = 'refundCompleted' AND r.id IS NULL AND ${DATA_IS_KEPT}`,
  `SELECT 'posting_differs' AS kind, 'it posts ' || t.total || ' for a refund of ' || r.amount_minor AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   JOIN refund r ON r.tenant_id = t.tenant_id AND r.id = t.cause_id
   WHERE t.tenant_id = $1::uuid AND t.recipe = 'refundCompleted' AND (t.total <> r.amount_minor OR t.currency <> r.currency)`,
  `SELECT 'given_back_differs' AS kind, 'payment ' || p.id || ' is ' || p.status || ' with ' || p.refunded_minor || ' of ' || p.amount_minor
          || ' given back, its refunds come to ' || coalesce(r.total, 0) AS message, NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment p
   LEFT JOIN (SELECT payment_id, sum(amount_minor) AS total FROM refund
              WHERE tenant_id = $1::uuid AND ${isPaidBackSql('refund')} GROUP BY payment_id) r ON r.payment_id = p.id
   WHERE p.tenant_id = $1::uuid AND (p.refunded_minor <> coalesce(r.total, 0)
     OR (${isRefundedSql('p')}) <> (p.refunded_minor >= p.amount_minor AND p.amount_minor > 0))`,
  `SELECT 'refund_without_event' AS kind, 'the last event of refund ' || r.id || ' does not say that it is ' || r.status AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM refund r
   WHERE r.tenant_id = $1::uuid AND r.status::text IS DISTINCT FROM (
     SELECT e.payload #>> '{object,status}' FROM event e
     WHERE e.tenant_id = r.tenant_id AND e.entity_id = r.id AND e.type <> 'refund.contradicted' ORDER BY e.sequence DESC LIMIT 1)`,
]

/** What the books and the claims of sellers promise about each other. */
const CLAIM_CHECKS: readonly Check[] = [
  `SELECT 'claim_without_posting' AS kind, 'claim ' || f.id || ' is funded and has ' || count(t.id) || ' postings of its amount' AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM claim_funds f
   LEFT JOIN ledger_transaction t ON t.tenant_id = f.tenant_id AND t.cause_id = f.id AND t.recipe = 'claimFundsSettled'
     AND t.total = f.owed_minor AND t.currency = f.currency
   WHERE f.tenant_id = $1::uuid AND f.funded
   GROUP BY f.id HAVING count(t.id) <> 1`,
  `SELECT 'posting_without_claim' AS kind, 'it was posted for claim ' || t.cause_id || ', which is not funded' AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN claim_funds f ON f.tenant_id = t.tenant_id AND f.id = t.cause_id AND f.funded
   WHERE t.tenant_id = $1::uuid AND t.recipe = 'claimFundsSettled' AND f.id IS NULL AND ${DATA_IS_KEPT}`,
]

export function proofService({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /** Verifies everything that a tenant's books promise, on one snapshot. */
    async proof(tenantId: string): Promise<LedgerProof> {
      return prove(db, tenantId, await clocks.now(tenantId), [
        ...LEDGER_CHECKS,
        ...PAYMENT_CHECKS,
        ...REFUND_CHECKS,
        ...CLAIM_CHECKS,
      ])
    },
  }
}
