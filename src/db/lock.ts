import type { Transaction } from './database.ts'
import { camelRow } from './exact-rows.ts'
import type { CheckoutRow, CustomerRow, PaymentRow } from './rows.ts'
import { sendAhead } from './sending-ahead.ts'

/**
 * The rows under whose lock things are changed one after the other. Who locks several takes them in this order, so that
 * nobody waits for somebody who waits for them.
 */
export const LOCK_ORDER = [
  'app_user',
  'api_key',
  'webhook_endpoint',
  'checkout',
  'subscription',
  'payment',
  'refund',
  'customer',
  'ledger_transaction',
  'account',
] as const

export type LockedTable = (typeof LOCK_ORDER)[number]

/** Keeps a row, if it is there, from every other change until the end of the transaction; rows may still point to it. */
export async function lockRow(tx: Transaction, table: LockedTable, tenantId: string, id: string): Promise<void> {
  const text = `SELECT FROM ${table} WHERE tenant_id = $1::uuid AND id = $2::uuid FOR NO KEY UPDATE`
  await sendAhead(tx, text, tenantId, id)
}

interface Rows {
  readonly checkout: CheckoutRow
  readonly payment: PaymentRow
  readonly customer: CustomerRow
}

/** As lockRow, and answers the row as it is once the lock is held; undefined where it is not there. */
export async function lockedRow<Table extends keyof Rows>(
  tx: Transaction,
  table: Table,
  tenantId: string,
  id: string,
): Promise<Rows[Table] | undefined> {
  const [row] = await lockedRows(tx, table, 'tenant_id = $1::uuid AND id = $2::uuid', [tenantId, id])
  return row
}

/** The same of all rows that the condition finds, which is SQL over the table. */
export async function lockedRows<Table extends keyof Rows>(
  tx: Transaction,
  table: Table,
  where: string,
  values: readonly unknown[],
): Promise<Rows[Table][]> {
  const text = `SELECT * FROM ${table} WHERE ${where} ORDER BY id FOR NO KEY UPDATE`
  const rows = await tx.$queryRawUnsafe<Record<string, unknown>[]>(text, ...values)
  return rows.map((row) => camelRow<Rows[Table]>(row))
}
