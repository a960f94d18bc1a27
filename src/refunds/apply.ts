import type { PaymentRow, RefundRow } from '../db/rows.ts'
import { contradict } from '../events/contradiction.ts'
import type { Emit } from '../events/outbox.ts'
import { currency } from '../kernel/currency.ts'
import { decodeId, newId } from '../kernel/id.ts'
import { money } from '../kernel/money.ts'
import { available } from '../ledger/available.ts'
import { post } from '../ledger/journal.ts'
import { merchantOf, refundCompleted } from '../ledger/recipes.ts'
import { givePaymentBack } from '../payments/apply.ts'
import type { ChainFacts, IssuingFact, ProviderRefund, RefundFact } from '../providers/port/facts.ts'
import type { Change, Work } from '../work/work.ts'
import {
  amountOf,
  awaitsAnswer,
  isNews,
  isOver,
  isPaidBack,
  isUnconfirmed,
  isUnseen,
  mayBecome,
  refundEventType,
  refundObject,
  refundStatus,
} from './refund.ts'

/** What a fact makes of a payment's refund, wherever it came from. */

const RETRY_MS = 5_000
const RECHECK_MS = 10_000

/** A refund that is news to us is kept from here on. Repeats and old news change nothing. */
export async function applyToRefund(
  work: Work,
  { id }: Pick<PaymentRow, 'id'>,
  fact: RefundFact | IssuingFact,
): Promise<RefundRow> {
  // Everything that happens to a payment's refunds happens under the lock of the payment.
  await work.lock('payment', id)
  return 'issuing' in fact ? issue(work, fact) : see(work, id, fact)
}

/** The provider refused to issue a refund, or its answer was lost. What it has told meanwhile counts for more. */
async function issue(work: Work, { refundId: id, issuing }: IssuingFact): Promise<RefundRow> {
  const where = { tenantId_id: { tenantId: work.tenantId, id } }
  const before = await work.tx.refund.findUniqueOrThrow({ where })
  const { status, failure } = issuing
  if (!isUnconfirmed(before) || before.status === status) return before
  const next = failure
    ? { respondedAt: work.at, nextCheckAt: null, failureMessage: failure.message, retryable: failure.retryable }
    : { nextCheckAt: new Date(work.at.getTime() + RETRY_MS) }
  const after = await work.tx.refund.update({ where, data: { status, ...next, updatedAt: work.at } })
  announceRefund(work.emit, after)
  return after
}

async function see(work: Work, paymentId: string, { refund: seen, message }: RefundFact): Promise<RefundRow> {
  const { tenantId } = work
  const payment = await work.tx.payment.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: paymentId } } })
  const before = await rowOf(work, payment, seen)
  if (before && !isUnseen(before) && !isNews(before, seen)) return before
  const after = before ? await move(work, payment, before, seen) : await begin(work, payment, seen)
  if (after.status !== before?.status) {
    if (isPaidBack(after.status)) await completeRefund(work, payment, after)
    announceRefund(work.emit, after, message)
  }
  return after
}

/** The refund that the provider calls so, or that was issued here with this id. */
async function rowOf(
  { tx, tenantId }: Work,
  { provider, id: paymentId }: PaymentRow,
  { reference: externalId, ourId }: ProviderRefund,
): Promise<RefundRow | null> {
  const named = await tx.refund.findFirst({ where: { tenantId, provider, externalId } })
  const ours = decodeId(ourId ?? '')
  if (named || ours?.kind !== 'Refund') return named
  return tx.refund.findFirst({ where: { tenantId, provider, paymentId, id: ours.uuid, issued: true } })
}

async function begin(work: Work, payment: PaymentRow, seen: ProviderRefund): Promise<RefundRow> {
  const { tenantId, provider, id: paymentId, customerId, userId } = payment
  const amountMinor = seen.amountMinor ?? amountOf(payment, seen.settledMinor)
  return work.tx.refund.create({
    data: {
      tenantId,
      id: newId(),
      provider,
      paymentId,
      customerId,
      userId,
      externalId: seen.reference,
      amountMinor: amountMinor.toString(),
      currency: payment.currency,
      reason: seen.reason,
      createdAt: seen.askedAt,
      status: seen.state,
      ...facts(work, payment, seen),
    },
  })
}

async function move(work: Work, payment: PaymentRow, before: RefundRow, seen: ProviderRefund): Promise<RefundRow> {
  const { tenantId, id } = before
  if (before.status !== seen.state && !mayBecome(before.status, seen.state) && !isUnseen(before)) {
    const object = { status: before.status, observed: seen.state }
    await contradict(work, { type: 'refund.contradicted', entityKind: 'Refund', entityId: id, object })
    return before
  }
  const where = { tenantId_id: { tenantId, id } }
  const data = { externalId: seen.reference, status: seen.state, ...facts(work, payment, seen) }
  return work.tx.refund.update({ where, data })
}

/** What the provider adds to a refund as it moves. */
function facts(change: Change, payment: PaymentRow, seen: ProviderRefund) {
  const over = isOver(seen.state)
  const { block: _, coinPriceUsd: __, ...place } = (payment.chain ?? {}) as ChainFacts
  const { settledCurrency } = payment
  return {
    ...(settledCurrency !== null &&
      seen.settledMinor !== undefined && { settledMinor: seen.settledMinor.toString(), settledCurrency }),
    failureMessage: seen.failure?.message ?? null,
    retryable: seen.failure?.retryable ?? null,
    merchantMessage: seen.merchantMessage,
    transactionHash: seen.transactionHash,
    chain: { ...place, ...seen.chain },
    ...(place.coin !== undefined &&
      seen.networkFeeMinor !== undefined && {
        networkFeeMinor: seen.networkFeeMinor.toString(),
        networkFeeCurrency: place.coin,
      }),
    ...(!awaitsAnswer(seen.state) && { respondedAt: seen.respondedAt ?? change.at }),
    ...(isPaidBack(seen.state) && { completedAt: seen.completedAt ?? change.at }),
    // One that waits for its answer is seen in the provider's list of those.
    nextCheckAt: over || awaitsAnswer(seen.state) ? null : new Date(change.at.getTime() + RECHECK_MS),
    checks: 0,
    updatedAt: change.at,
  }
}

/** The money is back: the posting, and the payment of which so much less is left. */
export async function completeRefund(work: Work, payment: PaymentRow, refund: RefundRow) {
  const { id: refundId, provider, userId: sellerId, networkFeeMinor, networkFeeCurrency } = refund
  const amount = money(refund.amountMinor, currency(refund.currency))
  const merchant = merchantOf(provider, sellerId, amount.currency)
  const networkFee =
    networkFeeMinor !== null && networkFeeCurrency !== null
      ? money(networkFeeMinor, currency(networkFeeCurrency))
      : null
  const has = await available(work.tx, work.tenantId, merchant)
  const suspense = payment.suspenseMinor
  const posting = refundCompleted({ refundId, provider, amount, sellerId, suspense, available: has, networkFee })
  await post(work, posting, { reference: payment.reference, refundReference: refund.reference })
  await givePaymentBack(work, payment, refund.amountMinor)
}

export function announceRefund(emit: Emit, refund: RefundRow, message?: string): void {
  emit({
    type: refundEventType(refund.status),
    entityKind: 'Refund',
    entityId: refund.id,
    topicId: refund.id,
    status: { ...refundStatus(refund), ...(message && { message }) },
    object: refundObject(refund),
  })
}
