import type { Transaction } from './database.ts'

/** Keeps a row, if it is there, from every other change until the end of the transaction; rows may still point to it. */
export async function lockRow(
  tx: Transaction,
  table: 'account' | 'app_user' | 'ledger_transaction',
  tenantId: string,
  id: string,
): Promise<void> {
  const text = `SELECT FROM ${table} WHERE tenant_id = $1::uuid AND id = $2::uuid FOR NO KEY UPDATE`
  await tx.$queryRawUnsafe(text, tenantId, id)
}
