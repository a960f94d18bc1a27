import type { World } from '../../store.ts'
import { transactionId } from '../ids.ts'
import { paymentFrom, paymentView } from '../payment.ts'
import { type HistoryEntry, type Operation, type Subscription, subscriptionHistory } from './documents.ts'

/** The entry that a confirmed bill becomes, dated when it was billed. */
export function entryFrom(
  subscription: Subscription,
  operation: Operation,
  receivedMinUnits: string,
  at: Date,
): HistoryEntry {
  const payment = paymentFrom(
    { ...subscription, uuid: operation.uuid },
    {
      currencyId: subscription.currencyId,
      from: subscription.from,
      txHash: operation.txHash,
      receivedUsd: operation.amount ?? '0',
      receivedMinUnits,
    },
    subscription.customerUUID,
    at,
  )
  return {
    ...payment,
    kind: 'subscriptionHistory',
    createdAt: operation.history[0]?.at ?? payment.createdAt,
    subscription: subscription.uuid,
    subscriptionKind: subscription.kind,
  }
}

type Shown = Omit<HistoryEntry, 'organizationId' | 'userId'>

export function historyView({ subscription, subscriptionKind, kind, ...entry }: Shown): object {
  return {
    ...paymentView(entry),
    productId: entry.productId ?? 0,
    uuid: transactionId({ uuid: entry.uuid, kind }),
    subscriptionUUID: transactionId({ uuid: subscription, kind: subscriptionKind }),
  }
}

/** Everything that was billed, the last bill first. */
export async function historyOf(world: World, subscription: string): Promise<HistoryEntry[]> {
  return (await subscriptionHistory.list(world, { where: { subscription } })) ?? []
}
