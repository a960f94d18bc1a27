import { CURRENCIES } from '../kernel/currency.ts'

/** One statement that finds breaks, as rows of `kind`, `message`, `account_id`, `transaction_id`; $1 is the tenant. */
export type Check = string

/** Entries, balances and what is held. */
const BALANCE_CHECKS: readonly Check[] = [
  `SELECT 'currency_out_of_balance' AS kind, 'all entries in ' || currency || ' sum to ' || sum(amount) AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM entry WHERE tenant_id = $1::uuid GROUP BY currency HAVING sum(amount) <> 0`,
  `SELECT 'transaction_out_of_balance' AS kind, 'its entries in ' || currency || ' sum to ' || sum(amount) AS message,
          NULL::uuid AS account_id, transaction_id
   FROM entry WHERE tenant_id = $1::uuid GROUP BY transaction_id, currency HAVING sum(amount) <> 0`,
  `SELECT 'balance_differs' AS kind, 'balance ' || a.balance || ' over ' || a.entry_count || ' entries, but they sum to '
          || coalesce(e.total, 0) || ' over ' || coalesce(e.entries, 0) AS message, a.id AS account_id, NULL::uuid AS transaction_id
   FROM account a
   LEFT JOIN (SELECT account_id, sum(amount) AS total, count(*) AS entries FROM entry WHERE tenant_id = $1::uuid GROUP BY account_id) e
     ON e.account_id = a.id
   WHERE a.tenant_id = $1::uuid AND (a.balance <> coalesce(e.total, 0) OR a.entry_count <> coalesce(e.entries, 0))`,
  `SELECT 'running_balance_differs' AS kind, 'entry ' || number || ' of the account is its entry ' || place || ' and says '
          || balance_after || ' after it, not ' || running AS message, account_id, transaction_id
   FROM (SELECT account_id, transaction_id, number, balance_after, sum(amount) OVER in_order AS running, row_number() OVER in_order AS place
         FROM entry WHERE tenant_id = $1::uuid WINDOW in_order AS (PARTITION BY account_id ORDER BY number)) e
   WHERE balance_after <> running OR number <> place`,
  `SELECT 'entry_misplaced' AS kind, 'entry ' || e.number || ' of the account is in ' || e.currency || ', the account in ' || a.currency AS message,
          e.account_id, e.transaction_id
   FROM entry e JOIN account a ON a.tenant_id = e.tenant_id AND a.id = e.account_id
   WHERE e.tenant_id = $1::uuid AND e.currency <> a.currency`,
  `SELECT 'overdrawn' AS kind, 'available is ' || (balance - held) AS message, id AS account_id, NULL::uuid AS transaction_id
   FROM account WHERE tenant_id = $1::uuid AND balance - held < CASE WHEN overdraft THEN -overdraft_limit ELSE 0 END`,
  `SELECT 'held_differs' AS kind, 'held is ' || a.held || ', but its holds come to ' || coalesce(h.total, 0) AS message,
          a.id AS account_id, NULL::uuid AS transaction_id
   FROM account a
   LEFT JOIN (SELECT account_id, sum(total) AS total FROM ledger_transaction
              WHERE tenant_id = $1::uuid AND type = 'EXTERNAL' AND state = 'HELD' GROUP BY account_id) h ON h.account_id = a.id
   WHERE a.tenant_id = $1::uuid AND a.held <> coalesce(h.total, 0)`,
]

/** Whether the tenant's data are there beside the books: nobody has removed them. */
export const DATA_IS_KEPT = 'EXISTS (SELECT FROM tenant WHERE id = $1::uuid AND removed_at IS NULL)'

/** The accounts that conversions run over. */
const EXCHANGE = `SELECT id FROM account WHERE tenant_id = $1::uuid AND external_id ~ '^(exchange|rounding-gains):[A-Z0-9]{2,12}$'`

