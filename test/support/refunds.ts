import type { PaymentRow, RefundRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from './app.ts'
import type { Shop } from './shop.ts'

/** What tests of refunds need of a shop: a payment to give back, and the two who speak at the provider. */
export function refundDesk(shop: Shop) {
  const { app, owner } = shop

  const control = (path: string, body: object) => shop.control(`/refunds${path}`, body)

  const desk = {
    /** A payment that is settled. */
    async paid(actor: Actor = owner, price?: string): Promise<PaymentRow> {
      const item = { name: 'A mug', description: 'Blue', price: { amount: price ?? '19.99', currency: 'USD' } }
      const { id } = await shop.open({ item }, actor)
      await shop.play(id, 'PAY')
      await shop.poll()
      return shop.reaches(id, 'COMPLETED')
    },

    /** The customer asks on the provider's page, of which we hear nothing. */
    askThere: (payment: PaymentRow, reason = 'It broke') =>
      control('', { transactionUUID: `pay@${payment.externalId}`, reason }),

    /** The merchant answers in the provider's dashboard, of which we hear nothing. */
    answerThere: (externalId: string, verb: 'approve' | 'refuse', body: object = {}) =>
      control(`/${externalId}/${verb}`, body),

    /** A refund that waits for its answer. */
    async asked(actor?: Actor): Promise<RefundRow> {
      const payment = await desk.paid(actor)
      const input = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
      return desk.refund((await app.refunds.request(call(owner), input)).id)
    },

    refund: (id: string): Promise<RefundRow> =>
      app.db.prisma.refund.findUniqueOrThrow({ where: { tenantId_id: { tenantId: owner.tenantId, id } } }),

    refundsOf: (payment: PaymentRow): Promise<RefundRow[]> =>
      app.db.prisma.refund.findMany({ where: { paymentId: payment.id }, orderBy: { createdAt: 'asc' } }),

    postings: (refund: RefundRow) => app.db.prisma.ledgerTransaction.count({ where: { causeId: refund.id } }),

    /** Lets the chain do its work and our questions become due, until the refund stands there. */
    reaches: ({ id }: RefundRow, status: string): Promise<RefundRow> =>
      eventually(async () => {
        await shop.pass({ seconds: 15 })
        await app.refunds.resolveDue()
        const refund = await desk.refund(id)
        return refund.status === status && refund
      }),

    async announced({ id }: RefundRow): Promise<string[]> {
      const events = await app.db.prisma.event.findMany({ where: { entityId: id }, orderBy: { sequence: 'asc' } })
      return events.map(({ type }) => type)
    },

    /** Looks at the provider's refunds as if it were due. */
    async look(): Promise<number> {
      shop.clock.turn({ minutes: 2 })
      return app.refunds.lookDue()
    },
  }
  return desk
}
