import type { CheckoutRow, PaymentRow } from '../db/rows.ts'
import { hasMoney, isMoving, isPaidInFull, isShort, isUnpaid, mayBeTriedAgain } from '../payments/payment.ts'
import type { CheckoutFact, ProviderStatus } from '../providers/port/facts.ts'

/** What a step that the provider tells of a checkout's page means for what is known of its payment. */

/** A checkout and what is known of its payment, under the lock of the checkout. */
export interface Locked {
  readonly checkout: CheckoutRow
  readonly payment: PaymentRow | null
}

/** How a step of the present page relates to the payment as the last attempt left it. */
export function placeOf({ checkout, payment }: Locked, fact: CheckoutFact) {
  if (payment === null) return { isAnother: false, isIdle: true, keepsMoney: false }
  const keepsMoney = hasMoney(payment) || isShort(payment.status)
  const isOfEarlierPage = !keepsMoney && payment.externalId !== checkout.externalId
  const rests = mayBeTriedAgain(payment.status) || isOfEarlierPage
  const isAnother = rests && (isOfEarlierPage || beginsAnew(payment, fact))
  return { isAnother, isIdle: rests && (isOfEarlierPage || !isAnother), keepsMoney }
}

/** Whether the provider says now that what was paid on the present page was not. Of an earlier attempt it is old news. */
export function isDenied({ checkout, payment }: Locked, { state, transactionHash }: ProviderStatus): boolean {
  if (payment === null || payment.externalId !== checkout.externalId || !isPaidInFull(payment.status)) return false
  return isUnpaid(state) && (transactionHash === undefined || transactionHash === payment.transactionHash)
}

/** Whether news is of another attempt than the one that the payment has come to the end of. */
function beginsAnew({ transactionHash }: PaymentRow, { status: seen, mayBeAnother = false }: CheckoutFact): boolean {
  if (!mayBeAnother) return false
  if (seen.transactionHash === undefined) return isMoving(seen.state)
  return seen.transactionHash !== transactionHash
}
