import { z } from 'zod'
import type { Database, Transaction } from '../db/database.ts'
import type { PaymentRow } from '../db/rows.ts'
import { type Call, type Done, ownerOf } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { invalidState, notFound } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { id, OWN_WORDS, optional, price, text } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'
import { amountToRefund } from './amount.ts'
import { announceRefund, completeRefund } from './apply.ts'
import { OPEN_REFUNDS } from './refund.ts'

const RecordRefund = z.object({
  paymentId: id('Payment'),
  amount: optional(price),
  reason: text(500),
  transactionHash: optional(text(200)),
  ...OWN_WORDS,
})

export function refundRecording({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /**
     * Books that money of a payment was given back outside of the provider: by a bank transfer, or from the merchant's
     * own wallet. What waits on the suspense account is given back first.
     * @throws DomainError OUT_OF_RANGE for more than is left of the payment, INVALID_STATE while a refund of it is open
     */
    async record(call: Call, input: unknown): Promise<Done> {
      const { paymentId, amount, reason, transactionHash, reference, metadata = {} } = validate(RecordRefund, input)
      const { actor } = call
      const { tenantId } = actor
      const mine = ownerOf(actor)
      const visible = { tenantId, id: paymentId, ...(mine !== null && { userId: mine }) }
      const change = { tenantId, at: await clocks.now(call.actor), requestId: actor.requestId }
      const refundId = newId()
      return transactOnce(db, call, change.at, refundId, async (work) => {
        // Everything that happens to a payment's refunds happens under the lock of the payment.
        await work.lock('payment', paymentId)
        const payment = await work.tx.payment.findFirst({ where: visible })
        if (!payment) throw notFound('Payment', ['paymentId'])
        const { minor } = amountToRefund(payment, amount)
        await refuseWhileOpen(work.tx, payment)
        const { provider, customerId, userId } = payment
        const refund = await work.tx.refund.create({
          data: {
            tenantId,
            id: refundId,
            provider,
            paymentId,
            customerId,
            userId,
            status: 'COMPLETED',
            recorded: true,
            externalId: refundId,
            amountMinor: minor.toString(),
            currency: payment.currency,
            reason,
            reference,
            metadata,
            transactionHash,
            createdAt: change.at,
            updatedAt: change.at,
            respondedAt: change.at,
            completedAt: change.at,
          },
        })
        await completeRefund(work, payment, refund)
        announceRefund(work.emit, refund)
      })
    },
  }
}

/** @throws DomainError INVALID_STATE while a refund is open, for what was given back may be what it asks for */
async function refuseWhileOpen(tx: Transaction, { tenantId, id: paymentId }: PaymentRow): Promise<void> {
  const open = await tx.refund.findFirst({ where: { tenantId, paymentId, status: { in: [...OPEN_REFUNDS] } } })
  if (open) throw invalidState(`A refund of the payment is ${open.status}: it has to end first`, ['paymentId'])
}
