import type { Transaction } from '../db/database.ts'
import type { SubscriptionRow } from '../db/rows.ts'

/** Everything that happens to a subscription happens under its row's lock, one thing after the other. */
export async function lockSubscription(
  tx: Transaction,
  { tenantId, id }: Pick<SubscriptionRow, 'tenantId' | 'id'>,
): Promise<SubscriptionRow> {
  await tx.$queryRaw`SELECT 1 FROM subscription WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
  return tx.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}
