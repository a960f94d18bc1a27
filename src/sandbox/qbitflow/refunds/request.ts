import { newId } from '../../../kernel/id.ts'
import type { World } from '../../store.ts'
import type { Context } from '../context.ts'
import { type Payment, payments } from '../documents.ts'
import { notFound } from '../errors.ts'
import { subscriptionHistory } from '../subscriptions/documents.ts'
import { type Refund, refunds } from './documents.ts'
import { record } from './record.ts'

/** What can be given back. */
interface Refundable extends Payment {
  readonly transactionKind: Refund['transactionKind']
  readonly session: string
}

/**
 * The customer asks for their money back. Whoever asks again while the answer is open, or after it was given back,
 * hears of the same refund.
 * @param uuid bare, of a payment or of a bill
 * @throws ApiError 404 when nothing was paid under this UUID
 */
export async function requestRefund(context: Context, realm: string, uuid: string, reason: string): Promise<Refund> {
  const now = (await context.clockOf(realm)).toISOString()
  return context.transaction(realm, async (world) => {
    const paid = await lockRefundable(world, uuid)
    if (!paid) throw notFound()
    const before = await lastRefundOf(world, uuid)
    if (before?.status === 'pending' || before?.status === 'approved') return before
    const refund: Refund = {
      uuid: newId(),
      kind: 'refund',
      transaction: uuid,
      transactionKind: paid.transactionKind,
      session: paid.session,
      reason,
      status: 'pending',
      isActive: true,
      createdAt: now,
      respondedAt: null,
      txHash: '',
      amountMinUnits: paid.amountMinUnits,
      currencyId: paid.currencyId,
      metadata: null,
      organizationId: paid.organizationId,
      userId: paid.userId,
      history: [],
    }
    await refunds.insert(world, refund.uuid, refund)
    return record(context, world, refund, { status: 'created', at: now, txHash: '' })
  })
}

/** The one that counts: an earlier one can only have been refused, or have failed. */
export async function lastRefundOf(world: World, transaction: string): Promise<Refund | undefined> {
  return (await refunds.list(world, { limit: 1, where: { transaction } }))?.[0]
}

/** What was paid under this UUID; nobody else changes it, or asks for it back, until the transaction ends. */
export async function lockRefundable(world: World, uuid: string): Promise<Refundable | undefined> {
  const payment = await payments.lock(world, uuid)
  if (payment) return { ...payment, transactionKind: 'payment', session: uuid }
  const bill = await subscriptionHistory.lock(world, uuid)
  return bill && { ...bill, transactionKind: 'subscriptionHistory', session: bill.subscription }
}
