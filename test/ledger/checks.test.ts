import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'

let house: TestApp

beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())

const OF = 'WHERE tenant_id = $1 AND'
const CONVERTED = `${OF} parent_id = $2 AND converted_currency = 'EUR'`

/** Books that were never sealed, in which only their own contradictions tell. */
test.each<[string, keyof BusyBooks, string, string[]]>([
  [
    'an entry in a currency that is not its account’s',
    'split',
    `UPDATE entry SET currency = 'GBP' ${OF} transaction_id = $2 AND currency = 'USD'`,
    ['entry_misplaced'],
  ],
  [
    'entries that are numbered with a gap',
    'split',
    `UPDATE entry SET number = number + 1000 ${OF} transaction_id = $2 AND amount = 2000`,
    ['running_balance_differs'],
  ],
  ['an amount held without a hold', 'shop', `UPDATE account SET held = held + 1 ${OF} id = $2`, ['held_differs']],
  [
    'a hold that was made smaller with what is held',
    'held',
    `WITH h AS (UPDATE ledger_transaction SET total = total - 1 ${OF} (id = $2 OR parent_id = $2) RETURNING type, account_id)
     UPDATE account a SET held = held - 1 FROM h WHERE a.tenant_id = $1 AND a.id = h.account_id AND h.type = 'EXTERNAL'`,
    ['hold_differs'],
  ],
  [
    'a hold that was ended without an event',
    'held',
    `WITH h AS (UPDATE ledger_transaction SET state = 'DECLINED' ${OF} (id = $2 OR parent_id = $2) RETURNING account_id, total)
     UPDATE account a SET held = held - h.total FROM h WHERE a.tenant_id = $1 AND a.id = h.account_id`,
    ['hold_differs'],
  ],
  [
    'entries of a charge',
    'split',
    `UPDATE entry SET transaction_id = (SELECT id FROM ledger_transaction ${OF} parent_id = $2 LIMIT 1) ${OF} transaction_id = $2`,
    ['charges_differ', 'entries_differ'],
  ],
  [
    'entries of a hold that was declined',
    'declined',
    `UPDATE entry SET transaction_id = $2 ${OF} transaction_id = (SELECT id FROM ledger_transaction ${OF} recipe = 'funding' AND currency = 'JPY' AND parent_id IS NULL)`,
    ['charges_differ', 'entries_differ'],
  ],
  ['a charge that was taken out', 'declined', `DELETE FROM ledger_transaction ${OF} parent_id = $2`, ['parts_differ']],
  [
    'a charge that was made larger',
    'declined',
    `UPDATE ledger_transaction SET total = total + 1 ${OF} parent_id = $2`,
    ['parts_differ'],
  ],
  [
    'a charge to somebody else',
    'completed',
    `UPDATE ledger_transaction SET destination_id = account_id ${OF} parent_id = $2 AND converted IS NULL`,
    ['charges_differ'],
  ],
  [
    'a charge in another state than its transaction',
    'declined',
    `UPDATE ledger_transaction SET state = 'HELD' ${OF} parent_id = $2`,
    ['part_strays'],
  ],
  [
    'a refund that was forgotten',
    'split',
    `UPDATE ledger_transaction SET refunded = 0, state = 'COMPLETED' ${OF} id = $2`,
    ['parts_differ', 'refunds_differ'],
  ],
  [
    'a refund of a charge that was moved to another',
    'split',
    `UPDATE ledger_transaction SET refunded = 502 - refunded, state = CASE refunded WHEN 0 THEN 'PARTIALLY_REFUNDED' ELSE 'COMPLETED' END::"LedgerTransactionState"
     ${OF} parent_id = $2 AND total IN (2000, 1002)`,
    ['refunds_differ'],
  ],
  [
    'a state that nothing led to',
    'split',
    `UPDATE ledger_transaction SET state = 'REFUNDED' ${OF} id = $2`,
    ['state_differs'],
  ],
  [
    'a rollback that was forgotten',
    'rolledBack',
    `UPDATE ledger_transaction SET state = 'COMPLETED' ${OF} (id = $2 OR parent_id = $2)`,
    ['rounding_differs', 'state_differs'],
  ],
  [
    'a rollback that gave back something else',
    'rolledBack',
    `UPDATE entry SET amount = 2 * amount ${OF} transaction_id = (SELECT id FROM ledger_transaction ${OF} recipe = 'rollback' AND reference_id = $2)`,
    ['balance_differs', 'mirror_differs', 'running_balance_differs'],
  ],
  [
    'a rate that was changed',
    'split',
    `UPDATE ledger_transaction SET rate = rate * 1.1 ${CONVERTED}`,
    ['conversion_differs'],
  ],
  [
    'a conversion that was rounded up',
    'split',
    `UPDATE ledger_transaction SET total = 1, rate = 0.7, converted = 1, rounding = 0 ${CONVERTED}`,
    ['charges_differ', 'conversion_differs', 'parts_differ', 'refunds_differ', 'rounding_differs', 'state_differs'],
  ],
  [
    'a rounding that was kept too small',
    'split',
    `UPDATE ledger_transaction SET rounding = rounding / 2 ${CONVERTED}`,
    ['conversion_differs', 'rounding_differs'],
  ],
  [
    'a fraction that comes from no rounding',
    'split',
    `UPDATE account SET fraction = 0.25 ${OF} external_id = 'rounding-gains:USD' OR tenant_id = $1 AND id = $2 OR tenant_id = $1 AND external_id = 'shop'`,
    ['rounding_differs'],
  ],
  [
    'an account below its overdraft limit',
    'split',
    `UPDATE account SET overdraft_limit = 1 ${OF} external_id = 'exchange:EUR' AND $2::uuid IS NOT NULL`,
    ['overdrawn'],
  ],
  [
    'an event of a transaction that is not there',
    'declined',
    `DELETE FROM ledger_transaction ${OF} (id = $2 OR parent_id = $2)`,
    ['event_without_posting'],
  ],
])('the proof finds %s', async (_, which, statement, expected) => {
  const { tenantId } = await newTenant(house.app.db)
  const books = await busyBooks(house.app, { ...(await house.actor()), tenantId })
  expect(await tamper(house.app.db, statement, [tenantId, books[which]])).toBeGreaterThan(0)
  const { breaks } = await house.app.ledger.proof(tenantId)
  expect([...new Set(breaks.map(({ kind }) => kind))].sort()).toEqual(expected)
})
