import { lockedRow } from '../db/lock.ts'
import type { PaymentRow } from '../db/rows.ts'
import { currency } from '../kernel/currency.ts'
import { newId } from '../kernel/id.ts'
import { divideHalfEven, type Money, money } from '../kernel/money.ts'
import { feesOf } from '../ledger/account.ts'
import { available } from '../ledger/available.ts'
import { post } from '../ledger/journal.ts'
import { feeLowered, feeTold, merchantOf } from '../ledger/recipes.ts'
import { UnusableFact } from '../providers/errors.ts'
import type { Work } from '../work/work.ts'

/** What a provider keeps of a payment, where it tells that after the money has come in. */

/**
 * Whether a payment is lacking what its provider tells of the fee. A fee that is lower than before is old news, unless it is
 * told with more money.
 */
export function lacksFee({ providerFeeMinor }: Pick<PaymentRow, 'providerFeeMinor'>, told: bigint): boolean {
  return providerFeeMinor === null || told > providerFeeMinor
}

/**
 * Books what the provider keeps of a payment in all, as far as it is not booked yet: out of what waits in suspense, in
 * its share, and out of the merchant's money. The payment must have money. A fee that is told again changes nothing.
 * @throws UnusableFact for a fee below zero or in another currency than the payment's
 */
export async function applyFee(
  work: Work,
  { id, checkoutId, subscriptionId }: Pick<PaymentRow, 'id' | 'checkoutId' | 'subscriptionId'>,
  fee: Money,
): Promise<void> {
  if (checkoutId !== null) await work.lock('checkout', checkoutId)
  if (subscriptionId !== null) await work.lock('subscription', subscriptionId)
  const payment = await lockedPayment(work, id)
  if (payment.currency !== fee.currency.code) {
    throw new UnusableFact(
      `the fee of payment ${id} is told in ${fee.currency.code}, and the payment is in ${payment.currency}`,
    )
  }
  if (fee.minor < 0n) throw new UnusableFact(`the fee of payment ${id} is told as ${fee.minor}: a fee is not negative`)
  if (lacksFee(payment, fee.minor)) await bookFee(work, payment, fee.minor)
}

/** The payment as it is once its lock is held: refunds and what is accepted from suspense change it under that alone. */
export async function lockedPayment(work: Work, id: string): Promise<PaymentRow> {
  const payment = await lockedRow(work.tx, 'payment', work.tenantId, id)
  if (!payment) throw new Error(`payment ${id} is not there`)
  return payment
}

/** Books the difference to the fee that was booked, be it more or less. The payment must be locked, with what asked for it. */
export async function bookFee(work: Work, payment: PaymentRow, fee: bigint): Promise<void> {
  const { tenantId, id: paymentId, suspenseMinor } = payment
  const more = fee - (payment.providerFeeMinor ?? 0n)
  const fromSuspense = shareOfSuspense(payment, more)
  await work.tx.payment.update({
    where: { tenantId_id: { tenantId, id: paymentId } },
    data: {
      providerFeeMinor: fee.toString(),
      suspenseMinor: (suspenseMinor - fromSuspense).toString(),
      updatedAt: work.at,
    },
  })
  if (more !== 0n) await postFee(work, payment, more, fromSuspense)
}

async function postFee(work: Work, payment: PaymentRow, more: bigint, fromSuspense: bigint): Promise<void> {
  const { tenantId, id: paymentId, provider, userId: sellerId } = payment
  const unit = currency(payment.currency)
  const movement = { tenantId, id: newId(), paymentId, kind: 'FEE' as const, at: work.at }
  await work.tx.paymentMovement.create({ data: { ...movement, amountMinor: '0', providerFeeMinor: more.toString() } })
  const told = { movementId: movement.id, provider, sellerId }
  const payer = more > 0n ? merchantOf(provider, sellerId, unit) : feesOf(provider, unit)
  const has = await available(work.tx, tenantId, payer)
  const posting =
    more > 0n
      ? feeTold({ ...told, fee: money(more, unit), fromSuspense, available: has })
      : feeLowered({ ...told, fee: money(-more, unit), toSuspense: -fromSuspense, available: has })
  await post(work, posting, payment)
}

/** What waits in suspense bears the fee as the rest of the payment does, and has its share of what is given back of it. */
function shareOfSuspense(payment: PaymentRow, fee: bigint): bigint {
  const { amountMinor, refundedMinor, suspenseMinor } = payment
  const left = amountMinor - refundedMinor - (payment.providerFeeMinor ?? 0n) - (payment.organizationFeeMinor ?? 0n)
  if (suspenseMinor === 0n || left <= 0n) return 0n
  const share = divideHalfEven(fee * suspenseMinor, left)
  return share < suspenseMinor ? share : suspenseMinor
}
