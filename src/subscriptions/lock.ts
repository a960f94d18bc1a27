import type { Transaction } from '../db/database.ts'
import { lockRow } from '../db/lock.ts'
import type { SubscriptionRow } from '../db/rows.ts'

/** Everything that happens to a subscription happens under its row's lock, one thing after the other. */
export async function lockSubscription(
  tx: Transaction,
  { tenantId, id }: Pick<SubscriptionRow, 'tenantId' | 'id'>,
): Promise<SubscriptionRow> {
  await lockRow(tx, 'subscription', tenantId, id)
  return tx.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}
