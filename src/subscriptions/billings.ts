import type { Transaction } from '../db/database.ts'
import type { BillingTrigger } from '../db/generated/enums.ts'
import { lockedRows } from '../db/lock.ts'
import type { BillingRow, SubscriptionRow } from '../db/rows.ts'
import type { Status } from '../events/catalogue.ts'
import type { Emit } from '../events/outbox.ts'
import { currency } from '../kernel/currency.ts'
import { newId } from '../kernel/id.ts'
import { money } from '../kernel/money.ts'
import { applyToPayment } from '../payments/apply.ts'
import { wordsOf } from '../payments/sale.ts'
import type { ProviderPayment } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { amountDue, hasFailed, STILL_TO_PAY } from './billing.ts'
import { lockSubscription } from './lock.ts'
import { billingObject } from './subscription.ts'

/** A subscription's bills, written under the lock of its row. */

/**
 * Every paid bill that we do not have yet: the bill, its payment and the posting, once and in order. A bill that was
 * open is the one that is paid first. What was billed after the end is late money. Answers those that are new, with their
 * payments' amounts.
 */
export async function addBillings(
  work: Work,
  subscription: SubscriptionRow,
  paid: readonly ProviderPayment[],
  endedAt?: Date | null,
): Promise<readonly ProviderPayment[]> {
  const { tenantId, provider } = subscription
  const externalIds = paid.map(({ reference }) => reference)
  const known = await work.tx.billing.findMany({
    where: { tenantId, provider, externalId: { in: externalIds } },
    select: { externalId: true },
  })
  const have = new Set(known.map(({ externalId }) => externalId))
  const fresh = paid.filter(({ reference }) => !have.has(reference))
  for (const payment of fresh) {
    const over = endedAt ? payment.at > endedAt : false
    await succeed(work, subscription, payment, over)
  }
  return fresh
}

async function succeed(work: Work, subscription: SubscriptionRow, paid: ProviderPayment, over: boolean) {
  const open = await openBilling(work.tx, subscription)
  const facts = {
    status: 'COMPLETED' as const,
    amountMinor: paid.amount.minor.toString(),
    currency: paid.amount.currency.code,
    attempts: (open?.attempts ?? 0) + 1,
    externalId: paid.reference,
    billedAt: paid.at,
    updatedAt: work.at,
  }
  const billing = open
    ? await work.tx.billing.update({ where: keyOf(open), data: facts })
    : await work.tx.billing.create({ data: { ...(await newBilling(work, subscription)), ...facts } })
  const { tenantId, provider, productId, userId, customerId, description } = subscription
  const price = money(billing.amountMinor, currency(billing.currency))
  const origin = { subscriptionId: subscription.id, billingId: billing.id }
  const words = wordsOf(subscription)
  const sale = { tenantId, provider, productId, userId, customerId, description, words, price, origin, over }
  // Its money may have come before we knew the subscription.
  const externalId = paid.reference
  const named = 'tenant_id = $1::uuid AND provider = $2 AND external_id = $3'
  const [payment = null] = await lockedRows(work.tx, 'payment', named, [tenantId, provider, externalId])
  const paying = { sale: { ...sale, externalId }, payment }
  await applyToPayment(work, paying, { noun: 'PAYMENT', proof: true, received: paid })
  announce(work.emit, 'billing.succeeded', billing)
}

/** The bill of the period that runs could not be paid; the provider will try again. */
export async function failBilling(work: Work, subscription: SubscriptionRow) {
  const open = await openBilling(work.tx, subscription)
  if (open && hasFailed(open)) return
  const facts = { status: 'FAILED' as const, attempts: (open?.attempts ?? 0) + 1, updatedAt: work.at }
  const billing = open
    ? await work.tx.billing.update({ where: keyOf(open), data: facts })
    : await work.tx.billing.create({ data: { ...(await newBilling(work, subscription)), ...facts } })
  announce(work.emit, 'billing.failed', billing, { type: 'EXECUTE_SUBSCRIPTION', state: 'FAILED', final: false })
}

/** A bill that we ask the provider for, before it is asked. None where one is open already. */
export async function beginBilling(work: Work, subscription: SubscriptionRow, id: string): Promise<void> {
  if (await openBilling(work.tx, subscription)) return
  const bill = await newBilling(work, subscription, 'MANUAL')
  await work.tx.billing.create({ data: { ...bill, id, status: 'PENDING' } })
}

/** The provider will not bill: a bill that was begun for it, and is still to be paid, never was. */
export async function withdrawBilling(tx: Transaction, subscription: SubscriptionRow, id: string) {
  await lockSubscription(tx, subscription)
  await tx.billing.deleteMany({ where: { tenantId: subscription.tenantId, id, status: 'PENDING' } })
}

/** The one bill that is still to be paid. */
export function openBilling(tx: Transaction, { tenantId, id }: SubscriptionRow): Promise<BillingRow | null> {
  return tx.billing.findFirst({ where: { tenantId, subscriptionId: id, status: STILL_TO_PAY } })
}

async function newBilling(work: Work, subscription: SubscriptionRow, trigger: BillingTrigger = 'AUTO') {
  const { tenantId, provider, id: subscriptionId, userId } = subscription
  const { _max } = await work.tx.billing.aggregate({ where: { tenantId, subscriptionId }, _max: { sequence: true } })
  return {
    tenantId,
    id: newId(),
    provider,
    subscriptionId,
    userId,
    sequence: (_max.sequence ?? 0) + 1,
    trigger,
    amountMinor: amountDue(subscription).toString(),
    currency: subscription.currency,
    createdAt: work.at,
    updatedAt: work.at,
  }
}

function keyOf({ tenantId, id }: BillingRow) {
  return { tenantId_id: { tenantId, id } }
}

function announce(
  emit: Emit,
  type: 'billing.succeeded' | 'billing.failed',
  billing: BillingRow,
  status?: Status,
): void {
  const object = billingObject(billing)
  // The step of a paid bill is told by its payment.
  emit({ type, entityKind: 'Billing', entityId: billing.id, topicId: billing.id, object, ...(status && { status }) })
}