/** Transactions: that each is posted as its charges say, and given back no more than it says. */
const TRANSACTION_CHECKS: readonly Check[] = [
  `SELECT 'entries_differ' AS kind, 'it is ' || t.state || CASE WHEN t.parent_id IS NULL THEN '' ELSE ', a part,' END || ' and has '
          || coalesce(e.entries, 0) || ' entries' AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN (SELECT transaction_id, count(*) AS entries FROM entry WHERE tenant_id = $1::uuid GROUP BY transaction_id) e
     ON e.transaction_id = t.id
   WHERE t.tenant_id = $1::uuid
     AND (e.entries IS NULL) <> (t.state IN ('HELD', 'DECLINED') OR t.parent_id IS NOT NULL)`,
  `SELECT 'parts_differ' AS kind, 'its parts come to ' || coalesce(p.total, 0) || ' of ' || t.total || ', ' || coalesce(p.refunded, 0)
          || ' of them refunded, not ' || t.refunded AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN (SELECT parent_id, sum(total) AS total, sum(refunded) AS refunded FROM ledger_transaction
              WHERE tenant_id = $1::uuid AND parent_id IS NOT NULL GROUP BY parent_id) p ON p.parent_id = t.id
   WHERE t.tenant_id = $1::uuid AND t.parent_id IS NULL AND (p.parent_id IS NOT NULL OR t.recipe IN ('transfer', 'funding', 'refund'))
     AND (p.total IS DISTINCT FROM t.total OR p.refunded <> t.refunded)`,
  `SELECT 'part_strays' AS kind, 'it is ' || p.state || ' in ' || p.currency || ', the whole ' || t.state || ' in ' || t.currency AS message,
          p.account_id, p.id AS transaction_id
   FROM ledger_transaction p JOIN ledger_transaction t ON t.tenant_id = p.tenant_id AND t.id = p.parent_id
   WHERE p.tenant_id = $1::uuid AND (p.currency <> t.currency
     OR p.state IN ('HELD', 'DECLINED', 'ROLLED_BACK') <> (t.state IN ('HELD', 'DECLINED', 'ROLLED_BACK'))
     OR (p.state IN ('HELD', 'DECLINED', 'ROLLED_BACK') AND p.state <> t.state))`,
  `SELECT 'refunds_differ' AS kind, 'it is refunded by ' || t.refunded || ' of ' || t.total || ', but its refunds come to ' || coalesce(r.total, 0) AS message,
          t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN (SELECT reference_id, sum(total) AS total FROM ledger_transaction
              WHERE tenant_id = $1::uuid AND recipe = 'refund' GROUP BY reference_id) r ON r.reference_id = t.id
   WHERE t.tenant_id = $1::uuid AND (t.refunded <> coalesce(r.total, 0) OR t.refunded > t.total)`,
  `SELECT 'state_differs' AS kind, 'it is ' || t.state || ' with ' || t.refunded || ' of ' || t.total || ' refunded and '
          || coalesce(r.mirrors, 0) || ' rollbacks' AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN (SELECT reference_id, count(*) AS mirrors FROM ledger_transaction
              WHERE tenant_id = $1::uuid AND recipe = 'rollback' GROUP BY reference_id) r ON r.reference_id = coalesce(t.parent_id, t.id)
   WHERE t.tenant_id = $1::uuid AND t.state <> CASE
     WHEN r.mirrors = 1 AND t.refunded = 0 THEN 'ROLLED_BACK'
     WHEN t.state IN ('HELD', 'DECLINED') AND t.refunded = 0 AND r.mirrors IS NULL THEN t.state
     WHEN t.refunded = 0 THEN 'COMPLETED' WHEN t.refunded < t.total THEN 'PARTIALLY_REFUNDED' ELSE 'REFUNDED' END::"LedgerTransactionState"`,
  `SELECT 'metadata_missing' AS kind, 'in place of its metadata stands their hash' AS message, account_id, id AS transaction_id
   FROM ledger_transaction WHERE tenant_id = $1::uuid AND jsonb_typeof(metadata) <> 'object' AND ${DATA_IS_KEPT}`,
  // Conversions run over the exchange's accounts, which nobody's charge is told apart on.
  `SELECT 'charges_differ' AS kind, 'its entries on the account come to ' || coalesce(e.amount, 0) || ', its charges to ' || coalesce(c.amount, 0) AS message,
          coalesce(c.account_id, e.account_id) AS account_id, coalesce(c.transaction_id, e.transaction_id) AS transaction_id
   FROM (
     SELECT transaction_id, account_id, sum(amount) AS amount FROM (
       SELECT id AS transaction_id, account_id, CASE recipe WHEN 'refund' THEN total ELSE -total END AS amount FROM ledger_transaction
       WHERE tenant_id = $1::uuid AND type = 'EXTERNAL' AND recipe IN ('transfer', 'funding', 'refund') AND state NOT IN ('HELD', 'DECLINED')
       UNION ALL
       SELECT parent_id, destination_id, coalesce(converted, total) FROM ledger_transaction
       WHERE tenant_id = $1::uuid AND parent_id IS NOT NULL AND recipe IN ('transfer', 'funding') AND state NOT IN ('HELD', 'DECLINED')
     ) charged GROUP BY transaction_id, account_id
   ) c
   FULL JOIN (
     SELECT e.transaction_id, e.account_id, sum(e.amount) AS amount
     FROM entry e JOIN ledger_transaction t ON t.tenant_id = e.tenant_id AND t.id = e.transaction_id
     WHERE e.tenant_id = $1::uuid AND (t.recipe IN ('transfer', 'funding') OR (t.recipe = 'refund' AND t.account_id = e.account_id))
     GROUP BY e.transaction_id, e.account_id
   ) e ON e.transaction_id = c.transaction_id AND e.account_id = c.account_id
   WHERE coalesce(c.amount, 0) <> coalesce(e.amount, 0)
     AND coalesce(c.account_id, e.account_id) NOT IN (${EXCHANGE})`,
  `SELECT 'mirror_differs' AS kind, 'on the account it posts ' || coalesce(m.amount, 0) || ' for ' || coalesce(o.amount, 0) AS message,
          coalesce(m.account_id, o.account_id) AS account_id, coalesce(m.id, o.id) AS transaction_id
   FROM (SELECT t.id, e.account_id, sum(e.amount) AS amount FROM ledger_transaction t
         JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.id
         WHERE t.tenant_id = $1::uuid AND t.recipe = 'rollback' GROUP BY t.id, e.account_id) m
   FULL JOIN (SELECT t.id, e.account_id, sum(e.amount) AS amount FROM ledger_transaction t
              JOIN entry e ON e.tenant_id = t.tenant_id AND e.transaction_id = t.reference_id
              WHERE t.tenant_id = $1::uuid AND t.recipe = 'rollback' GROUP BY t.id, e.account_id) o
     ON o.id = m.id AND o.account_id = m.account_id
   WHERE coalesce(m.amount, 0) <> -coalesce(o.amount, 0)
     AND coalesce(m.account_id, o.account_id) NOT IN (${EXCHANGE})`,
  // Exact: a multiplication of decimals, and half of an even number is never rounded. What has its rounding was rounded
  // down, the rest half to even.
  `SELECT 'conversion_differs' AS kind, c.total || ' ' || c.currency || ' at ' || c.rate || ' are ' || c.expected || ' ' || c.converted_currency
          || ', not ' || c.converted AS message, c.destination_id AS account_id, c.id AS transaction_id
   FROM (
     SELECT x.*, CASE WHEN rounding IS NOT NULL THEN floor(exact) WHEN abs(exact - trunc(exact)) = 0.5 THEN 2 * round(exact / 2)
              ELSE round(exact) END AS expected
     FROM (
       SELECT p.id, p.destination_id, p.total, p.currency, p.rate, p.rounding, p.converted, p.converted_currency,
              p.total * p.rate * ('1e' || (b.exponent - a.exponent))::numeric AS exact
       FROM ledger_transaction p
       LEFT JOIN (${exponents()}) a ON a.code = p.currency
       LEFT JOIN (${exponents()}) b ON b.code = p.converted_currency
       WHERE p.tenant_id = $1::uuid AND (p.converted IS NOT NULL OR p.converted_currency IS NOT NULL OR p.rate IS NOT NULL)
     ) x
   ) c
   WHERE c.expected IS DISTINCT FROM c.converted OR c.rounding <> c.exact - c.converted`,
  `SELECT 'rounding_differs' AS kind, 'the fractions of its roundings come to ' || (r.exact - floor(r.exact)) || ', not ' || a.fraction AS message,
          a.id AS account_id, NULL::uuid AS transaction_id
   FROM (SELECT id, external_id, fraction FROM account WHERE tenant_id = $1::uuid) a
   LEFT JOIN (
     SELECT 'rounding-gains:' || coalesce(p.converted_currency, c.converted_currency) AS external_id, sum(p.rounding) AS exact
     FROM ledger_transaction p
     LEFT JOIN ledger_transaction c ON c.tenant_id = p.tenant_id AND c.id = p.reference_id
     WHERE p.tenant_id = $1::uuid AND p.rounding IS NOT NULL AND p.state NOT IN ('HELD', 'DECLINED', 'ROLLED_BACK')
     GROUP BY 1
   ) r ON r.external_id = a.external_id
   WHERE a.fraction <> coalesce(r.exact - floor(r.exact), 0)`,
]

