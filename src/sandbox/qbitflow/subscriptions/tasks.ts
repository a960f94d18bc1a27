import type { Transaction } from '../../store.ts'
import type { TaskHandler } from '../../tasks.ts'
import type { Context } from '../context.ts'
import { runCycle } from './cycle.ts'
import { type Operation, operations, type Subscription, subscriptions } from './documents.ts'
import { OPERATION_HANDLERS } from './operation-handlers.ts'
import { BROADCAST, CONFIRM, record, scheduleStep } from './operations.ts'
import { CYCLE_TASK } from './store.ts'

/** What happens to subscriptions on the realm's clock. Each step looks first, so that it may run twice. */
export function subscriptionTasks(context: Context): Record<string, TaskHandler> {
  return {
    [CYCLE_TASK]: { change: (world, task) => runCycle(context, world, task) },
    [BROADCAST]: step(context, broadcast),
    [CONFIRM]: step(context, confirm),
  }
}

type Step = (
  context: Context,
  world: Transaction,
  operation: Operation,
  subscription: Subscription,
  at: Date,
) => Promise<void>

/** The subscription is locked before its operation, as everywhere. */
function step(context: Context, take: Step): TaskHandler {
  return {
    async change(world, task) {
      const found = await operations.find(world, task.subject)
      const subscription = found && (await subscriptions.lock(world, found.subscription))
      const operation = subscription && (await operations.lock(world, task.subject))
      if (subscription && operation) await take(context, world, operation, subscription, task.dueAt)
    },
  }
}

async function broadcast(
  context: Context,
  world: Transaction,
  operation: Operation,
  _: Subscription,
  at: Date,
): Promise<void> {
  if (operation.history.at(-1)?.status !== 'created') return
  const change = { at: at.toISOString(), txHash: operation.txHash }
  await record(context, world, operation, { ...change, status: 'waitingConfirmation' })
  await scheduleStep(context, world, operation, CONFIRM, at, context.settings.confirmationDelayMs)
}

async function confirm(
  context: Context,
  world: Transaction,
  operation: Operation,
  subscription: Subscription,
  at: Date,
): Promise<void> {
  if (operation.history.at(-1)?.status !== 'waitingConfirmation') return
  const change = { at: at.toISOString(), txHash: operation.txHash }
  const isOver = subscription.status === 'cancelled'
  if (isOver && !operation.type.startsWith('cancel')) {
    const message = 'the subscription is over'
    return void (await record(context, world, operation, { ...change, status: 'cancelled', message }))
  }
  const message = isOver
    ? undefined
    : await OPERATION_HANDLERS[operation.type](context, world, subscription, operation, at)
  if (message) return void (await record(context, world, operation, { ...change, status: 'failed', message }))
  await record(context, world, operation, { ...change, status: 'completed' })
}
