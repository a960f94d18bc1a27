import type pg from 'pg'
import { openConnection } from '../../src/db/connection.ts'

/** Work and doubt that a story may leave behind, as a count of rows for each kind. */
export const OPEN_ENDS = `
  SELECT (SELECT count(*) FROM inbox_message WHERE applied_at IS NULL) AS "notifications waiting",
         (SELECT count(*) FROM checkout WHERE status IN ('OPENING', 'UNKNOWN', 'PROCESSING')) AS "checkouts in doubt",
         (SELECT count(*) FROM payment WHERE status IN ('UNKNOWN', 'CREATED', 'WAITING_CONFIRMATION', 'PENDING')) AS "payments in doubt",
         (SELECT count(*) FROM refund WHERE status IN ('PROCESSING', 'APPROVED', 'UNKNOWN')) AS "refunds in doubt",
         (SELECT count(*) FROM subscription WHERE cancel_requested_at IS NOT NULL AND next_check_at IS NOT NULL) AS "cancellations in doubt",
         (SELECT count(*) FROM billing WHERE status = 'PENDING') AS "bills in doubt",
         (SELECT count(*) FROM usage_report WHERE next_attempt_at IS NOT NULL) AS "reports of usage in doubt",
         (SELECT count(*) FROM sandbox_task k JOIN tenant t ON t.id = k.tenant_id WHERE kind <> 'expire'
            AND due_at < now() + t.clock_ahead_ms * interval '1 millisecond' + interval '1 hour') AS "provider's tasks"`

/** What the database says, for what no door shows. */
export async function look<Row extends pg.QueryResultRow>(databaseUrl: string, sql: string, values: unknown[] = []) {
  const client = await openConnection(databaseUrl, { name: 'test' })
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}
