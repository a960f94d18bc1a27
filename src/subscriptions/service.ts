import type { Database } from '../db/database.ts'
import type { SubscriptionRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import { type Actor, type Call, type Done, ownerOf } from '../kernel/actor.ts'
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
import { isOver, SimulateSubscription, SubscriptionId, subscriptionObject } from './subscription.ts'

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

export function subscriptionService({ db, clocks, registry, progress }: Deps) {
  async function find(actor: Actor, id: string): Promise<SubscriptionRow> {
    const mine = ownerOf(actor)
    const where = { tenantId: actor.tenantId, id, ...(mine !== null && { userId: mine }) }
    const subscription = await db.prisma.subscription.findFirst({ where })
    if (!subscription) throw notFound('Subscription', ['id'])
    return subscription
  }

  /** What the provider has of it, and what it can do. */
  async function reach(subscription: SubscriptionRow) {
    const provider = await registry.connected(subscription.tenantId, subscription.provider)
    if (!provider.subscriptions || subscription.externalId === null) throw unsupported(provider, 'subscriptions')
    return { provider, able: provider.subscriptions as Subscriptions, externalId: subscription.externalId }
  }

  /** What the provider has made of it; news that cannot be had at this moment will be asked for. */
  async function look(subscription: SubscriptionRow): Promise<void> {
    await progress.refresh(subscription).catch((error) => {
      if (!(error instanceof ProviderError)) throw error
    })
  }

  /** Whether the bill was paid that was begun under this id, as the provider has it. */
  async function isBilled(subscription: SubscriptionRow, id: string): Promise<boolean> {
    await look(subscription)
    const { tenantId } = subscription
    return (await db.prisma.billing.count({ where: { tenantId, id, status: 'COMPLETED' } })) > 0
  }

  /** The wish is kept before the provider is asked, and until what became of it is known; an earlier one is not taken back. */
  async function end(call: Call, subscription: SubscriptionRow, ask: () => Promise<void>): Promise<Done> {
    const { tenantId, id } = subscription
    const now = await clocks.now(tenantId)
    let isFirst = false
    const done = await transactOnce(db, call, now, id, async (work) => {
      isFirst = false
      const before = await lockSubscription(work.tx, subscription)
      if (before.status === 'COMPLETED') throw invalidState('The subscription is COMPLETED', ['id'])
      if (before.status === 'CANCELLED' || before.cancelRequestedAt) return
      isFirst = true
      const data = {
        cancelRequestedAt: now,
        nextCheckAt: new Date(now.getTime() + ASK_AGAIN_MS),
        checks: 0,
        updatedAt: now,
      }
      const after = await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data })
      announceWish(work.emit, 'subscription.cancel_requested', after, 'PENDING')
    })
    if (done.replayed || isOver((await find(call.actor, id)).status)) return done
    const problems = await attempt(ask, () => (isFirst ? withdraw(call, subscription) : forget(db, call)))
    await look(subscription)
    return { ...done, problems }
  }

  /** Nothing happened at the provider: the wish is as if it had not been, and may be made again. */
  async function withdraw(call: Call, subscription: SubscriptionRow): Promise<void> {
    const { tenantId, id } = subscription
    const change = { tenantId, at: await clocks.now(tenantId), requestId: call.actor.requestId }
    await transact(db, change, async (work) => {
      const { cancelRequestedAt } = await lockSubscription(work.tx, subscription)
      if (!cancelRequestedAt) return
      const data = { cancelRequestedAt: null, updatedAt: change.at }
      const after = await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data })
      announceWish(work.emit, 'subscription.updated', after, 'FAILED')
    })
    await forget(db, call)
  }

  /** Where there is nothing to do, the key is still this wish's alone. */
  async function answerOnce(call: Call, id: string): Promise<Done> {
    return transactOnce(db, call, await clocks.now(call.actor), id, async () => {})
  }

  return {
    /**
     * Ends a subscription as its customer would, within what was agreed. Where only the customer can, nothing is
     * changed, and the answer has the page on which they do it.
     */
    async cancel(call: Call, input: unknown): Promise<DoneOrSent> {
      const { id } = validate(SubscriptionId, input)
      const subscription = await find(call.actor, id)
      if (subscription.status === 'CANCELLED') return answerOnce(call, id)
      const { able, externalId } = await reach(subscription)
      const { cancel } = able
      if (cancel) return end(call, subscription, () => cancel(externalId))
      const url = subscription.managementUrl ?? undefined
      if (url !== undefined) return { ...(await answerOnce(call, id)), url }
      const message = `Only the customer can cancel the subscription, on a page whose URL ${subscription.provider} has not given yet`
      return { id, replayed: false, problems: [{ code: 'UNSUPPORTED', message, field: ['id'] }] }
    },

    /**
     * Ends a subscription whatever was agreed. It is CANCELLED when the provider says so; a lost answer leaves the
     * wish standing, and the provider is asked what became of it.
     */
    async forceCancel(call: Call, input: unknown): Promise<Done> {
      const { id } = validate(SubscriptionId, input)
      const subscription = await find(call.actor, id)
      const { provider, able, externalId } = await reach(subscription)
      const { forceCancel } = able
      if (!forceCancel) throw unsupported(provider, 'cancelling by force')
      return end(call, subscription, () => forceCancel(externalId))
    },

    /** Test mode: bills the period that runs, at once. The bill is there before the provider is asked. */
    async executeTestBilling(call: Call, input: unknown): Promise<Done> {
      const { id } = validate(SubscriptionId, input)
      const { actor } = call
      const subscription = await find(actor, id)
      const { provider, able, externalId } = await reach(subscription)
      const { executeTestBilling } = able
      if (actor.mode !== 'TEST' || !executeTestBilling) throw unsupported(provider, 'billing at once outside test mode')
      const change = { tenantId: actor.tenantId, at: await clocks.now(actor.tenantId), requestId: actor.requestId }
      let problems: readonly Problem[] = []
      const begin = async (work: Work, actId: string): Promise<void> => {
        const before = await lockSubscription(work.tx, subscription)
        if (isOver(before.status)) throw invalidState(`The subscription is ${before.status}`, ['id'])
        // A trial is ended by it, and where nothing is owed nothing is billed.
        const bills = before.status !== 'TRIAL' && amountDue(before) > 0n
        if (bills) await beginBilling(work, before, actId)
        const nextCheckAt = new Date(work.at.getTime() + ASK_AGAIN_MS)
        await work.tx.subscription.update({
          where: { tenantId_id: { tenantId: actor.tenantId, id } },
          data: { nextCheckAt },
        })
      }
      const ask = async ({ actId, mayBeDone }: Begun): Promise<undefined> => {
        if (mayBeDone && (await isBilled(subscription, actId))) return
        const withdraw = () =>
          transact(db, change, async (work) => {
            if (await forgetAct(work.tx, call, actId)) await withdrawBilling(work.tx, subscription, actId)
          })
        // What an earlier request may have done stays in doubt, whatever becomes of this one.
        problems = await attempt(() => executeTestBilling(externalId), mayBeDone ? async () => {} : withdraw)
      }
      const done = await actOnce(db, call, { at: change.at, subjectId: id, begin, ask })
      if (done.replayed) return done
      await look(subscription)
      return { ...done, problems }
    },

    /** Test mode: does what the customer would do on the management page, or what happens to their wallet. */
    async simulate(call: Call, input: unknown): Promise<Done> {
      const { id, action, amount } = validate(SimulateSubscription, input)
      const { actor } = call
      const subscription = await find(actor, id)
      if (amount && amount.currency.code !== subscription.currency) {
        const message = `The subscription is in ${subscription.currency}`
        throw new DomainError({ code: 'CURRENCY_MISMATCH', message, field: ['amount', 'currency'] })
      }
      const { provider, externalId } = await reach(subscription)
      const simulation = simulatorOf(provider.name, provider, actor.mode, ['id'])
      const done = await actOnce(db, call, {
        at: await clocks.now(actor.tenantId),
        subjectId: id,
        ask: async ({ actId }) => void (await simulation.subscription(actId, externalId, action, amount)),
      })
      // What the customer signs takes a moment on the chain, and the provider does not tell of all of it.
      const nextCheckAt = new Date((await clocks.now(actor.tenantId)).getTime() + SETTLED_MS)
      await db.prisma.subscription.updateMany({
        where: { tenantId: actor.tenantId, id, nextCheckAt: { not: null } },
        data: { nextCheckAt, checks: 0 },
      })
      return done
    },
  }
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

function announceWish(emit: Emit, type: EventType, subscription: SubscriptionRow, state: 'PENDING' | 'FAILED'): void {
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
