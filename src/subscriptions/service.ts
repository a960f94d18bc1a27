import type { Database } from '../db/database.ts'
import type { SubscriptionRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound, type Problem } from '../kernel/errors.ts'
import { validate } from '../kernel/validate.ts'
import { actOnce, type Begun } from '../providers/act-once.ts'
import { ProviderAnswerLost, ProviderError, problemFrom } from '../providers/errors.ts'
import type { Subscriptions } from '../providers/port/subscriptions.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import { simulatorOf } from '../providers/simulator.ts'
import { forget, forgetAct } from '../work/idempotency.ts'
import { transact, transactOnce, type Work } from '../work/work.ts'
import { amountDue } from './billing.ts'
import { beginBilling, withdrawBilling } from './billings.ts'
import { lockSubscription } from './lock.ts'
import type { SubscriptionProgress } from './progress.ts'
import {
  isCancelled,
  isCompleted,
  isOver,
  isTrial,
  SimulateSubscription,
  SubscriptionId,
  subscriptionObject,
} from './subscription.ts'

const ASK_AGAIN_MS = 5_000
const SETTLED_MS = 15_000

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: SubscriptionProgress
}

/** A subscription, and the page on which its customer can do what we cannot. */
export type DoneOrSent = Done & { readonly url?: string | undefined }

export function subscriptionService(deps: Deps) {
  return bound(deps, { cancel, forceCancel, executeTestBilling, simulate })
}

/**
 * Ends a subscription as its customer would, within what was agreed. Where only the customer can, nothing is changed,
 * and the answer has the page on which they do it.
 */
async function cancel(deps: Deps, call: Call, input: unknown): Promise<DoneOrSent> {
  const { id } = validate(SubscriptionId, input)
  const subscription = await findSubscription(deps.db, call.actor, id)
  if (isCancelled(subscription.status)) return answerOnce(deps, call, id)
  const { able, externalId } = await reach(deps, subscription)
  const { cancel: ask } = able
  if (ask) return end(deps, call, subscription, () => ask(externalId))
  const url = subscription.managementUrl ?? undefined
  if (url !== undefined) return { ...(await answerOnce(deps, call, id)), url }
  const message = `Only the customer can cancel the subscription, on a page whose URL ${subscription.provider} has not given yet`
  return { id, replayed: false, problems: [{ code: 'UNSUPPORTED', message, field: ['id'] }] }
}

/**
 * Ends a subscription whatever was agreed. It is CANCELLED when the provider says so; a lost answer leaves the request
 * standing, and the provider is asked what became of it.
 */
async function forceCancel(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(SubscriptionId, input)
  const subscription = await findSubscription(deps.db, call.actor, id)
  const { provider, able, externalId } = await reach(deps, subscription)
  const { forceCancel: ask } = able
  if (!ask) throw unsupported(provider, 'cancelling by force')
  return end(deps, call, subscription, () => ask(externalId))
}

/** Test mode: bills the period that runs, at once. The bill is there before the provider is asked. */
async function executeTestBilling(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id } = validate(SubscriptionId, input)
  const { db, clocks } = deps
  const { tenantId, mode, requestId } = call.actor
  const subscription = await findSubscription(db, call.actor, id)
  const { provider, able, externalId } = await reach(deps, subscription)
  const { executeTestBilling: bill } = able
  if (mode !== 'TEST' || !bill) throw unsupported(provider, 'billing at once outside test mode')
  const change = { tenantId, at: await clocks.now(call.actor), requestId }
  let problems: readonly Problem[] = []
  const ask = async ({ actId, mayBeDone }: Begun): Promise<undefined> => {
    if (mayBeDone && (await isBilled(deps, subscription, actId))) return
    const takeBack = () =>
      transact(db, change, async (work) => {
        if (await forgetAct(work.tx, call, actId)) await withdrawBilling(work.tx, subscription, actId)
      })
    // What an earlier request may have done stays in doubt, whatever becomes of this one.
    problems = await attempt(() => bill(externalId), mayBeDone ? async () => {} : takeBack)
  }
  const begin = (work: Work, actId: string) => beginTestBilling(work, subscription, actId)
  const done = await actOnce(db, call, { at: change.at, subjectId: id, begin, ask })
  if (done.replayed) return done
  await look(deps, subscription)
  return { ...done, problems }
}

/** Test mode: does what the customer would do on the management page, or what happens to their wallet. */
async function simulate(deps: Deps, call: Call, input: unknown): Promise<Done> {
  const { id, action, amount } = validate(SimulateSubscription, input)
  const { db, clocks } = deps
  const { actor } = call
  const subscription = await findSubscription(db, actor, id)
  if (amount && amount.currency.code !== subscription.currency) {
    const message = `The subscription is in ${subscription.currency}`
    throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: ['amount', 'currency'] })
  }
  const { provider, externalId } = await reach(deps, subscription)
  const { subscription: act } = simulatorOf(provider.name, provider, actor.mode, ['id'])
  if (!act) throw unsupported(provider, 'subscriptions')
  const done = await actOnce(db, call, {
    at: await clocks.now(actor),
    subjectId: id,
    ask: async ({ actId }) => void (await act(actId, externalId, action, amount)),
  })
  // What the customer signs takes a moment on the chain, and the provider does not tell of all of it.
  const nextCheckAt = new Date((await clocks.now(actor.tenantId)).getTime() + SETTLED_MS)
  await db.prisma.subscription.updateMany({
    where: { tenantId: actor.tenantId, id, nextCheckAt: { not: null } },
    data: { nextCheckAt, checks: 0 },
  })
  return done
}

