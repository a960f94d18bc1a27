import { newId } from '../../../kernel/id.ts'
import type { Transaction } from '../../store.ts'
import type { Task } from '../../tasks.ts'
import type { Context } from '../context.ts'
import { usdOf } from '../usd.ts'
import { amountDue, closePeriod, nextPeriod, obstacleTo } from './billing.ts'
import { type Operation, type Subscription, subscriptions } from './documents.ts'
import { begin, fail } from './operations.ts'
import { save } from './store.ts'

/** What the server does with a subscription by itself when its moment has come. */
export async function runCycle(context: Context, world: Transaction, task: Task): Promise<void> {
  const subscription = await subscriptions.lock(world, task.subject)
  if (subscription?.wakesAt === task.dueAt.toISOString()) await advance(context, world, subscription, task.dueAt)
}

/** The end of a period, of a trial or of a grace; answers the bill that comes of it. The subscription must be locked. */
export async function advance(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  at: Date,
): Promise<Operation | undefined> {
  const { status, stopped, usage } = subscription
  const isOver = status === 'trial_expired' || (stopped && !usage)
  if (isOver) return void (await cancel(context, world, subscription, at))
  if (status !== 'trial') return bill(context, world, subscription, at)
  const graceEndsAt = new Date(at.getTime() + context.settings.graceMs).toISOString()
  const expired: Subscription = { ...subscription, status: 'trial_expired', graceEndsAt, wakesAt: graceEndsAt }
  await save(context, world, subscription, expired, at)
}

/** Takes what is due, or writes down why it cannot be taken; nothing due lets the next period begin. */
export async function bill(
  context: Context,
  world: Transaction,
  before: Subscription,
  at: Date,
): Promise<Operation | undefined> {
  const subscription = closePeriod(before)
  const cents = amountDue(subscription)
  if (cents === 0n) return void (await settle(context, world, before, subscription, at))
  const wanted = { type: 'executeSubscription', uuid: newId(), amount: usdOf(cents) } as const
  const obstacle = obstacleTo(subscription, cents)
  if (obstacle) {
    await postpone(context, world, before, subscription, obstacle, at)
    return fail(context, world, subscription, wanted, UNPAID_MESSAGES[obstacle], at)
  }
  await save(context, world, before, { ...subscription, billing: wanted.uuid, wakesAt: undefined }, at)
  return begin(context, world, subscription, wanted, at)
}

/** Why a bill is not paid, by the status that it leaves the subscription in. */
export const UNPAID_MESSAGES = {
  past_due: 'the allowance does not cover the bill',
  pending: 'the bill is above the maximum that the customer allows',
} as const

/** A bill that cannot be taken is tried again through the grace, and the last failure ends the subscription. */
export async function postpone(
  context: Context,
  world: Transaction,
  before: Subscription,
  subscription: Subscription,
  status: keyof typeof UNPAID_MESSAGES,
  at: Date,
): Promise<void> {
  const { graceMs, billingRetryMs } = context.settings
  const graceEnds = new Date(subscription.graceEndsAt ?? at.getTime() + graceMs)
  if (at >= graceEnds) return cancel(context, world, before, at)
  const wakesAt = new Date(Math.min(at.getTime() + billingRetryMs, graceEnds.getTime()))
  const unpaid: Subscription = {
    ...subscription,
    status,
    billing: undefined,
    graceEndsAt: graceEnds.toISOString(),
    wakesAt: wakesAt.toISOString(),
  }
  await save(context, world, before, unpaid, at)
}

/** Nothing is owed any more: the next period begins, or this one was the last. */
export async function settle(
  context: Context,
  world: Transaction,
  before: Subscription,
  subscription: Subscription,
  at: Date,
): Promise<void> {
  if (subscription.stopped) return cancel(context, world, before, at, subscription)
  await save(context, world, before, nextPeriod(subscription, at), at)
}

export async function cancel(
  context: Context,
  world: Transaction,
  before: Subscription,
  at: Date,
  subscription: Subscription = before,
): Promise<void> {
  const over: Subscription = {
    ...subscription,
    status: 'cancelled',
    wakesAt: undefined,
    billing: undefined,
    graceEndsAt: undefined,
  }
  await save(context, world, before, over, at)
}
