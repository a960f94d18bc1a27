import { expect } from 'vitest'
import type { CheckoutKind } from '../../../src/db/generated/enums.ts'
import type { PaymentRow, SubscriptionRow } from '../../../src/db/rows.ts'
import type { Done } from '../../../src/kernel/actor.ts'
import { decodeId, encodeId, newId } from '../../../src/kernel/id.ts'
import type { FaultKind } from '../../../src/providers/faults.ts'
import type { Provider } from '../../../src/providers/port/provider.ts'
import type { Api } from '../../support/api.ts'
import { call, eventually } from '../../support/app.ts'
import { expectAllSettled } from '../../support/books.ts'
import { OPEN_ENDS } from '../../support/look.ts'
import { ADA, type Shop } from '../../support/shop.ts'
import { MONTHLY } from '../../support/subscriber.ts'
import type { ContractProvider } from './provider.ts'

/** What goes wrong with a call, and what is known of its effect after that. */
export const CALL_FAULTS = [
  'LOSE_ANSWER_BEFORE',
  'LOSE_ANSWER_AFTER',
  'DELAY',
  'SERVER_ERROR',
  'RATE_LIMITED',
  'MALFORMED_JSON',
  'TRUNCATED_JSON',
] as const satisfies readonly FaultKind[]

export type CallFault = (typeof CALL_FAULTS)[number]

/** Those that strike before anything has happened. */
export const WITHOUT_EFFECT: readonly CallFault[] = ['LOSE_ANSWER_BEFORE', 'SERVER_ERROR', 'RATE_LIMITED']

/** Those after which the caller knows nothing for certain. */
export const LOST = CALL_FAULTS.filter((fault) => fault !== 'DELAY')

/** What the caller is told then. */
export const DOUBT = [['PROVIDER_UNAVAILABLE', true]]

export function problemsOf({ problems = [] }: Pick<Done, 'problems'>): unknown[] {
  return problems.map(({ code, facts }) => [code, facts?.retryable])
}

const DELAY_MS = 10
const ROUNDS_AT_MOST = 60
const LONGEST_TURN_SECONDS = 600

export interface Links {
  readonly productId: string
  readonly customerId: string
}

/** A checkout, and what went wrong with it. */
export interface Opened {
  readonly fault: string
  readonly id: string
}

/** A shop on the provider's simulator, where things go wrong on demand and time passes by hand. */
export interface Stage {
  readonly provider: ContractProvider
  readonly shop: Shop
  readonly adapter: Provider
  arm(kind: FaultKind, operation?: string, more?: object): Promise<void>
  /** How many faults may still strike. */
  armed(): Promise<number>
  calm(): Promise<void>
  open(kind: string, key?: string, more?: object): Promise<Done>
  /** What the customer does on a checkout's page. */
  play(checkoutId: string, outcome?: string): Promise<void>
  /** Lets time pass and due work be done until nothing is in doubt. */
  settle(): Promise<void>
  /** Waits for what goes on by itself: the provider's notifications and their application. */
  quiet(): Promise<void>
  /** Does what is due, so much later. */
  work(seconds: number): Promise<void>
  /** Has each of these paid, and finds one payment with one posting, or one subscription with what it bills at first. */
  payAll(opened: readonly Opened[]): Promise<void>
  payments(checkoutId: string): Promise<PaymentRow[]>
  postings(causeId: string): Promise<number>
  /** What the provider calls a product and a customer of ours. */
  references(links: Links): Promise<(string | undefined)[]>
  /** A subscription for each of these that its checkout has begun. */
  subscribe<Fault extends string>(
    kind: string,
    faults: readonly Fault[],
  ): Promise<(SubscriptionRow & { fault: Fault })[]>
  subscription(id: string): Promise<SubscriptionRow>
  /** So many bills are paid, here as there, each with one payment and one posting. Answers what was paid. */
  expectBills(subscription: SubscriptionRow, count: number): Promise<bigint[]>
  /** Ends every subscription, so that nothing more is billed. */
  endAll(): Promise<void>
  /** No step of these checkouts and their payments was told twice. */
  expectNothingTwice(opened: readonly Opened[]): Promise<void>
  /** The books balance and nothing that happened contradicts what was known. */
  expectBalanced(): Promise<void>
  /** Nothing at all is left to do. */
  expectAllSettled(): Promise<void>
}

