import type { CheckoutStatus } from '../db/generated/enums.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { EventType } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import { isFinal, moveTo } from '../payments/payment.ts'
import type { ProviderStatus, ReadSubscription } from '../providers/port/facts.ts'
import { beginSubscription } from '../subscriptions/apply.ts'
import type { Work } from '../work/work.ts'
import { checkoutObject, isAbandoned, isOver, mayBecome, statusAfter, transactionTypeOf } from './checkout.ts'

/** A checkout that begins a subscription: no payment moves on its page, but the start itself. */

const RECHECK_MS = 10_000

const ANNOUNCED: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  PROCESSING: 'checkout.processing',
  FAILED: 'checkout.failed',
  CANCELLED: 'checkout.cancelled',
  EXPIRED: 'checkout.expired',
}

/** A step of a start that is not yet done. */
export async function moveStart(
  work: Work,
  checkout: CheckoutRow,
  seen: ProviderStatus,
  customerId: string | null,
): Promise<void> {
  const move = moveTo(checkout.startState ?? undefined, seen.state)
  if (move === 'illegal') {
    const object = { status: checkout.startState, observed: seen.state }
    work.emit({ type: 'checkout.contradicted', entityKind: 'Checkout', entityId: checkout.id, object })
  }
  if (move !== 'legal') return
  const where = { tenantId_id: { tenantId: checkout.tenantId, id: checkout.id } }
  const status = statusAfter(seen.state)
  // Nobody had begun on a page that was over already: there is nothing to tell.
  const never = checkout.startState === null && isAbandoned(status)
  if (never && isOver(checkout.status))
    return void (await work.tx.checkout.update({ where, data: { nextCheckAt: null } }))
  const processing = status === 'PROCESSING'
  const after = await work.tx.checkout.update({
    where,
    data: {
      startState: seen.state,
      customerId,
      ...(mayBecome(checkout.status, status) && { status }),
      ...(seen.message !== undefined && { reason: seen.message }),
      nextCheckAt: processing ? new Date(work.at.getTime() + RECHECK_MS) : null,
      checks: 0,
      updatedAt: work.at,
    },
  })
  announce(work.emit, after, ANNOUNCED[status] ?? 'checkout.processing', seen)
}

/** The start is done: the subscription is there with what it was billed so far, and the checkout is COMPLETED. */
export async function completeStart(
  work: Work,
  checkout: CheckoutRow,
  customerId: string | null,
  { found, seen }: { readonly found: ReadSubscription; readonly seen: ProviderStatus },
): Promise<void> {
  await beginSubscription(work, { ...checkout, customerId }, found)
  if (!mayBecome(checkout.status, 'COMPLETED')) return
  const data = { status: 'COMPLETED' as const, startState: seen.state, customerId, reason: null, nextCheckAt: null }
  const where = { tenantId_id: { tenantId: checkout.tenantId, id: checkout.id } }
  const after = await work.tx.checkout.update({ where, data: { ...data, updatedAt: work.at } })
  announce(work.emit, after, 'checkout.completed', seen)
}

function announce(
  emit: Emit,
  checkout: CheckoutRow,
  type: EventType,
  { state, transactionHash, message }: ProviderStatus,
) {
  emit({
    type,
    entityKind: 'Checkout',
    entityId: checkout.id,
    topicId: checkout.id,
    object: checkoutObject(checkout),
    status: {
      type: transactionTypeOf(checkout),
      state,
      final: isFinal(state),
      ...(transactionHash && { transactionHash }),
      ...(message && { message }),
    },
  })
}
