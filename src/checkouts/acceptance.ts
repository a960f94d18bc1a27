import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { type Call, type Done, ownerOf } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { invalidState, notFound } from '../kernel/errors.ts'
import { id } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { acceptSuspense } from '../payments/booking.ts'
import { paymentObject } from '../payments/payment.ts'
import { transactOnce } from '../work/work.ts'
import { applyToCheckout } from './apply.ts'

const AcceptPayment = z.object({ paymentId: id('Payment') })

export function paymentAcceptance({ db, clocks }: { db: Database; clocks: Clocks }) {
  return {
    /**
     * Takes what of a payment waits on the suspense account for the merchant, as if it had come in as it was asked for:
     * its checkout is COMPLETED. The payment keeps its status, which says how the money came.
     * @throws DomainError INVALID_STATE where nothing waits
     */
    async accept(call: Call, input: unknown): Promise<Done> {
      const { paymentId } = validate(AcceptPayment, input)
      const { actor } = call
      const { tenantId } = actor
      const mine = ownerOf(actor)
      const visible = { tenantId, id: paymentId, ...(mine !== null && { userId: mine }) }
      const named = await db.prisma.payment.findFirst({ where: visible })
      if (!named) throw notFound('Payment', ['paymentId'])
      const change = { tenantId, at: await clocks.now(call.actor), requestId: actor.requestId }
      return transactOnce(db, call, change.at, paymentId, async (work) => {
        const { checkoutId } = named
        // In the order of every other change: the checkout first, then its payment.
        if (checkoutId !== null) await work.lock('checkout', checkoutId)
        await work.lock('payment', paymentId)
        const payment = await work.tx.payment.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id: paymentId } } })
        if (payment.suspenseMinor === 0n) {
          throw invalidState('The payment has no amount on the suspense account', ['paymentId'])
        }
        const object = paymentObject(await acceptSuspense(work, payment))
        work.emit({ type: 'payment.accepted', entityKind: 'Payment', entityId: paymentId, object })
        if (checkoutId === null) return
        await applyToCheckout(work, { id: checkoutId }, { noun: 'CHECKOUT', decision: 'ACCEPT', paymentId })
      })
    },
  }
}