/** Events: that each change has its fact, and each fact its change. */
const EVENT_CHECKS: readonly Check[] = [
  `SELECT 'posting_without_event' AS kind, coalesce(e.events, 0) || ' events announced it' AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   LEFT JOIN (SELECT entity_id, count(*) AS events FROM event
              WHERE tenant_id = $1::uuid AND type IN ('ledger.transaction_posted', 'ledger.hold_created') GROUP BY entity_id) e
     ON e.entity_id = t.id
   WHERE t.tenant_id = $1::uuid AND t.parent_id IS NULL AND e.events IS DISTINCT FROM 1`,
  `SELECT 'event_without_posting' AS kind, 'event ' || e.cursor || ' refers to a transaction that does not exist' AS message,
          NULL::uuid AS account_id, e.entity_id AS transaction_id
   FROM event e LEFT JOIN ledger_transaction t ON t.tenant_id = e.tenant_id AND t.id = e.entity_id
   WHERE e.tenant_id = $1::uuid AND e.entity_kind = 'LedgerTransaction' AND t.id IS NULL`,
  `SELECT 'hold_differs' AS kind, 'it is ' || t.state || ' with a total of ' || t.total || ', its last event is ' || e.type || ' with '
          || (e.payload #>> '{object,total}') AS message, t.account_id, t.id AS transaction_id
   FROM ledger_transaction t
   JOIN (SELECT DISTINCT ON (entity_id) entity_id, type, payload FROM event
         WHERE tenant_id = $1::uuid AND type LIKE 'ledger.hold%' ORDER BY entity_id, sequence DESC) e ON e.entity_id = t.id
   WHERE t.tenant_id = $1::uuid AND (t.total::text <> e.payload #>> '{object,total}'
     OR (t.state = 'HELD') <> (e.type IN ('ledger.hold_created', 'ledger.hold_updated'))
     OR (t.state = 'DECLINED') <> (e.type IN ('ledger.hold_declined', 'ledger.hold_expired')))`,
  `SELECT 'events_missing' AS kind, 'there are ' || count(e.id) || ' of ' || c.last || ' events' AS message,
          NULL::uuid AS account_id, NULL::uuid AS transaction_id
   FROM event_counter c LEFT JOIN event e ON e.tenant_id = c.tenant_id AND e.cursor BETWEEN 1 AND c.last
   WHERE c.tenant_id = $1::uuid AND ${DATA_IS_KEPT} GROUP BY c.last HAVING count(e.id) <> c.last`,
]

/** What the books promise about themselves; each costs one pass over the tables it names. */
export const LEDGER_CHECKS: readonly Check[] = [...BALANCE_CHECKS, ...TRANSACTION_CHECKS, ...EVENT_CHECKS]

/** The exponents of the currencies that everybody has and of the tenant's own. */
function exponents(): string {
  const known = CURRENCIES.map(({ code, exponent }) => `('${code}', ${exponent})`).join(', ')
  return `SELECT code, exponent FROM (VALUES ${known}) known (code, exponent)
    UNION ALL SELECT code, exponent FROM currency WHERE tenant_id = $1::uuid`
}
