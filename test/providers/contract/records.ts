import { expect } from 'vitest'
import type { PaymentRow, SubscriptionRow } from '../../../src/db/rows.ts'
import { GAPS } from '../../support/books.ts'
import { OPEN_ENDS } from '../../support/look.ts'
import type { Stage } from './stage.ts'

/** What the gateway has recorded, and what must be true of it. */

/** A checkout, and what went wrong with it. */
export interface Opened {
  readonly fault: string
  readonly id: string
}

export function checkoutOf({ app, owner: { tenantId } }: Stage, { id }: { readonly id: string }) {
  return app.db.prisma.checkout.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}

export function paymentsOf({ app, owner: { tenantId } }: Stage, checkoutId: string): Promise<PaymentRow[]> {
  return app.db.prisma.payment.findMany({ where: { tenantId, checkoutId } })
}

export function subscriptionOf({ app, owner: { tenantId } }: Stage, id: string): Promise<SubscriptionRow> {
  return app.db.prisma.subscription.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
}

/** How many postings have this cause. */
export function postingsOf({ app, owner: { tenantId } }: Stage, causeId: string): Promise<number> {
  return app.db.prisma.ledgerTransaction.count({ where: { tenantId, causeId } })
}

/** The types of the events about something of the tenant's, in their order. */
export async function announced({ app, owner: { tenantId } }: Stage, topicId: string): Promise<string[]> {
  const events = await app.db.prisma.event.findMany({ where: { tenantId, topicId }, orderBy: { cursor: 'asc' } })
  return events.map(({ type }) => type)
}

/** So many bills are paid, here as there, each with one payment and one posting. Answers what was paid. */
export async function expectBills(stage: Stage, subscription: SubscriptionRow, count: number): Promise<bigint[]> {
  const { app, owner, adapter } = stage
  const { id: subscriptionId, externalId } = subscription
  const where = { tenantId: owner.tenantId, subscriptionId }
  const bills = await app.db.prisma.billing.findMany({ where, orderBy: { sequence: 'asc' } })
  const there = await adapter.subscriptions?.billings(externalId ?? '')
  expect(bills).toHaveLength(count)
  expect(bills.map((bill) => bill.externalId)).toEqual(there?.map(({ reference }) => reference))
  for (const { id: billingId, status, sequence } of bills) {
    expect(status, `bill ${sequence}`).toBe('COMPLETED')
    const payments = await app.db.prisma.payment.findMany({ where: { tenantId: owner.tenantId, billingId } })
    const postings = await Promise.all(payments.map(({ id }) => postingsOf(stage, id)))
    expect(postings, `postings of bill ${sequence}`).toEqual([1])
  }
  return bills.map(({ amountMinor }) => amountMinor)
}

/** No step of these checkouts and their payments was told twice. */
export async function expectNothingTwice(
  { app, owner: { tenantId } }: Stage,
  opened: readonly Opened[],
): Promise<void> {
  for (const { fault, id } of opened) {
    const events = await app.db.prisma.event.findMany({ where: { tenantId, topicId: id } })
    const steps = events.map(
      ({ type, payload }) => `${type} ${JSON.stringify((payload as { status?: object }).status)}`,
    )
    expect(steps, fault).toEqual([...new Set(steps)])
  }
}

/** The books balance and nothing that happened contradicts what was known. */
export async function expectBalanced({ app, owner: { tenantId } }: Stage): Promise<void> {
  const { balanced, breaks } = await app.ledger.proof(tenantId)
  expect({ balanced, breaks }).toEqual({ balanced: true, breaks: [] })
  const where = { tenantId, type: { endsWith: '.contradicted' } }
  expect(await app.db.prisma.event.findMany({ where, select: { type: true, payload: true } })).toEqual([])
}

/** Nothing at all is left to do, and no event is missing. */
export async function expectAllSettled(stage: Stage): Promise<void> {
  expect(await openEnds(stage, 0)).toEqual([])
  expect(await stage.app.db.query('contract.gaps', GAPS, [])).toEqual([])
  await expectBalanced(stage)
}

/** What is in doubt or under way, or will be within so many seconds. A subscription's next bill is neither. */
export async function openEnds({ app, clock }: Pick<Stage, 'app' | 'clock'>, withinSeconds: number): Promise<string[]> {
  const soon = new Date(clock.now().getTime() + withinSeconds * 1_000)
  const [ends = {}] = await app.db.query<Record<string, string>>('contract.ends', OPEN_ENDS, [])
  const [tasks] = await app.db.query<{ count: string }>(
    'contract.tasks',
    `SELECT count(*) FROM sandbox_task k JOIN tenant t ON t.id = k.tenant_id
     WHERE kind <> 'expire' AND due_at <= $1::timestamptz + t.clock_ahead_ms * interval '1 millisecond'`,
    [soon],
  )
  const counts = { ...ends, "provider's tasks": tasks?.count }
  return Object.entries(counts).flatMap(([what, count]) => (String(count) === '0' ? [] : `${count} ${what}`))
}