export async function openStage(provider: ContractProvider): Promise<Stage> {
  const shop = await provider.openShop()
  const { app, owner, clock } = shop
  const { tenantId } = owner
  const at = { provider: provider.name }

  const stage: Stage = {
    provider,
    shop,
    adapter: await provider.adapter(shop),
    async arm(kind, operation, more) {
      const wanted = { ...at, kind, operation, ...(kind === 'DELAY' && { delayMs: DELAY_MS }), ...more }
      await app.faults.inject(call(owner), wanted)
    },
    armed: async () => (await app.faults.list(owner, provider.name)).length,
    calm: async () => void (await app.faults.clear(call(owner), at)),
    open(kind, key, more = {}) {
      const item = { name: `A ${kind}`, description: 'As agreed', price: { amount: '10.00', currency: 'USD' } }
      const terms = kind === 'PAYMENT' ? {} : { frequency: MONTHLY }
      const input = { kind, ...at, ...terms, ...('productId' in more ? {} : { item }), ...more }
      return app.checkouts.create(call(owner, key, input), input)
    },
    async play(checkoutId, outcome = 'PAY') {
      const input = { id: encodeId('Checkout', checkoutId), outcome, currency: provider.currency, customer: ADA }
      await app.checkouts.simulate(call(owner), input)
    },
    async settle() {
      for (let round = 1, seconds = 10; ; round++, seconds = Math.min(seconds * 2, LONGEST_TURN_SECONDS)) {
        await stage.work(seconds)
        const ends = await openEnds(shop)
        if (ends.length === 0) return
        if (round === ROUNDS_AT_MOST) throw new Error(`it does not settle: ${ends.join(', ')}`)
      }
    },
    async quiet() {
      const busy = /notifications waiting|provider's tasks/
      await eventually(async () => {
        await stage.work(1)
        return !(await openEnds(shop)).some((end) => busy.test(end))
      })
      // What has been begun by the schedules asks the provider too, and would take a fault that is armed next.
      const { inbox, reconciliation, subscriptions, refunds } = app
      await Promise.all([inbox, reconciliation, subscriptions, refunds].map(({ due }) => due.idle()))
    },
    async work(seconds) {
      clock.turn({ seconds })
      for (const schedule of app.schedules) await schedule.run()
    },
    async payAll(opened) {
      for (const { id } of opened) await stage.play(id)
      await stage.settle()
      for (const { fault, id } of opened) {
        const { kind, status } = await shop.checkout(id)
        const where = { tenantId, checkoutId: id }
        const [payments, begun] = [await stage.payments(id), await app.db.prisma.subscription.findMany({ where })]
        const bills = await app.db.prisma.payment.findMany({
          where: { tenantId, subscriptionId: { in: begun.map((each) => each.id) } },
        })
        const paid = [...payments, ...bills]
        const postings = await Promise.all(paid.map((payment) => stage.postings(payment.id)))
        expect([fault, status, begun.length, postings]).toEqual([fault, 'COMPLETED', ...COMES_OF[kind]])
      }
      await stage.expectBalanced()
    },
    payments: (checkoutId) => app.db.prisma.payment.findMany({ where: { tenantId, checkoutId } }),
    postings: (causeId) => app.db.prisma.ledgerTransaction.count({ where: { tenantId, causeId } }),
    async references({ productId, customerId }) {
      const ids = [productId, customerId].map((text) => decodeId(text)?.uuid)
      const links = await app.db.prisma.providerLink.findMany({ where: { tenantId, provider: provider.name } })
      return ids.map((id) => links.find(({ entityId }) => entityId === id)?.externalId)
    },
    async subscribe(kind, faults) {
      const opened = []
      for (const fault of faults) opened.push({ fault, ...(await stage.open(kind)) })
      await stage.payAll(opened)
      const rows = await app.db.prisma.subscription.findMany({
        where: { tenantId, checkoutId: { in: opened.map(({ id }) => id) } },
      })
      return opened.flatMap(({ id, fault }) => rows.flatMap((row) => (row.checkoutId === id ? { ...row, fault } : [])))
    },
    subscription: (id) => app.db.prisma.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } }),
    async expectBills({ id, externalId }, count) {
      const where = { tenantId, subscriptionId: id }
      const bills = await app.db.prisma.billing.findMany({ where, orderBy: { sequence: 'asc' } })
      const there = await stage.adapter.subscriptions?.billings(externalId ?? '')
      const references = there?.map(({ reference }) => reference)
      expect([bills.length, bills.map((bill) => bill.externalId)]).toEqual([count, references])
      for (const bill of bills) {
        const payments = await app.db.prisma.payment.findMany({ where: { tenantId, billingId: bill.id } })
        const postings = await Promise.all(payments.map((payment) => stage.postings(payment.id)))
        expect([bill.status, postings]).toEqual(['COMPLETED', [1]])
      }
      return bills.map(({ amountMinor }) => amountMinor)
    },
    async endAll() {
      const where = { tenantId, status: { notIn: ['CANCELLED' as const, 'COMPLETED' as const] } }
      const subscriptions = await app.db.prisma.subscription.findMany({ where })
      if (!provider.forceCancel || subscriptions.length === 0) return
      for (const { id } of subscriptions) {
        await app.subscriptions.forceCancel(call(owner), { id: encodeId('Subscription', id) })
      }
      await stage.settle()
    },
    async expectNothingTwice(opened) {
      for (const { fault, id } of opened) {
        const events = await app.db.prisma.event.findMany({ where: { tenantId, topicId: id } })
        const steps = events.map(
          ({ type, payload }) => `${type} ${JSON.stringify((payload as { status?: object }).status)}`,
        )
        expect([fault, steps]).toEqual([fault, [...new Set(steps)]])
      }
    },
    async expectBalanced() {
      const { balanced, breaks } = await app.ledger.proof(tenantId)
      expect({ balanced, breaks }).toEqual({ balanced: true, breaks: [] })
      const where = { tenantId, type: { endsWith: '.contradicted' } }
      expect(await app.db.prisma.event.findMany({ where, select: { type: true, payload: true } })).toEqual([])
    },
    async expectAllSettled() {
      const { balanced, breaks } = await app.ledger.proof(tenantId)
      const api = { ask: async () => ({ ledger: { proof: { balanced, breaks } } }) } as Pick<Api, 'ask'> as Api
      await expectAllSettled({ api, databaseUrl: shop.databaseUrl })
    },
  }
  return stage
}

