import type { BillingRow, SubscriptionRow } from '../../src/db/rows.ts'
import type { Done } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from './app.ts'
import type { Shop } from './shop.ts'

export const GYM = { name: 'Gym', description: 'As often as you like', price: { amount: '10.00', currency: 'USD' } }
export const MONTHLY = { value: 1, unit: 'MONTHS' }

/** A customer who subscribes in a shop, and whose subscription the test follows. */
export interface Subscriber {
  /** Opens a checkout for a subscription and pays it; answers the subscription. */
  subscribe(input?: object): Promise<SubscriptionRow>
  row(id: string): Promise<SubscriptionRow>
  /** Waits until the provider has told which page the customer manages it on. */
  isManaged(id: string): Promise<unknown>
  /** Waits until the subscription stands there. */
  stands(id: string, status: string): Promise<SubscriptionRow>
  /** Waits until so many bills are paid; answers all of them in order. */
  billed(id: string, count: number): Promise<BillingRow[]>
  billings(id: string): Promise<BillingRow[]>
  simulate(id: string, action: string, amount?: string): Promise<Done>
  /** Ten seconds later: applies what has come in, and asks about what is due. */
  settle(): Promise<void>
  postings(id: string): Promise<number>
}

export function subscriberOf(shop: Shop): Subscriber {
  const { app, owner } = shop
  const { tenantId } = owner
  const self: Subscriber = {
    async subscribe(input = {}) {
      const wanted = { kind: 'SUBSCRIPTION', item: GYM, frequency: MONTHLY, ...input }
      const { id, problems } = await app.checkouts.create(call(owner), wanted)
      if (problems && problems.length > 0) throw new Error(JSON.stringify(problems))
      await shop.play(id, 'PAY')
      return eventually(async () => {
        await self.settle()
        return app.db.prisma.subscription.findFirst({ where: { tenantId, checkoutId: id } })
      })
    },
    row: (id) => app.db.prisma.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
    isManaged: (id) =>
      eventually(async () => {
        await self.settle()
        return (await self.row(id)).managementUrl
      }),
    stands: (id, status) =>
      eventually(async () => {
        await self.settle()
        const row = await self.row(id)
        return row.status === status && row
      }),
    billed: (id, count) =>
      eventually(async () => {
        await self.settle()
        const bills = await self.billings(id)
        return bills.filter((bill) => bill.status === 'COMPLETED').length === count && bills
      }),
    billings: (id) =>
      app.db.prisma.billing.findMany({ where: { tenantId, subscriptionId: id }, orderBy: { sequence: 'asc' } }),
    async simulate(id, action, amount) {
      const money = amount === undefined ? undefined : { amount, currency: 'USD' }
      const input = { id: encodeId('Subscription', id), action, amount: money }
      const done = await app.subscriptions.simulate(call(owner), input)
      await shop.pass({ seconds: 15 })
      await self.settle()
      return done
    },
    async settle() {
      shop.clock.turn({ seconds: 10 })
      await app.inbox.applyDue()
      await app.reconciliation.resolveDue()
      await app.subscriptions.resolveDue()
    },
    async postings(id) {
      const payments = await app.db.prisma.payment.findMany({ where: { tenantId, subscriptionId: id } })
      const causeId = { in: payments.map((payment) => payment.id) }
      return app.db.prisma.ledgerTransaction.count({ where: { tenantId, causeId, recipe: 'paymentSettled' } })
    },
  }
  return self
}
