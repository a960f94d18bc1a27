/**
 * What is sealed of a ledger event: one line of JSON, which the tables say again whenever they are asked.
 *
 * It has the facts that the event was announced with. Where the event moved money or ended a hold it has also the
 * transaction with its parts and entries, none of which ever changes afterwards. What may change, such as the state and
 * what was refunded of it, is in the line of the event that changes it.
 *
 * For a transaction's metadata a salted hash of it stands in the line, which is kept when the data itself is removed.
 */

/** The events after which everything about their transaction but its state is settled. */
export const SETTLING = `('ledger.transaction_posted', 'ledger.hold_completed', 'ledger.hold_declined', 'ledger.hold_expired')`

/**
 * SQL for the lines of a tenant's ledger events after one cursor, up to another: rows of `cursor`, `transaction_id` and
 * `line`, in no order. The arguments are SQL expressions. Each line costs three look-ups by index, however large the
 * tables are.
 */
export function sealedLines(tenant: string, after: string, upTo: string): string {
  return `
    SELECT e.cursor, e.entity_id AS transaction_id, row_to_json(l)::text AS line
    FROM event e
    CROSS JOIN LATERAL (
      SELECT 'event' AS kind, e.cursor, e.id, e.type, ${moment('e.at')} AS at,
             (e.payload -> 'object') - 'id' - 'entries' AS facts, ${transactionOf(tenant)} AS transaction,
             CASE WHEN e.type IN ${SETTLING} THEN ${partsOf(tenant)} ELSE '[]' END AS parts,
             CASE WHEN e.type IN ${SETTLING} THEN ${ENTRIES} ELSE '[]' END AS entries
    ) l
    WHERE e.tenant_id = ${tenant} AND e.cursor > ${after} AND e.cursor <= ${upTo} AND e.entity_kind = 'LedgerTransaction'`
}

/** Neither the session's time zone nor its date style is in it. The time is UTC. */
export function moment(column: string): string {
  return `${column} AT TIME ZONE 'UTC'`
}

/** Amounts are text, because JSON's readers keep no more than 16 digits of a number. */
function headerOf(t: string, tenant: string): string {
  return object(`${t}.id, ${t}.type, ${t}.recipe, ${t}.account_id AS account, ${t}.destination_id AS destination,
    ${t}.total::text AS total, ${t}.currency, ${t}.converted::text AS converted, ${t}.converted_currency AS "convertedCurrency",
    ${t}.rate::text AS rate, trim_scale(${t}.rounding)::text AS rounding, ${t}.cause_kind AS "causeKind", ${t}.cause_id AS cause, ${t}.parent_id AS parent,
    ${t}.reference_id AS reference, ${metadataOf(t, tenant)} AS metadata, ${moment(`${t}.created_at`)} AS "createdAt"`)
}

/** The hash that stands for a transaction's metadata; nothing for none. It is a string once the metadata are removed. */
export function metadataOf(t: string, tenant: string): string {
  const salt = `(SELECT seal_salt FROM tenant WHERE id = ${tenant})`
  return `CASE WHEN ${t}.metadata = '{}' THEN NULL WHEN jsonb_typeof(${t}.metadata) = 'string' THEN ${t}.metadata #>> '{}'
    ELSE encode(sha256(${salt} || convert_to(${t}.metadata::text, 'UTF8')), 'hex') END`
}

/** A hold's total, parts and metadata may change until it ends. */
function identityOf(t: string): string {
  return object(
    `${t}.id, ${t}.type, ${t}.recipe, ${t}.account_id AS account, ${t}.currency, ${moment(`${t}.created_at`)} AS "createdAt"`,
  )
}

const transactionOf = (tenant: string) => `(
  SELECT CASE WHEN e.type IN ${SETTLING} THEN ${headerOf('t', tenant)} ELSE ${identityOf('t')} END FROM ledger_transaction t
  WHERE t.tenant_id = e.tenant_id AND t.id = e.entity_id)`

const partsOf = (tenant: string) => `array_to_json(ARRAY(
  SELECT ${headerOf('p', tenant)} FROM ledger_transaction p
  WHERE p.tenant_id = e.tenant_id AND p.parent_id = e.entity_id ORDER BY p.id))`

const ENTRIES = `array_to_json(ARRAY(
  SELECT ${object(`n.id, n.account_id AS account, n.number, n.amount::text AS amount, n.currency,
    n.balance_after::text AS "balanceAfter", ${moment('n.at')} AS at`)} FROM entry n
  WHERE n.tenant_id = e.tenant_id AND n.transaction_id = e.entity_id ORDER BY n.account_id, n.number))`

function object(columns: string): string {
  return `(SELECT json_strip_nulls(row_to_json(o)) FROM (SELECT ${columns}) o)`
}