/** The actor's subscription. @throws DomainError NOT_FOUND */
export async function findSubscription(db: Database, actor: Actor, id: string): Promise<SubscriptionRow> {
  const mine = ownerOf(actor)
  const where = { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
  const subscription = await db.prisma.subscription.findFirst({ where })
  if (!subscription) throw notFound('Subscription', ['id'])
  return subscription
}

/** What the provider has of it, and what it can do. @throws DomainError UNSUPPORTED */
async function reach({ registry }: Deps, { tenantId, provider: name, externalId }: SubscriptionRow) {
  const provider = await registry.connected(tenantId, name)
  if (!provider.subscriptions || externalId === null) throw unsupported(provider, 'subscriptions')
  return { provider, able: provider.subscriptions as Subscriptions, externalId }
}

/** What the provider has made of it; news that cannot be had at this moment will be asked for. */
async function look({ progress }: Deps, subscription: SubscriptionRow): Promise<void> {
  await progress.refresh(subscription).catch((error) => {
    if (!(error instanceof ProviderError)) throw error
  })
}

async function beginTestBilling(work: Work, subscription: SubscriptionRow, actId: string): Promise<void> {
  const { tenantId, id } = subscription
  const before = await lockSubscription(work.tx, subscription)
  if (isOver(before.status)) throw invalidState(`The subscription is ${before.status}`, ['id'])
  // A trial is ended by it, and where nothing is owed nothing is billed.
  const bills = !isTrial(before.status) && amountDue(before) > 0n
  if (bills) await beginBilling(work, before, actId)
  const nextCheckAt = new Date(work.at.getTime() + ASK_AGAIN_MS)
  await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data: { nextCheckAt } })
}

/** Whether the bill was paid that was begun under this id, as the provider has it. */
async function isBilled(deps: Deps, subscription: SubscriptionRow, id: string): Promise<boolean> {
  await look(deps, subscription)
  const { tenantId } = subscription
  return (await deps.db.prisma.billing.count({ where: { tenantId, id, status: 'COMPLETED' } })) > 0
}

/**
 * The request to end it is kept before the provider is asked, and until what became of it is known; an earlier one is
 * not taken back.
 */
async function end(deps: Deps, call: Call, subscription: SubscriptionRow, ask: () => Promise<void>): Promise<Done> {
  const { db, clocks } = deps
  const { id } = subscription
  const now = await clocks.now(call.actor)
  let isFirst = false
  const done = await transactOnce(db, call, now, id, async (work) => {
    isFirst = await requestCancellation(work, subscription)
  })
  if (done.replayed || isOver((await findSubscription(db, call.actor, id)).status)) return done
  const takeBack = () => (isFirst ? withdrawCancellation(deps, call, subscription) : forget(db, call))
  const problems = await attempt(ask, takeBack)
  await look(deps, subscription)
  return { ...done, problems }
}

/** Answers whether this is the first request to end it. @throws DomainError INVALID_STATE for one that ran its course */
async function requestCancellation(work: Work, subscription: SubscriptionRow): Promise<boolean> {
  const { tenantId, id } = subscription
  const before = await lockSubscription(work.tx, subscription)
  if (isCompleted(before.status)) throw invalidState('The subscription is COMPLETED', ['id'])
  if (isCancelled(before.status) || before.cancelRequestedAt) return false
  const nextCheckAt = new Date(work.at.getTime() + ASK_AGAIN_MS)
  const data = { cancelRequestedAt: work.at, nextCheckAt, checks: 0, updatedAt: work.at }
  const after = await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data })
  announceCancellation(work.emit, 'subscription.cancel_requested', after, 'PENDING')
  return true
}

/** Nothing happened at the provider: the request is as if it had not been, and may be made again. */
async function withdrawCancellation({ db, clocks }: Deps, call: Call, subscription: SubscriptionRow): Promise<void> {
  const { tenantId, id } = subscription
  const change = { tenantId, at: await clocks.now(tenantId), requestId: call.actor.requestId }
  await transact(db, change, async (work) => {
    const { cancelRequestedAt } = await lockSubscription(work.tx, subscription)
    if (!cancelRequestedAt) return
    const data = { cancelRequestedAt: null, updatedAt: change.at }
    const after = await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data })
    announceCancellation(work.emit, 'subscription.updated', after, 'FAILED')
  })
  await forget(db, call)
}

/** Where there is nothing to do, the key is still this request's alone. */
async function answerOnce({ db, clocks }: Deps, call: Call, id: string): Promise<Done> {
  return transactOnce(db, call, await clocks.now(call.actor), id, async () => {})
}

/** Asks the provider; what certainly did not happen is taken back. Answers what went wrong, for the caller. */
async function attempt(ask: () => Promise<void>, takeBack: () => Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await ask()
    return []
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (!(error instanceof ProviderAnswerLost)) await takeBack()
    return [problemFrom(error)]
  }
}

function announceCancellation(
  emit: Emit,
  type: EventType,
  subscription: SubscriptionRow,
  state: 'PENDING' | 'FAILED',
): void {
  emit({
    type,
    entityKind: 'Subscription',
    entityId: subscription.id,
    topicId: subscription.id,
    object: subscriptionObject(subscription),
    status: { type: 'CANCEL_SUBSCRIPTION', state, final: false },
  })
}

export function unsupported({ name }: Connected, what: string): DomainError {
  return new DomainError({ code: 'UNSUPPORTED', message: `${name} does not support ${what}`, field: ['id'] })
}
