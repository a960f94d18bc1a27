import type { Transaction } from '../db/database.ts'
import type { AccountSpec } from './account.ts'

/**
 * What an account that recipes use has available, in minor units, and will have until the transaction ends: its row is
 * locked. Nothing while it was never opened; below zero where it is overdrawn.
 */
export async function available(tx: Transaction, tenantId: string, { externalId }: AccountSpec): Promise<bigint> {
  const [row] = await tx.$queryRaw<{ available: string }[]>`
    SELECT (balance - held)::text AS available FROM account
    WHERE tenant_id = ${tenantId}::uuid AND external_id = ${externalId} FOR NO KEY UPDATE`
  return BigInt(row?.available ?? 0)
}
