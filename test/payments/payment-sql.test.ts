import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { TransactionState } from '../../src/db/generated/enums.ts'
import { hasMoney, hasMoneySql, isShort, WAITS_AS, wasSettledSql } from '../../src/payments/payment.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let own: TestDatabase
let db: Database
beforeAll(async () => {
  own = await freshDatabase()
  db = openDatabase(own.url)
})
afterAll(async () => {
  await db.close()
  await own.drop()
})

const STATES = Object.values(TransactionState)
/** A row of every state, with and without a known time of arrival. */
const ROWS = `(SELECT s.status::"TransactionState" AS status, at.settled_at::timestamptz AS settled_at,
  NULL::uuid AS checkout_id, gen_random_uuid() AS billing_id
  FROM unnest($1::text[]) AS s (status), (VALUES (NULL), ('2026-01-31T12:00:00Z')) AS at (settled_at)) p`

test.each([
  ['hasMoney', hasMoneySql('p'), hasMoney],
  [
    'was settled, before it was refunded or not',
    wasSettledSql('p'),
    (row: Row) => hasMoney(row) && !isShort(row.status),
  ],
] as const)('what SQL and code say of every state is the same: %s', async (name, sql, code) => {
  const rows = await db.query<Row & { said: boolean }>(name, `SELECT status, settled_at, ${sql} AS said FROM ${ROWS}`, [
    STATES,
  ])
  expect(rows).toHaveLength(STATES.length * 2)
  for (const row of rows) expect([row.status, row.settledAt, row.said]).toEqual([row.status, row.settledAt, code(row)])
})

test('money on the suspense account waits as late, short or surplus where something asked for it', async () => {
  const rows = await db.query<Row & { why: string }>(
    'why',
    `SELECT status, settled_at, ${WAITS_AS} AS why FROM ${ROWS}`,
    [STATES],
  )
  const why = new Map(rows.map((row) => [row.status, row.why]))
  expect([why.get('PAID_LATE'), why.get('UNDERPAID'), why.get('OVERPAID')]).toEqual(['late', 'short', 'surplus'])
})

interface Row {
  readonly status: TransactionState
  readonly settledAt: Date | null
}
