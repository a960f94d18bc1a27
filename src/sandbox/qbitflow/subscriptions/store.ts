import type { Transaction } from '../../store.ts'
import { cancelTasks } from '../../tasks.ts'
import type { Context } from '../context.ts'
import { type Subscription, subscriptions } from './documents.ts'
import { notifySubscription } from './notifications.ts'

/** Waiting tasks are stored under this name, so that it cannot be changed without them. */
export const CYCLE_TASK = 'turn'

/**
 * Writes a changed subscription, which must be locked: its one task follows `wakesAt`, and the shop hears of a new
 * status.
 */
export async function save(
  context: Context,
  world: Transaction,
  before: Subscription,
  after: Subscription,
  at: Date,
): Promise<Subscription> {
  const saved = { ...after, updatedAt: at.toISOString() }
  await subscriptions.replace(world, saved.uuid, saved)
  await rest(context, world, saved)
  if (before.status !== saved.status) {
    const data = { previousStatus: before.status, currentStatus: saved.status, updatedAt: saved.updatedAt }
    await notifySubscription(context, world, saved, { type: 'status_transition', data }, at)
  }
  return saved
}

/** Puts down when the server looks at the subscription next. */
export async function rest({ tasks }: Context, world: Transaction, { uuid, wakesAt }: Subscription): Promise<void> {
  await cancelTasks(world, CYCLE_TASK, uuid)
  if (wakesAt) await tasks.schedule(world, { kind: CYCLE_TASK, subject: uuid, body: {}, dueAt: new Date(wakesAt) })
}
