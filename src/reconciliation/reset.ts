import { applyToCheckout } from '../checkouts/apply.ts'
import { PAYABLE } from '../checkouts/checkout.ts'
import type { Database } from '../db/database.ts'
import type { PaymentRow, RefundRow, SubscriptionRow } from '../db/rows.ts'
import type { Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { encodeId } from '../kernel/id.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { validate } from '../kernel/validate.ts'
import { actOnce } from '../providers/act-once.ts'
import { AtProvider } from '../providers/fault.ts'
import { simulationOf } from '../providers/fault-service.ts'
import type { ChainFacts } from '../providers/port/facts.ts'
import type { Registry } from '../providers/registry.ts'
import { applyToRefund } from '../refunds/apply.ts'
import { OPEN_REFUNDS } from '../refunds/refund.ts'
import { applyToSubscription } from '../subscriptions/apply.ts'
import { OVER } from '../subscriptions/subscription.ts'
import { type Change, transact, type Work } from '../work/work.ts'

/** Test mode: a simulator is emptied, and what hangs on it here is told that it came to its end there. No money moves. */

const REASON = 'The sandbox was reset'

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  readonly registry: Registry
}

export function sandboxReset({ db, clocks, registry }: Deps) {
  async function expireCheckouts(change: Change, provider: ProviderName): Promise<void> {
    // One whose opening is in doubt is opened anew, which an empty server lets happen.
    const where = { tenantId: change.tenantId, provider, status: { in: [...PAYABLE] } }
    for (const { id, externalId } of await db.prisma.checkout.findMany({ where })) {
      const status = { state: 'EXPIRED', message: REASON } as const
      const fact = { noun: 'CHECKOUT', proof: true, checkout: externalId ?? '', status } as const
      await transact(db, change, (work) => applyToCheckout(work, { id }, fact))
    }
  }

  async function endSubscriptions(change: Change, provider: ProviderName): Promise<void> {
    const where = { tenantId: change.tenantId, provider, status: { notIn: [...OVER] } }
    for (const subscription of await db.prisma.subscription.findMany({ where })) {
      await transact(db, change, (work) => endSubscription(work, subscription))
    }
  }

  async function failRefunds(change: Change, provider: ProviderName): Promise<void> {
    const where = { tenantId: change.tenantId, provider, status: { in: [...OPEN_REFUNDS] } }
    for (const refund of await db.prisma.refund.findMany({ where, include: { payment: true } })) {
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
        await expireCheckouts(change, provider)
        await endSubscriptions(change, provider)
        await failRefunds(change, provider)
        await transact(db, change, (work) => forgetNames(work, { tenantId, organizationId, provider }))
      }
      return actOnce(db, call, { at: change.at, subjectId: organizationId, ask })
    },
  }
}

async function endSubscription(work: Work, { id, externalId }: SubscriptionRow): Promise<void> {
  const named = { noun: 'SUBSCRIPTION', proof: true, subscription: externalId ?? '' } as const
  await applyToSubscription(work, { id }, { ...named, state: { status: 'CANCELLED' }, bills: [], message: REASON })
  await work.tx.usageReport.updateMany({
    where: { tenantId: work.tenantId, subscriptionId: id, nextAttemptAt: { not: null } },
    data: { state: 'REFUSED', reason: REASON, nextAttemptAt: null },
  })
}

async function failRefund(work: Work, refund: RefundRow & { payment: PaymentRow }): Promise<void> {
  const { externalId, amountMinor, merchantMessage, respondedAt, createdAt, payment } = refund
  const seen = {
    reference: externalId,
    payment: payment.externalId ?? '',
    state: 'FAILED' as const,
    amountMinor,
    ...(refund.issued
      ? { failure: { message: REASON, retryable: false } }
      : { merchantMessage: merchantMessage ?? REASON }),
    askedAt: createdAt,
    ...(respondedAt && { respondedAt }),
    ...(refund.chain !== null && { chain: refund.chain as ChainFacts }),
  }
  await applyToRefund(work, payment, { noun: 'REFUND', proof: true, refund: seen, message: REASON })
}

/** What the provider called our things names nothing there any more, and what it told us of them is about nothing. */
async function forgetNames(
  work: Work,
  { tenantId, organizationId, provider }: { tenantId: string; organizationId: string; provider: ProviderName },
): Promise<void> {
  await work.tx.providerLink.deleteMany({ where: { tenantId, provider } })
  await work.tx.inboxMessage.updateMany({
    where: { tenantId, provider, nextAttemptAt: { not: null } },
    data: { nextAttemptAt: null, error: REASON },
  })
  const object = { id: encodeId('Organization', organizationId), provider }
  work.emit({ type: 'sandbox.reset', entityKind: 'Organization', entityId: organizationId, object })
}
