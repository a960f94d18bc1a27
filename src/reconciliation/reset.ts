import { PAYABLE } from '../checkouts/checkout.ts'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import type { Database } from '../db/database.ts'
import type { Provider } from '../db/generated/enums.ts'
import type { RefundRow, SubscriptionRow } from '../db/rows.ts'
import type { Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { encodeId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { actOnce } from '../providers/act-once.ts'
import { AtProvider } from '../providers/fault.ts'
import { simulationOf } from '../providers/fault-service.ts'
import type { Registry } from '../providers/registry.ts'
import { lockRefund } from '../refunds/answering.ts'
import { isOver as isRefundOver, OPEN_REFUNDS, refundEventType, refundObject, refundStatus } from '../refunds/refund.ts'
import { failBilling, openBilling } from '../subscriptions/billings.ts'
import { lockSubscription } from '../subscriptions/lock.ts'
import { isOver as isSubscriptionOver, OVER, subscriptionObject } from '../subscriptions/subscription.ts'
import { type Change, transact, type Work } from '../work/work.ts'

/** Test mode: a simulator is emptied, and what hangs on it here comes to its end. No money moves. */

const REASON = 'The sandbox was reset'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
  readonly progress: CheckoutProgress
}

export function sandboxReset({ db, clocks, registry, progress }: Deps) {
  async function expireCheckouts(tenantId: string, provider: Provider): Promise<void> {
    // One whose opening is in doubt is opened anew, which an empty server lets happen.
    const where = { tenantId, provider, status: { in: [...PAYABLE] } }
    for (const checkout of await db.prisma.checkout.findMany({ where })) {
      await progress.observe(checkout, { state: 'EXPIRED', message: REASON })
    }
  }

  async function endSubscriptions(change: Change, provider: Provider): Promise<void> {
    const where = { tenantId: change.tenantId, provider, status: { notIn: [...OVER] } }
    for (const subscription of await db.prisma.subscription.findMany({ where })) {
      await transact(db, change, (work) => endSubscription(work, subscription))
    }
  }

  async function failRefunds(change: Change, provider: Provider): Promise<void> {
    const where = { tenantId: change.tenantId, provider, status: { in: [...OPEN_REFUNDS] } }
    for (const refund of await db.prisma.refund.findMany({ where })) {
      await transact(db, change, (work) => failRefund(work, refund))
    }
  }

  return {
    /**
     * Empties a provider's simulator. Open checkouts become EXPIRED, subscriptions CANCELLED, refunds that are not over
     * FAILED; products and customers are made there anew when they are next needed. The ledger is left as it is.
     * @throws DomainError UNSUPPORTED where the provider is no simulator
     */
    async reset(call: Call, input: unknown): Promise<Done> {
      const { provider } = validate(AtProvider, input)
      const { tenantId, organizationId, requestId } = call.actor
      const { faults } = await simulationOf(registry, call.actor, provider)
      const change = { tenantId, at: await clocks.now(tenantId), requestId }
      const ask = async (): Promise<undefined> => {
        await faults.reset()
        await expireCheckouts(tenantId, provider)
        await endSubscriptions(change, provider)
        await failRefunds(change, provider)
        await transact(db, change, (work) => forgetNames(work, { tenantId, organizationId, provider }))
      }
      return actOnce(db, call, { at: change.at, subjectId: organizationId, ask })
    },
  }
}

async function endSubscription(work: Work, named: SubscriptionRow): Promise<void> {
  const before = await lockSubscription(work.tx, named)
  if (isSubscriptionOver(before.status)) return
  const { tenantId, id } = before
  if (await openBilling(work.tx, before)) await failBilling(work, before)
  const data = {
    status: 'CANCELLED' as const,
    cancelledAt: work.at,
    nextBillingAt: null,
    nextCheckAt: null,
    updatedAt: work.at,
  }
  const after = await work.tx.subscription.update({ where: { tenantId_id: { tenantId, id } }, data })
  await work.tx.usageReport.updateMany({
    where: { tenantId, subscriptionId: id, nextAttemptAt: { not: null } },
    data: { state: 'REFUSED', reason: REASON, nextAttemptAt: null },
  })
  work.emit({
    type: 'subscription.cancelled',
    entityKind: 'Subscription',
    entityId: id,
    topicId: id,
    status: { type: 'CANCEL_SUBSCRIPTION', state: 'COMPLETED', final: true, message: REASON },
    object: { ...subscriptionObject(after), reason: REASON },
  })
}

async function failRefund(work: Work, named: RefundRow): Promise<void> {
  const { tenantId, id, paymentId } = named
  const before = await lockRefund(work.tx, tenantId, id, paymentId)
  if (isRefundOver(before.status)) return
  const data = {
    status: 'FAILED' as const,
    merchantMessage: before.merchantMessage ?? REASON,
    respondedAt: before.respondedAt ?? work.at,
    nextCheckAt: null,
    updatedAt: work.at,
  }
  const after = await work.tx.refund.update({ where: { tenantId_id: { tenantId, id } }, data })
  work.emit({
    type: refundEventType(after.status),
    entityKind: 'Refund',
    entityId: id,
    topicId: id,
    status: { ...refundStatus(after), message: REASON },
    object: refundObject(after),
  })
}

/** What the provider called our things names nothing there any more, and what it told us of them is about nothing. */
async function forgetNames(
  work: Work,
  { tenantId, organizationId, provider }: { tenantId: string; organizationId: string; provider: Provider },
): Promise<void> {
  await work.tx.providerLink.deleteMany({ where: { tenantId, provider } })
  await work.tx.inboxMessage.updateMany({
    where: { tenantId, provider, nextAttemptAt: { not: null } },
    data: { nextAttemptAt: null, error: REASON },
  })
  const object = { id: encodeId('Organization', organizationId), provider }
  work.emit({ type: 'sandbox.reset', entityKind: 'Organization', entityId: organizationId, object })
}
