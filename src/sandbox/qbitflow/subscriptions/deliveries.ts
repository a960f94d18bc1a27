import type { Transaction } from '../../store.ts'
import type { Context } from '../context.ts'
import { enqueue } from '../deliveries.ts'
import { organizations, THE_ORGANIZATION } from '../documents.ts'
import { transactionId } from '../ids.ts'
import type { Subscription } from './documents.ts'

interface News {
  readonly type: 'status_transition' | 'billing'
  readonly data: object
}

/** Tells the shop that a subscription moved or was billed, where its session wanted webhooks. */
export async function tellSubscription(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  news: News,
  at: Date,
): Promise<void> {
  const url = subscription.webhookUrl
  if (!url) return
  const organization = await organizations.find(world, THE_ORGANIZATION)
  if (organization?.subscriptionWebhooks === false) return
  const id = transactionId(subscription)
  await enqueue(context, world, { url, id, payload: { subscriptionUUID: id, ...news } }, subscription.uuid, at)
}
