import { several } from '../collection.ts'
import type { Payment } from './documents.ts'
import { transactionId } from './ids.ts'
import { paymentView } from './payment.ts'
import type { HistoryEntry } from './subscriptions/documents.ts'
import { historyView } from './subscriptions/history.ts'

/** Payments and the bills of subscriptions, in one list. */
export const combined = several<Payment | HistoryEntry>('payment', 'subscriptionHistory')

export function combinedView({ organizationId, userId, ...entry }: Payment | HistoryEntry): object {
  const isBill = 'subscription' in entry
  return {
    ...(isBill ? historyView(entry) : paymentView(entry)),
    productId: entry.productId ?? null,
    source: isBill ? 'subscription_history' : 'payment',
    ...(isBill ? {} : { subscriptionUUID: null }),
  }
}

export function combinedId(entry: Payment | HistoryEntry): string {
  return transactionId({ uuid: entry.uuid, kind: 'subscription' in entry ? 'subscriptionHistory' : 'payment' })
}
