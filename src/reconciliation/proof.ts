import type { Database } from '../db/database.ts'
import type { Clocks } from '../kernel/clock.ts'
import { type Check, DATA_IS_KEPT, LEDGER_CHECKS } from '../ledger/checks.ts'
import { type LedgerProof, prove } from '../ledger/proof.ts'

const SETTLED = `('COMPLETED', 'OVERPAID', 'PAID_LATE', 'REFUNDED')`

/** What the books and the payments promise about each other. */
const PAYMENT_CHECKS: readonly Check[] = [
  `SELECT 'payment_without_posting' AS kind, 'payment ' || p.id || ' is settled and has ' || count(t.id) || ' postings' AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment p
   LEFT JOIN ledger_transaction t ON t.tenant_id = p.tenant_id AND t.cause_id = p.id AND t.recipe = 'paymentSettled'
   WHERE p.tenant_id = $1::uuid AND p.status IN ${SETTLED}
   GROUP BY p.id HAVING count(t.id) <> 1`,
  `SELECT 'posting_without_payment' AS kind, 'it was posted for payment ' || t.cause_id || ', which is not settled' AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN payment p ON p.tenant_id = t.tenant_id AND p.id = t.cause_id AND p.status IN ${SETTLED}
   WHERE t.tenant_id = $1::uuid AND t.recipe = 'paymentSettled' AND p.id IS NULL AND ${DATA_IS_KEPT}`,
  `SELECT 'posting_differs' AS kind, 'it posts ' || t.total || ' for a payment of ' || p.amount_minor AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   JOIN payment p ON p.tenant_id = t.tenant_id AND p.id = t.cause_id
   WHERE t.tenant_id = $1::uuid AND t.recipe = 'paymentSettled' AND (t.total <> p.amount_minor OR t.currency <> p.currency)`,
  `SELECT 'payment_without_event' AS kind, 'no event says that payment ' || p.id || ' is ' || p.status AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM payment p
   WHERE p.tenant_id = $1::uuid AND NOT EXISTS (
     SELECT 1 FROM event e WHERE e.tenant_id = p.tenant_id AND e.entity_id = p.id AND e.payload -> 'status' ->> 'state' = p.status::text)`,
]

export function proofService({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /** Verifies everything that a tenant's books promise, on one snapshot. */
    async proof(tenantId: string): Promise<LedgerProof> {
      return prove(db, tenantId, await clocks.now(tenantId), [...LEDGER_CHECKS, ...PAYMENT_CHECKS])
    },
  }
}
