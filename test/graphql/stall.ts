import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ADA } from '../support/shop.ts'
import type { Door } from './door.ts'

/** By the names of their kinds. */
export type Ids = Readonly<Record<string, string>>

export interface Stall {
  readonly ids: Ids
  /** Asks with the seller's key. */
  readonly ask: Awaited<ReturnType<Door['as']>>
}

const MUG = { name: 'A mug', description: 'Blue', price: { amount: '9.99', currency: 'USD' } }

/** A seller with one of everything that sellers have. */
export async function openStall(door: Door, name: string): Promise<Stall> {
  const { app } = door
  const { prisma } = app.db
  const owner = await door.house.actor()
  const { tenantId } = owner
  const email = `${name.toLowerCase()}@shop.example`
  const user = await app.users.create(call(owner), {
    name,
    lastName: 'Seller',
    email,
    role: 'USER',
    organizationFeeBps: 100,
  })
  const actor: Actor = { ...owner, role: 'USER', userId: user.id }
  const ask = await door.as('TEST', 'USER', user.id)
  const product = await app.products.create(call(actor), { ...MUG, reference: `mug-${name}` })
  const productId = encodeId('Product', product.id)
  const buyer = { ...ADA, email: `buyer-of-${email}`, reference: `buyer-of-${name}` }
  const customer = await app.customers.create(call(actor), buyer)
  const of = { productId, customerId: encodeId('Customer', customer.id) }

  const checkout = await app.checkouts.create(call(actor), { kind: 'PAYMENT', ...of })
  await app.checkouts.simulate(call(actor), { id: encodeId('Checkout', checkout.id), outcome: 'PAY', customer: ADA })
  const payment = await eventually(() =>
    prisma.payment.findFirst({ where: { checkoutId: checkout.id, status: 'COMPLETED' } }),
  )
  const monthly = { kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' }, ...of }
  const start = await app.checkouts.create(call(actor), monthly)
  await app.checkouts.simulate(call(actor), { id: encodeId('Checkout', start.id), outcome: 'PAY', customer: ADA })
  const billing = await eventually(() =>
    prisma.billing.findFirst({ where: { subscription: { checkoutId: start.id }, status: 'COMPLETED' } }),
  )
  const refund = await app.refunds.request(call(owner), {
    paymentId: encodeId('Payment', payment.id),
    reason: 'Broken',
  })
  await prisma.user.updateMany({ where: { id: user.id }, data: { claimedAt: app.clock.now() } })
  await app.claims.trigger(call(owner), { userId: encodeId('User', user.id) })
  const claim = await prisma.claimFunds.findFirstOrThrow({ where: { userId: user.id } })
  const key = await prisma.apiKey.findFirstOrThrow({ where: { userId: user.id } })
  const externalId = `seller:${user.id}:USD`
  const account = await prisma.account.findFirstOrThrow({ where: { tenantId, externalId } })
  return {
    ask,
    ids: {
      User: encodeId('User', user.id),
      ApiKey: encodeId('ApiKey', key.id),
      Product: productId,
      Customer: of.customerId,
      Checkout: encodeId('Checkout', checkout.id),
      Payment: encodeId('Payment', payment.id),
      Subscription: encodeId('Subscription', billing.subscriptionId),
      Billing: encodeId('Billing', billing.id),
      Refund: encodeId('Refund', refund.id),
      ClaimFunds: encodeId('ClaimFunds', claim.id),
      Account: encodeId('Account', account.id),
    },
  }
}
