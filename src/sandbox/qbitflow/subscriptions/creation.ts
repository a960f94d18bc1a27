import { newId } from '../../../kernel/id.ts'
import type { Transaction } from '../../store.ts'
import { keepEarning } from '../claims/earnings.ts'
import type { Context } from '../context.ts'
import type { Attempt, Session } from '../documents.ts'
import { merchantAddress } from '../payment.ts'
import { centsOf, usdOf } from '../usd.ts'
import { defaultMaximum } from './authorization.ts'
import { amountDue, nextPeriod } from './billing.ts'
import {
  type Operation,
  operationId,
  operations,
  type Subscription,
  subscriptionHistory,
  subscriptions,
} from './documents.ts'
import { after } from './duration.ts'
import { entryFrom, historyView } from './history.ts'
import { notifySubscription } from './notifications.ts'
import type { Plan } from './plan.ts'
import { rest, save } from './store.ts'

/** The subscription that a confirmed attempt becomes. Without a trial its first bill is a part of the attempt. */
export async function createSubscription(
  context: Context,
  world: Transaction,
  session: Session,
  attempt: Attempt,
  customerUUID: string,
  at: Date,
): Promise<void> {
  const subscription = subscriptionFrom(context, session, attempt, customerUUID, at)
  await subscriptions.insert(world, subscription.uuid, subscription)
  if (subscription.wakesAt) await rest(context, world, subscription)
  else await billFirst(context, world, subscription, attempt, at)
}

function subscriptionFrom(
  { settings }: Context,
  session: Session,
  attempt: Attempt,
  customerUUID: string,
  at: Date,
): Subscription {
  const { plan, kind } = session
  if (!plan || kind === 'payment') throw new Error(`the session ${session.uuid} has no plan`)
  return {
    uuid: session.uuid,
    kind,
    plan,
    from: attempt.from,
    to: merchantAddress(session, attempt.quote.currencyId),
    productId: session.productId,
    productName: session.productName,
    description: session.description,
    price: session.price,
    subscriptionHash: attempt.txHash,
    currencyId: attempt.quote.currencyId,
    customerUUID,
    organizationId: session.organizationId,
    userId: session.userId,
    feeBps: session.feeBps,
    organizationFeeBps: session.organizationFeeBps,
    webhookUrl: session.webhookUrl,
    stopped: false,
    allowance: attempt.receivedUsd,
    maximum: session.authorization?.maximum ?? defaultMaximum(session, settings),
    createdAt: at.toISOString(),
    updatedAt: at.toISOString(),
    ...beginning(kind, plan, at),
  }
}

type Beginning = Pick<
  Subscription,
  'status' | 'anchor' | 'nextBill' | 'nextBillingDate' | 'wakesAt' | 'minimumCancellationDate' | 'usage'
>

function beginning(kind: Subscription['kind'], plan: Plan, at: Date): Beginning {
  const { trialPeriod, frequency, freeCredits = '0' } = plan
  const begins = trialPeriod ? after(at, trialPeriod, 1) : at
  const anchor = begins.toISOString()
  const minimum = { minimumCancellationDate: minimumDate(plan, begins) }
  if (kind === 'payAsYouGo') {
    const first = after(at, frequency, 1).toISOString()
    const usage = { unitsCurrentPeriod: '0', freeCredits }
    return { status: 'active', anchor, nextBill: 1, nextBillingDate: first, wakesAt: first, usage, ...minimum }
  }
  const [status, wakesAt] = trialPeriod ? (['trial', anchor] as const) : (['active', undefined] as const)
  return { status, anchor, nextBill: 0, nextBillingDate: anchor, wakesAt, ...minimum }
}

/** The first day on which the customer may cancel; undefined when there is none to wait for. */
export function minimumDate({ minPeriods, frequency }: Plan, begins: Date): string | undefined {
  return minPeriods ? after(begins, frequency, minPeriods).toISOString() : undefined
}

async function billFirst(
  context: Context,
  world: Transaction,
  subscription: Subscription,
  { txHash, quote }: Attempt,
  at: Date,
): Promise<void> {
  const cents = amountDue(subscription)
  const moment = { at: at.toISOString(), txHash }
  const operation: Operation = {
    type: 'executeSubscription',
    uuid: newId(),
    subscription: subscription.uuid,
    subscriptionKind: subscription.kind,
    txHash,
    amount: usdOf(cents),
    history: [
      { ...moment, status: 'waitingConfirmation' },
      { ...moment, status: 'completed' },
    ],
  }
  await operations.insert(world, operationId(operation), operation)
  const entry = entryFrom(subscription, operation, quote.amountMinUnits, at)
  await subscriptionHistory.insert(world, entry.uuid, entry)
  await keepEarning(world, entry)
  const paid: Subscription = {
    ...subscription,
    allowance: usdOf(centsOf(subscription.allowance) - cents),
    lastBillingDate: entry.createdAt,
  }
  await notifySubscription(context, world, subscription, { type: 'billing', data: historyView(entry) }, at)
  await save(context, world, subscription, nextPeriod(paid, at), at)
}
