import type pg from 'pg'
import { expect } from 'vitest'
import { openConnection } from '../../src/db/connection.ts'
import type { Api } from './api.ts'
import { eventually } from './app.ts'

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

/** The tenant's events count 1, 2, 3 …, and so do those of each entity. */
const GAPS = `
  SELECT tenant_id, entity_id, array_agg(sequence ORDER BY sequence) AS numbers FROM event GROUP BY 1, 2
  HAVING max(sequence) <> count(*) OR min(sequence) <> 1
  UNION ALL
  SELECT tenant_id, NULL, array_agg(cursor ORDER BY cursor) FROM event GROUP BY 1
  HAVING max(cursor) <> count(*) OR min(cursor) <> 1`

interface Played {
  readonly api: Api
  readonly databaseUrl: string
  readonly lines?: readonly Readonly<Record<string, unknown>>[]
}

/**
 * How every journey ends: the books balance, every notification is applied, nothing is in doubt, no event is missing,
 * and no error was logged. Waits a while for what is still on its way.
 */
export async function expectAllSettled({ api, databaseUrl, lines = [] }: Played): Promise<void> {
  const client = await openConnection(databaseUrl, { name: 'test' })
  try {
    let ends: Record<string, string> = {}
    await eventually(async () => {
      ends = (await client.query<Record<string, string>>(OPEN_ENDS)).rows[0] ?? {}
      return Object.values(ends).every((count) => count === '0')
    }).catch(() => expect.fail(`open ends: ${JSON.stringify(ends)}`))
    expect((await client.query(GAPS)).rows).toEqual([])
  } finally {
    await client.end()
  }
  const { ledger } = await api.ask<{ ledger: { proof: object } }>(
    '{ ledger { proof { balanced breaks { message } } } }',
  )
  expect(ledger.proof).toEqual({ balanced: true, breaks: [] })
  expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
}

/** What the database says, for what no door shows. */
export async function look<Row extends pg.QueryResultRow>(databaseUrl: string, sql: string, values: unknown[] = []) {
  const client = await openConnection(databaseUrl, { name: 'test' })
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}
