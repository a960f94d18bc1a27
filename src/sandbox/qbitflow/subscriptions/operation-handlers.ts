import type { Transaction } from '../../store.ts'
import { keepEarning } from '../claims/earnings.ts'
import type { Context } from '../context.ts'
import { coin } from '../currencies.ts'
import { quote } from '../quotes.ts'
import { centsOf, usdOf } from '../usd.ts'
import { isUnpaid, obstacleTo, standing } from './billing.ts'
import { bill, cancel, postpone, settle, UNPAID_MESSAGES } from './cycle.ts'
import { type Operation, type OperationType, type Subscription, subscriptionHistory } from './documents.ts'
import { entryFrom, historyView } from './history.ts'
import { notifySubscription } from './notifications.ts'
import { save } from './store.ts'

/** Does what a confirmed operation is for; answers why it came to nothing. The subscription is locked and not over. */
type OperationHandler = (
  context: Context,
  world: Transaction,
  subscription: Subscription,
  operation: Operation,
  at: Date,
) => Promise<string | undefined>

export const OPERATION_HANDLERS: Readonly<Record<OperationType, OperationHandler>> = {
  executeSubscription,
  cancelSubscription: stop,
  cancelPAYGSubscription: stop,
  increaseAllowance,
  updateMaxAmount,
}

/** Looks once more at what the customer allows, since that may have changed on the bill's way. */
async function executeSubscription(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  operation: Operation,
  at: Date,
): Promise<string | undefined> {
  const cents = centsOf(operation.amount ?? '0')
  const obstacle = obstacleTo(subscription, cents)
  if (obstacle) {
    await postpone(context, world, subscription, subscription, obstacle, at)
    return UNPAID_MESSAGES[obstacle]
  }
  const { amountMinUnits } = quote({ price: usdOf(cents) }, coin(subscription.currencyId), at, context.settings)
  const entry = entryFrom(subscription, operation, amountMinUnits, at)
  await subscriptionHistory.insert(world, entry.uuid, entry)
  await keepEarning(world, entry)
  await notifySubscription(context, world, subscription, { type: 'billing', data: historyView(entry) }, at)
  const paid: Subscription = {
    ...subscription,
    allowance: usdOf(centsOf(subscription.allowance) - cents),
    lastBillingDate: entry.createdAt,
  }
  await settle(context, world, subscription, paid, at)
  return undefined
}

/** Where nothing is paid for, there is no period to wait for. */
async function stop(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  { atPeriodEnd }: Operation,
  at: Date,
): Promise<undefined> {
  const waits = atPeriodEnd && !isUnpaid(subscription) && subscription.status !== 'trial_expired'
  if (!waits) return void (await cancel(context, world, subscription, at))
  await save(context, world, subscription, { ...subscription, stopped: true }, at)
}

async function increaseAllowance(
  context: Context,
  world: Transaction,
  before: Subscription,
  { amount = '0' }: Operation,
  at: Date,
): Promise<undefined> {
  const allowance = usdOf(centsOf(before.allowance) + centsOf(amount))
  const subscription = { ...before, allowance }
  if (mayBillAnew(subscription)) return void (await bill(context, world, subscription, at))
  const status = before.status === 'low_on_funds' ? standing(subscription) : before.status
  await save(context, world, before, { ...subscription, status }, at)
}

async function updateMaxAmount(
  context: Context,
  world: Transaction,
  before: Subscription,
  { amount = before.maximum }: Operation,
  at: Date,
): Promise<undefined> {
  const subscription = { ...before, maximum: amount }
  if (mayBillAnew(subscription)) return void (await bill(context, world, subscription, at))
  await save(context, world, before, subscription, at)
}

function mayBillAnew(subscription: Subscription): boolean {
  return isUnpaid(subscription) && subscription.billing === undefined
}
