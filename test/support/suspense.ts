import { expect } from 'vitest'
import type { PaymentRow } from '../../src/db/rows.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, qbitflowOf } from './app.ts'
import { ITEM, type Shop } from './shop.ts'

/** What tests of money in suspense need of a shop: its books, and the two things that can be decided. */
export function suspenseDesk(shop: Shop) {
  const { app, owner } = shop
  let before: Record<string, bigint> = {}

  /** Every account in USD by its name. */
  async function balances(): Promise<Record<string, bigint>> {
    const accounts = await app.db.prisma.account.findMany({ where: { currency: 'USD' } })
    return Object.fromEntries(accounts.map(({ externalId, balance }) => [externalId?.replace(/:USD$/, ''), balance]))
  }

  return {
    /** What the accounts gain is counted from here on. */
    async begin(): Promise<void> {
      before = await balances()
    },

    async gained(): Promise<Record<string, bigint>> {
      const now = Object.entries(await balances())
      const changes = now.map(([name, balance]) => [name, balance - (before[name] ?? 0n)] as const)
      return Object.fromEntries(changes.filter(([, change]) => change !== 0n))
    },

    async expectProven(): Promise<void> {
      expect((await app.ledger.proof(owner.tenantId)).breaks).toEqual([])
    },

    notifications: async () =>
      (await app.attention.notifications(owner.tenantId, (at) => at.toISOString().slice(0, 10)))
        .map(({ message }) => message)
        .join(),

    accept: (payment: PaymentRow, actor: Actor = owner) =>
      app.checkouts.acceptPayment(call(actor), { paymentId: encodeId('Payment', payment.id) }),

    giveBack: (payment: PaymentRow, input: object = {}, actor: Actor = owner) =>
      app.refunds.record(call(actor), { paymentId: encodeId('Payment', payment.id), reason: 'Not wanted', ...input }),

    async paid(outcome: string, state: string, actor?: Actor): Promise<PaymentRow> {
      const { id } = await shop.open({ item: ITEM }, actor)
      await shop.play(id, outcome)
      return shop.reaches(id, state)
    },

    /** A payment that came after the merchant had called its checkout off. */
    async paidLate(actor?: Actor): Promise<PaymentRow> {
      const { id } = await shop.open({ item: ITEM }, actor)
      await app.checkouts.cancel(call(owner), { id: encodeId('Checkout', id) })
      await shop.play(id, 'PAY')
      return shop.reaches(id, 'PAID_LATE')
    },

    again: ({ id }: PaymentRow): Promise<PaymentRow> =>
      app.db.prisma.payment.findUniqueOrThrow({ where: { tenantId_id: { tenantId: owner.tenantId, id } } }),

    /** What is done at the provider itself, of which we hear nothing. */
    async atProvider(path: string, body: object): Promise<{ uuid: string }> {
      const { apiKey } = await qbitflowOf(app).provision(owner.tenantId)
      const init = { method: 'POST', headers: { 'x-api-key': apiKey }, body: JSON.stringify(body) }
      const request = new Request(`http://tollgate.test/sandbox/qbitflow${path}`, init)
      return (await qbitflowOf(app).fetch(request)).json() as Promise<{ uuid: string }>
    },
  }
}
