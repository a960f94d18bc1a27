import type { Transaction } from '../../store.ts'
import type { Task, TaskHandler } from '../../tasks.ts'
import { withdrawEarning } from '../claims/earnings.ts'
import type { Context } from '../context.ts'
import { coin } from '../currencies.ts'
import type { Payment } from '../documents.ts'
import { conflict } from '../errors.ts'
import { transactionId } from '../ids.ts'
import { type Caller, visible } from '../keys.ts'
import { txMetadataFrom } from '../payment.ts'
import { transactionHashOf } from '../wallet.ts'
import { type Refund, type RefundPayment, refundPayments, refunds } from './documents.ts'
import { record } from './record.ts'
import { lockRefundable } from './request.ts'

export type ChainOutcome = 'PAY' | 'FAIL'

/** The merchant signs: the money is on its way back, and there when the chain confirms it. */
export function approveRefund(context: Context, caller: Caller, uuid: string, outcome: ChainOutcome): Promise<Refund> {
  return answer(context, caller, uuid, async (world, refund, now) => {
    const approved = { ...refund, respondedAt: now.toISOString() }
    const txHash = hashOf(refund)
    const change = { status: 'waitingConfirmation' as const, at: now.toISOString(), txHash }
    const moved = await record(context, world, approved, change)
    const dueAt = new Date(now.getTime() + context.settings.confirmationDelayMs)
    await context.tasks.schedule(world, { kind: 'refund', subject: uuid, body: { outcome }, dueAt })
    return moved
  })
}

/** The merchant says no, and why. */
export function refuseRefund(context: Context, caller: Caller, uuid: string, message?: string): Promise<Refund> {
  return answer(context, caller, uuid, (world, refund, now) => {
    const at = now.toISOString()
    const refused: Refund = { ...refund, status: 'refused', merchantMessage: message, respondedAt: at }
    return record(context, world, refused, { status: 'cancelled', at, txHash: '', message })
  })
}

/** An answer is given once. @throws ApiError 404 without such a refund, 409 when it is answered. */
async function answer(
  context: Context,
  caller: Caller,
  uuid: string,
  give: (world: Transaction, refund: Refund, now: Date) => Promise<Refund>,
): Promise<Refund> {
  const now = await context.clockOf(caller.realm)
  return context.transaction(caller.realm, async (world) => {
    const refund = visible(caller, await refunds.lock(world, uuid))
    if (refund.status !== 'pending' || refund.respondedAt) throw conflict('the refund is already answered')
    return give(world, refund, now)
  })
}

/** What the chain makes of an approved refund. */
export function refundTask(context: Context): TaskHandler {
  return { change: (world, task) => confirm(context, world, task) }
}

async function confirm(context: Context, world: Transaction, task: Task): Promise<void> {
  const refund = await refunds.lock(world, task.subject)
  if (refund?.status !== 'pending') return
  const { outcome } = task.body as { outcome: ChainOutcome }
  const change = { at: task.dueAt.toISOString(), txHash: hashOf(refund) }
  if (outcome === 'FAIL') {
    const message = 'the transaction was reverted on the chain'
    await record(context, world, { ...refund, status: 'failed' }, { ...change, status: 'failed', message })
    return
  }
  const paid = await lockRefundable(world, refund.transaction)
  if (!paid) throw new Error(`the refund ${refund.uuid} is of nothing`)
  const metadata = txMetadataFrom(refund.currencyId, task.dueAt)
  await refundPayments.insert(world, refund.uuid, refundPaymentFrom(refund, paid, change, metadata))
  await withdrawEarning(world, paid)
  const settled: Refund = { ...refund, status: 'approved', txHash: change.txHash, metadata }
  await record(context, world, settled, { ...change, status: 'completed' })
}

/** The payment on its way back: from the merchant to the payer. */
function refundPaymentFrom(
  refund: Refund,
  { from, to, name, description, amount, amountMinUnits, productId, customerUUID }: Payment,
  { at, txHash }: { at: string; txHash: string },
  txMetadata: object,
): RefundPayment {
  const { uuid, kind, currencyId, organizationId, userId, transaction, transactionKind } = refund
  return {
    uuid,
    kind,
    related: transactionId({ uuid: transaction, kind: transactionKind }),
    createdAt: at,
    from: to,
    to: from,
    name,
    description,
    amount,
    amountMinUnits,
    currencyId,
    productId,
    transactionHash: txHash,
    customerUUID,
    organizationId,
    userId,
    metadata: { feeBps: 0, txMetadata },
  }
}

function hashOf({ uuid, currencyId }: Refund): string {
  return transactionHashOf(uuid, coin(currencyId).chain)
}
