import { scheduleDelivery } from '../../deliveries.ts'
import type { Transaction } from '../../store.ts'
import type { Context } from '../context.ts'
import { organizations, THE_ORGANIZATION } from '../documents.ts'
import { transactionId } from '../ids.ts'
import type { Subscription } from './documents.ts'

interface Message {
  readonly type: 'status_transition' | 'billing'
  readonly data: object
}

/** Tells the shop that a subscription moved or was billed, where its session wanted webhooks. */
export async function notifySubscription(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  message: Message,
  at: Date,
): Promise<void> {
  const url = subscription.webhookUrl
  if (!url) return
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (organization?.subscriptionWebhooks === false) return
  const id = transactionId(subscription)
  const payload = JSON.stringify({ subscriptionUUID: id, ...message })
  await scheduleDelivery(context, world, { url, id, payload }, subscription.uuid, at)
}