/** The subscriptions that come of a checkout, and the postings of each payment. */
const COMES_OF: Readonly<Record<CheckoutKind, readonly [number, readonly number[]]>> = {
  PAYMENT: [0, [1]],
  SUBSCRIPTION: [1, [1]],
  PAY_AS_YOU_GO: [1, []],
  SETUP: [0, []],
}

/** What a product and a customer are called that no provider has seen yet. */
export async function newLinks({ shop }: Stage): Promise<Links> {
  const { app, owner } = shop
  const price = { amount: '10.00', currency: 'USD' }
  const product = await app.products.create(call(owner), { name: 'A thing', description: 'Of some kind', price })
  const customer = await app.customers.create(call(owner), { ...ADA, email: `${newId()}@example.com` })
  return { productId: encodeId('Product', product.id), customerId: encodeId('Customer', customer.id) }
}

/** What is still in doubt or under way. A subscription's next bill, which is far away, is neither. */
async function openEnds({ app, clock }: Shop): Promise<string[]> {
  const soon = new Date(clock.now().getTime() + LONGEST_TURN_SECONDS * 1_000)
  const [ends = {}] = await app.db.query<Record<string, string>>('contract.ends', OPEN_ENDS, [])
  const [tasks] = await app.db.query<{ count: string }>(
    'contract.tasks',
    `SELECT count(*) FROM sandbox_task WHERE kind <> 'expire' AND due_at <= $1`,
    [soon],
  )
  const counts = { ...ends, "provider's tasks": tasks?.count }
  return Object.entries(counts).flatMap(([what, count]) => (String(count) === '0' ? [] : `${count} ${what}`))
}
