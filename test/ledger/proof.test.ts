import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { currency } from '../../src/kernel/currency.ts'
import { newId } from '../../src/kernel/id.ts'
import { money } from '../../src/kernel/money.ts'
import { post } from '../../src/ledger/journal.ts'
import { type LedgerProof, totals } from '../../src/ledger/proof.ts'
import { paymentSettled } from '../../src/ledger/recipes.ts'
import { reverse } from '../../src/ledger/reversal.ts'
import { clocksOf } from '../../src/organizations/clocks.ts'
import { proofService } from '../../src/reconciliation/proof.ts'
import { transact } from '../../src/work/work.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'

const NOW = new Date('2026-03-31T12:00:00Z')
const USD = currency('USD')

let database: TestDatabase
let db: Database
let tenantId: string
let paymentId: string

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

/** A settled payment of 100.00 with its posting and events, all as it should be. */
async function settle(sellerId: string | null = null): Promise<string> {
  const id = newId()
  await transact(db, { tenantId, at: NOW }, async (work) => {
    const fees = { providerFee: 150n, organizationFee: sellerId ? 100n : 0n, sellerId }
    const kept = { providerFeeMinor: String(fees.providerFee), organizationFeeMinor: String(fees.organizationFee) }
    const amounts = { amountMinor: '10000', currency: 'USD', description: 'A mug', ...kept }
    await work.tx.payment.create({ data: { tenantId, id, provider: 'QBITFLOW', status: 'COMPLETED', ...amounts } })
    const entry = paymentSettled({ paymentId: id, provider: 'QBITFLOW', gross: money(10_000n, USD), ...fees })
    await post(work, entry)
    const status = { type: 'PAYMENT', state: 'COMPLETED', final: true } as const
    work.emit({ type: 'payment.completed', entityKind: 'Payment', entityId: id, status, object: {} })
  })
  return id
}

beforeEach(async () => {
  tenantId = (await newTenant(db)).tenantId
  await settle()
  await settle('00000000-0000-7000-8000-000000000001')
  paymentId = await settle()
})

const proof = () => proofService({ db, clocks: clocksOf(db, { now: () => NOW }) }).proof(tenantId)
const kinds = ({ breaks }: LedgerProof) => [...new Set(breaks.map(({ kind }) => kind))].sort()

async function spoil(statement: string): Promise<void> {
  const values = statement.includes('$2') ? [tenantId, paymentId] : [tenantId]
  expect(await tamper(db, statement, values)).toBeGreaterThan(0)
}

const POSTING = `(SELECT id FROM ledger_transaction WHERE tenant_id = $1 AND cause_id = $2)`

test('honest books balance, after postings and a reversal', async () => {
  const [last] = await db.prisma.ledgerTransaction.findMany({ where: { tenantId, causeId: paymentId } })
  await transact(db, { tenantId, at: NOW }, async (work) => {
    await reverse(work, last?.id ?? '')
  })
  const found = await proof()
  expect(found).toMatchObject({ balanced: true, breaks: [], accountsChecked: 5, entriesChecked: 13n, checkedAt: NOW })
  expect(await totals(db, tenantId)).toEqual([{ minor: 20_000n, currency: USD }])
})

test('books of nothing balance', async () => {
  tenantId = (await newTenant(db)).tenantId
  expect(await proof()).toMatchObject({ balanced: true, accountsChecked: 0, entriesChecked: 0n })
})

test.each([
  [
    'an entry that was changed',
    `UPDATE entry SET amount = amount + 1 WHERE tenant_id = $1 AND transaction_id = ${POSTING} AND amount > 1000`,
    ['balance_differs', 'currency_out_of_balance', 'running_balance_differs', 'transaction_out_of_balance'],
  ],
  [
    'two entries that were changed against each other',
    `UPDATE entry SET amount = amount + sign(amount) WHERE tenant_id = $1 AND transaction_id = ${POSTING} AND abs(amount) > 1000`,
    ['balance_differs', 'running_balance_differs'],
  ],
  [
    'an entry that was deleted',
    `DELETE FROM entry WHERE tenant_id = $1 AND transaction_id = ${POSTING} AND amount = 150`,
    ['balance_differs', 'currency_out_of_balance', 'fee_differs', 'transaction_out_of_balance'],
  ],
  [
    'a posting whose entries are gone',
    `DELETE FROM entry WHERE tenant_id = $1 AND transaction_id = ${POSTING}`,
    ['balance_differs', 'entries_differ', 'fee_differs'],
  ],
  [
    'a balance that was changed',
    `UPDATE account SET balance = balance + 5 WHERE tenant_id = $1 AND external_id = 'fees:qbitflow:USD'`,
    ['balance_differs'],
  ],
  [
    'a count that was changed',
    `UPDATE account SET entry_count = entry_count + 1 WHERE tenant_id = $1 AND NOT overdraft`,
    ['balance_differs'],
  ],
  [
    'a running balance that was changed',
    `UPDATE entry SET balance_after = 7 WHERE tenant_id = $1 AND transaction_id = ${POSTING} AND amount = 150`,
    ['running_balance_differs'],
  ],
  [
    'an account that is overdrawn',
    `UPDATE account SET held = balance + 1 WHERE tenant_id = $1 AND external_id = 'fees:qbitflow:USD'`,
    ['held_differs', 'overdrawn'],
  ],
  [
    'a posting that nobody announced',
    `DELETE FROM event WHERE tenant_id = $1 AND entity_id = ${POSTING}`,
    ['events_missing', 'posting_without_event'],
  ],
  [
    'a settled payment that nobody announced',
    `DELETE FROM event WHERE tenant_id = $1 AND entity_id = $2`,
    ['events_missing', 'payment_without_event'],
  ],
  [
    'a settled payment without its posting',
    `UPDATE ledger_transaction SET recipe = 'other' WHERE tenant_id = $1 AND cause_id = $2`,
    ['fee_differs', 'payment_without_posting'],
  ],
  [
    'a posting for a payment that is not settled',
    `UPDATE payment SET status = 'EXPIRED' WHERE tenant_id = $1 AND id = $2`,
    ['payment_without_event', 'posting_without_payment'],
  ],
  [
    'a posting of another amount than its payment',
    `UPDATE payment SET amount_minor = 9999 WHERE tenant_id = $1 AND id = $2`,
    ['posting_differs'],
  ],
  [
    'a posting in another currency than its payment',
    `UPDATE payment SET currency = 'EUR' WHERE tenant_id = $1 AND id = $2`,
    ['posting_differs'],
  ],
])('the proof finds %s', async (_, statement, expected) => {
  expect(kinds(await proof())).toEqual([])
  await spoil(statement)
  const found = await proof()
  expect(found.balanced).toBe(false)
  expect(kinds(found)).toEqual(expected)
})

test('the proof names the account and the transaction, and nothing of another tenant', async () => {
  const broken = tenantId
  await spoil(`UPDATE account SET balance = balance + 5 WHERE tenant_id = $1 AND external_id = 'fees:qbitflow:USD'`)
  const { id } = await db.prisma.account.findFirstOrThrow({ where: { tenantId, externalId: 'fees:qbitflow:USD' } })
  expect((await proof()).breaks).toMatchObject([{ accountId: id, message: expect.stringContaining('455') }])
  tenantId = (await newTenant(db)).tenantId
  await settle()
  expect((await proof()).balanced).toBe(true)
  tenantId = broken
})
