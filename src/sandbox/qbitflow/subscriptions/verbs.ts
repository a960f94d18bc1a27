import type { Transaction } from '../../store.ts'
import type { Context } from '../context.ts'
import { organizations, THE_ORGANIZATION } from '../documents.ts'
import { badRequest, conflict, notFound } from '../errors.ts'
import { centsOf } from '../usd.ts'
import { addUnits, boundUntil, isUnpaid } from './billing.ts'
import { minimumDate } from './creation.ts'
import { advance, bill } from './cycle.ts'
import { type Operation, operationId, operations, type Subscription, subscriptions } from './documents.ts'
import { begin, isOpen } from './operations.ts'
import { save } from './store.ts'

type Work<T> = (world: Transaction, subscription: Subscription, now: Date) => Promise<T>

/** @throws ApiError 404 without such a subscription, or when it is over. */
async function change<T>(context: Context, realm: string, uuid: string, work: Work<T>): Promise<T> {
  const now = await context.clockOf(realm)
  return context.transaction(realm, async (world) => {
    const subscription = await subscriptions.lock(world, uuid)
    if (!subscription || subscription.status === 'cancelled') throw notFound()
    return work(world, subscription, now)
  })
}

/** The customer lets more be taken: USD to add. */
export function topUp(context: Context, realm: string, uuid: string, amount: string): Promise<Operation> {
  return change(context, realm, uuid, (world, subscription, now) =>
    begin(context, world, subscription, { type: 'increaseAllowance', uuid, amount }, now),
  )
}

/** The customer sets what one bill may take at the most, in USD. */
export function changeMaximum(context: Context, realm: string, uuid: string, amount: string): Promise<Operation> {
  return change(context, realm, uuid, (world, subscription, now) =>
    begin(context, world, subscription, { type: 'updateMaxAmount', uuid, amount }, now),
  )
}

/**
 * The customer wants to stay after the trial: billed at its end, or at once when that is over.
 * @throws ApiError 409 when there is no trial to confirm.
 */
export function confirmTrial(context: Context, realm: string, uuid: string): Promise<void> {
  return change(context, realm, uuid, async (world, before, now) => {
    if (before.status === 'trial') {
      return void (await save(context, world, before, { ...before, status: 'active' }, now))
    }
    if (before.status !== 'trial_expired' || before.billing) throw conflict('there is no trial to confirm')
    const subscription: Subscription = {
      ...before,
      anchor: now.toISOString(),
      nextBillingDate: now.toISOString(),
      minimumCancellationDate: minimumDate(before.plan, now),
      graceEndsAt: undefined,
    }
    await bill(context, world, subscription, now)
  })
}

/** The customer leaves at the end of the period. @throws ApiError 409 before the date that was agreed. */
export function cancelByCustomer(context: Context, realm: string, uuid: string): Promise<Operation> {
  return change(context, realm, uuid, (world, subscription, now) => {
    const earliest = boundUntil(subscription, now)
    if (subscription.stopped) throw conflict('the subscription is cancelled at the end of the period already')
    if (earliest) throw conflict(`the subscription cannot be cancelled before ${earliest}`)
    return begin(context, world, subscription, { type: cancellation(subscription), uuid, atPeriodEnd: true }, now)
  })
}

/** The merchant ends it whatever was agreed. Asking again, or after the customer did, is no error. */
export function forceCancel(context: Context, realm: string, uuid: string): Promise<void> {
  return change(context, realm, uuid, async (world, subscription, now) => {
    const type = cancellation(subscription)
    const id = operationId({ type, uuid })
    const running = await operations.lock(world, id)
    if (running && isOpen(running)) await operations.replace(world, id, { ...running, atPeriodEnd: false })
    else await begin(context, world, subscription, { type, uuid, atPeriodEnd: false }, now)
  })
}

function cancellation({ kind }: Subscription): 'cancelSubscription' | 'cancelPAYGSubscription' {
  return kind === 'payAsYouGo' ? 'cancelPAYGSubscription' : 'cancelSubscription'
}

/**
 * Does now what is due at the end of the period; answers the bill that comes of it.
 * @throws ApiError 409 before it is due, while a bill is on its way, or when the customer has to confirm first.
 */
export function executeBilling(context: Context, realm: string, uuid: string): Promise<Operation | undefined> {
  return change(context, realm, uuid, async (world, subscription, now) => {
    if (subscription.billing) throw conflict('a bill is on its way already')
    const { nextBillingDate } = subscription
    const isDue = isUnpaid(subscription) || new Date(nextBillingDate) <= now
    const organization = isDue ? undefined : await organizations.find(world, THE_ORGANIZATION)
    if (!isDue && !organization?.earlyTestBilling)
      throw conflict(`the subscription is not due before ${nextBillingDate}`)
    if (subscription.status === 'trial_expired') throw conflict('the customer has not confirmed after the trial')
    return advance(context, world, subscription, now)
  })
}

/** Adds to what was used in the period. @throws ApiError 409 for a subscription at a fixed price. */
export function reportUsage(context: Context, realm: string, uuid: string, units: string): Promise<void> {
  return change(context, realm, uuid, async (world, before, now) => {
    const { usage } = before
    if (!usage) throw conflict('the subscription is not paid as it goes')
    const unitsCurrentPeriod = addUnits(usage.unitsCurrentPeriod, units)
    await save(context, world, before, { ...before, usage: { ...usage, unitsCurrentPeriod } }, now)
  })
}

/** What a shop, or the customer's wallet, does beside the API: a new price, or less to take. */
export function adjust(
  context: Context,
  realm: string,
  uuid: string,
  fields: Partial<Pick<Subscription, 'price' | 'allowance'>>,
): Promise<Subscription> {
  return change(context, realm, uuid, (world, before, now) => {
    const after = { ...before, ...fields }
    if (!after.usage && centsOf(after.price) === 0n) throw badRequest('the price is less than a cent')
    return save(context, world, before, after, now)
  })
}
