import type { CheckoutStatus } from '../db/generated/enums.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { EventType, Status } from '../events/catalogue.ts'
import { isFinal, mayBeTriedAgain } from '../payments/payment.ts'
import type { ProviderStatus } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { checkoutObject, isOver, transactionTypeOf } from './checkout.ts'

/** Tells of a checkout as it stands after a change, with the step of its transaction that brought it there. */
export function announce(
  { emit }: Work,
  checkout: CheckoutRow,
  type: EventType,
  step: ProviderStatus | undefined,
  more: object = {},
): void {
  const { id } = checkout
  const status = step && statusOf(checkout, step)
  const object = { ...checkoutObject(checkout), ...more }
  emit({ type, entityKind: 'Checkout', entityId: id, topicId: id, object, ...(status && { status }) })
}

/** An attempt that failed is not the last step while the checkout can still be paid. */
function statusOf(checkout: CheckoutRow, { state, transactionHash, message }: ProviderStatus): Status {
  const told = { ...(transactionHash && { transactionHash }), ...(message && { message }) }
  const goesOn = mayBeTriedAgain(state) && !isOver(checkout.status)
  return { type: transactionTypeOf(checkout), state, final: isFinal(state) && !goesOn, ...told }
}

export const ENDED: Readonly<Partial<Record<CheckoutStatus, EventType>>> = {
  COMPLETED: 'checkout.completed',
  FAILED: 'checkout.failed',
  CANCELLED: 'checkout.cancelled',
  EXPIRED: 'checkout.expired',
}
