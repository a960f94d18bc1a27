import { expect } from 'vitest'
import type { CheckoutKind } from '../../../src/db/generated/enums.ts'
import type { SubscriptionRow } from '../../../src/db/rows.ts'
import type { Done } from '../../../src/kernel/actor.ts'
import { decodeId, encodeId, newId } from '../../../src/kernel/id.ts'
import { call } from '../../support/app.ts'
import { ADA } from '../../support/shop.ts'
import { MONTHLY } from '../../support/subscriber.ts'
import { checkoutOf, expectBalanced, type Opened, paymentsOf, postingsOf } from './records.ts'
import { type Stage, settle } from './stage.ts'

/** What a merchant's program wishes for, and what a customer does. */

export interface Links {
  readonly productId: string
  readonly customerId: string
}

/** Opens a checkout, of an item where no product is named. */
export function open({ app, owner, provider }: Stage, kind: string, key?: string, links?: Links): Promise<Done> {
  const { name, price } = provider
  const item = { name: `A ${kind}`, description: 'As agreed', price }
  const terms = kind === 'PAYMENT' ? {} : { frequency: MONTHLY }
  const input = { kind, provider: name, ...terms, ...(links ?? { item }) }
  return app.checkouts.create(call(owner, key, input), input)
}

export function cancel({ app, owner }: Stage, id: string): Promise<Done> {
  return app.checkouts.cancel(call(owner), { id: encodeId('Checkout', id) })
}

/** Has a checkout that is not paid be payable again. */
export function retry({ app, owner }: Stage, id: string, key?: string): Promise<Done> {
  const input = { id: encodeId('Checkout', id) }
  return app.checkouts.retry(call(owner, key, input), input)
}

/** A product and a customer that no provider has seen yet. */
export async function newLinks({ app, owner, provider }: Stage): Promise<Links> {
  const wanted = { name: 'A thing', description: 'Of some kind', price: provider.price }
  const product = await app.products.create(call(owner), wanted)
  const customer = await app.customers.create(call(owner), { ...ADA, email: `${newId()}@example.com` })
  return { productId: encodeId('Product', product.id), customerId: encodeId('Customer', customer.id) }
}

/** What the provider calls a product and a customer of ours. */
export async function referencesOf({ app, owner, provider }: Stage, links: Links): Promise<(string | undefined)[]> {
  const ids = [links.productId, links.customerId].map((text) => decodeId(text)?.uuid)
  const where = { tenantId: owner.tenantId, provider: provider.name }
  const found = await app.db.prisma.providerLink.findMany({ where })
  return ids.map((id) => found.find(({ entityId }) => entityId === id)?.externalId)
}

/** What the customer does on a checkout's page. */
export async function play({ app, owner, provider }: Stage, checkoutId: string, outcome = 'PAY'): Promise<void> {
  const input = { id: encodeId('Checkout', checkoutId), outcome, currency: provider.paysWith, customer: ADA }
  await app.checkouts.simulate(call(owner), input)
}

/** Has each of these paid, and finds one payment with one posting, or one subscription with what it bills at first. */
export async function payAll(stage: Stage, opened: readonly Opened[]): Promise<void> {
  const { app, owner } = stage
  const { tenantId } = owner
  for (const { id } of opened) await play(stage, id)
  await settle(stage)
  for (const { fault, id } of opened) {
    const { kind, status } = await checkoutOf(stage, { id })
    const begun = await app.db.prisma.subscription.findMany({ where: { tenantId, checkoutId: id } })
    const subscriptionId = { in: begun.map((each) => each.id) }
    const bills = await app.db.prisma.payment.findMany({ where: { tenantId, subscriptionId } })
    const paid = [...(await paymentsOf(stage, id)), ...bills]
    const postings = await Promise.all(paid.map((payment) => postingsOf(stage, payment.id)))
    const comesOf = COMES_OF[kind]
    expect(status, fault).toBe('COMPLETED')
    expect(begun, `subscriptions of ${fault}`).toHaveLength(comesOf.subscriptions)
    expect(postings, `postings of each payment of ${fault}`).toEqual(comesOf.postings)
  }
  await expectBalanced(stage)
}

/** What comes of a checkout that is paid: subscriptions, and the postings of each payment. */
const COMES_OF: Readonly<Record<CheckoutKind, { subscriptions: number; postings: readonly number[] }>> = {
  PAYMENT: { subscriptions: 0, postings: [1] },
  SUBSCRIPTION: { subscriptions: 1, postings: [1] },
  PAY_AS_YOU_GO: { subscriptions: 1, postings: [] },
  SETUP: { subscriptions: 0, postings: [] },
}

/** A subscription for each of these that its checkout has begun. */
export async function subscribe<Fault extends string>(
  stage: Stage,
  kind: CheckoutKind,
  faults: readonly Fault[],
): Promise<(SubscriptionRow & { fault: Fault })[]> {
  const opened = []
  for (const fault of faults) opened.push({ fault, ...(await open(stage, kind)) })
  await payAll(stage, opened)
  const rows = await subscriptionsOf(stage, opened)
  return opened.flatMap(({ id, fault }) => rows.flatMap((row) => (row.checkoutId === id ? { ...row, fault } : [])))
}

/** The subscriptions that these checkouts have begun. */
export function subscriptionsOf({ app, owner }: Stage, opened: readonly Opened[]): Promise<SubscriptionRow[]> {
  const checkoutId = { in: opened.map(({ id }) => id) }
  return app.db.prisma.subscription.findMany({ where: { tenantId: owner.tenantId, checkoutId } })
}
