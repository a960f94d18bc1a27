import type { App } from '../../src/app.ts'
import { accountUuid } from './books.ts'

/** Years of business at once: transfers between numbered accounts as posting would have left them. */

export interface Bulk {
  readonly transfers: number
  /** The moment of the first; each is a microsecond after the one before. */
  readonly startMs: number
}

/** One transfer in four is paid by account 1; the others go from one of the rest to another. */
const TRANSFERS = `
  CREATE TEMP TABLE bulk ON COMMIT DROP AS
  SELECT i, pick.source, pick.destination, 1 + i % 100 AS amount, $3::timestamptz + i * interval '1 microsecond' AS at,
         ${uuidOf('i', 0)} AS id, ${uuidOf('i', 1)} AS part, ${uuidOf('i', 2)} AS paid, ${uuidOf('i', 3)} AS received,
         ${uuidOf('i', 4)} AS event
  FROM generate_series(1, $1::bigint) AS i,
       LATERAL (SELECT CASE WHEN i % 4 = 0 THEN 1 ELSE 2 + i * 7919 % ($2 - 1) END AS source) AS payer,
       LATERAL (SELECT payer.source, CASE WHEN payer.source = 1 THEN 2 + i / 4 % ($2 - 1)
                       ELSE 2 + (payer.source - 1 + i * 31 % ($2 - 2)) % ($2 - 1) END AS destination) AS pick`

const STEPS = [
  `INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency, parent_id, destination_id,
                                   created_at, completed_at)
   SELECT $1::uuid, CASE kind WHEN 'EXTERNAL' THEN b.id ELSE b.part END, kind::"LedgerTransactionType", 'COMPLETED', 'transfer',
          ${accountOf('b.source')}, b.amount, 'USD', CASE kind WHEN 'INTERNAL' THEN b.id END,
          CASE kind WHEN 'INTERNAL' THEN ${accountOf('b.destination')} END, b.at, b.at
   FROM bulk b CROSS JOIN (VALUES ('EXTERNAL'), ('INTERNAL')) AS kinds (kind) ORDER BY b.i, kind`,
  `INSERT INTO entry (tenant_id, id, account_id, transaction_id, number, amount, currency, balance_after, at)
   SELECT $1::uuid, l.id, a.id, l.transaction, a.entry_count + row_number() OVER before, l.amount, 'USD',
          a.balance + sum(l.amount) OVER before, l.at
   FROM (SELECT i, 1 AS leg, paid AS id, id AS transaction, source AS account, -amount AS amount, at FROM bulk
         UNION ALL SELECT i, 2, received, id, destination, amount, at FROM bulk) l
   JOIN account a ON a.tenant_id = $1::uuid AND a.id = ${accountOf('l.account')}
   WINDOW before AS (PARTITION BY l.account ORDER BY l.i) ORDER BY l.i, l.leg`,
  `INSERT INTO event (tenant_id, id, cursor, type, entity_kind, entity_id, sequence, payload, at, request_id)
   SELECT $1::uuid, b.event, c.last + b.i, 'ledger.transaction_posted', 'LedgerTransaction', b.id, 1,
          jsonb_build_object('object', jsonb_build_object('id', b.id, 'recipe', 'transfer', 'total', b.amount::text,
            'currency', 'USD', 'entries', jsonb_build_array(
              jsonb_build_object('account', ${accountOf('b.source')}, 'amount', (-b.amount)::text),
              jsonb_build_object('account', ${accountOf('b.destination')}, 'amount', b.amount::text)))), b.at, 'bulk'
   FROM bulk b, event_counter c WHERE c.tenant_id = $1::uuid ORDER BY b.i`,
  `UPDATE account a SET balance = a.balance + l.amount, entry_count = a.entry_count + l.entries, updated_at = l.at
   FROM (SELECT account, sum(amount) AS amount, count(*) AS entries, max(at) AS at
         FROM (SELECT source AS account, -amount AS amount, at FROM bulk UNION ALL SELECT destination, amount, at FROM bulk) x
         GROUP BY account) l
   WHERE a.tenant_id = $1::uuid AND a.id = ${accountOf('l.account')}`,
  'UPDATE event_counter SET last = last + (SELECT count(*) FROM bulk) WHERE tenant_id = $1::uuid',
]

/** Adds so many transfers between the accounts, which are open and have enough. */
export async function loadTransfers(app: App, tenantId: string, accounts: number, transfers: number): Promise<Bulk> {
  const startMs = Math.ceil(app.clock.now().getTime() / 1_000) * 1_000
  const client = await app.db.pool.connect()
  try {
    await client.query('BEGIN')
    // What triggers and foreign keys would ask of each row is proved of them all afterwards.
    await client.query("SET LOCAL session_replication_role = replica; SET LOCAL work_mem = '256MB'")
    await client.query(TRANSFERS.replaceAll('START_MS', String(startMs)), [transfers, accounts, new Date(startMs)])
    for (const step of STEPS) await client.query(step, [tenantId])
    await client.query('COMMIT')
    await client.query('VACUUM ANALYZE')
    await client.query('CHECKPOINT')
  } finally {
    client.release()
  }
  return { transfers, startMs }
}

/** The id of a transfer, which sorts as it came. */
export function transferUuid({ startMs }: Bulk, number: number): string {
  const ms = (startMs + Math.floor(number / 1_000)).toString(16).padStart(12, '0')
  const place = (number % 1_000).toString(16).padStart(3, '0')
  const rest = number.toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${place}-8000-${rest}`
}

/** The same in SQL, for each kind of row. */
function uuidOf(number: string, kind: number): string {
  const ms = `lpad(to_hex(START_MS + ${number} / 1000), 12, '0')`
  const place = `lpad(to_hex(${number} % 1000), 3, '0')`
  return `(${ms} || '7' || ${place} || '800${kind}' || lpad(to_hex(${number}), 12, '0'))::uuid`
}

function accountOf(number: string): string {
  return `('${accountUuid(0).slice(0, -12)}' || lpad(to_hex(${number}), 12, '0'))::uuid`
}
