import type { Transaction } from './database.ts'
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
  'ledger_transaction',
  'account',
] as const

export type LockedTable = (typeof LOCK_ORDER)[number]

/** Keeps a row, if it is there, from every other change until the end of the transaction; rows may still point to it. */
export async function lockRow(tx: Transaction, table: LockedTable, tenantId: string, id: string): Promise<void> {
  const text = `SELECT FROM ${table} WHERE tenant_id = $1::uuid AND id = $2::uuid FOR NO KEY UPDATE`
  await sendAhead(tx, text, tenantId, id)
}
