import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually, type TestApp } from '../support/app.ts'
import { ADA } from '../support/shop.ts'

/** One id of each type that has ids, and the other names that single things are found by. */
export interface Fixtures {
  readonly ids: Readonly<Record<string, string>>
  readonly names: Readonly<Record<string, string>>
}

/** Lets a customer subscribe to a product by the month. */
async function subscribed({ app, actor }: TestApp, of: { productId: string; customerId: string }) {
  const owner = await actor()
  const wanted = { kind: 'SUBSCRIPTION', frequency: { value: 1, unit: 'MONTHS' }, reference: 'ref-1', ...of }
  const { id } = await app.checkouts.create(call(owner), wanted)
  await app.checkouts.simulate(call(owner), { id: encodeId('Checkout', id), outcome: 'PAY', customer: ADA })
  return eventually(() => app.db.prisma.subscription.findFirst({ where: { checkoutId: id } }))
}

async function billed({ app }: TestApp, billingId: string): Promise<string> {
  const { id } = await app.db.prisma.payment.findFirstOrThrow({ where: { billingId } })
  return id
}

/** Lets a product be sold and paid, so that there is one of everything. */
export async function oneOfEverything(house: TestApp): Promise<Fixtures> {
  const { app } = house
  const actor = await house.actor()
  const { tenantId } = actor
  const names = { reference: 'ref-1', email: 'buyer@example.com' }
  const words = { reference: names.reference }
  const mug = { name: 'A mug', description: 'Blue', price: { amount: '9.99', currency: 'USD' } }
  const product = await app.products.create(call(actor), { ...mug, reference: names.reference })
  const productId = encodeId('Product', product.id)
  const buyer = { name: 'Bea', lastName: 'Buyer', email: names.email, reference: names.reference }
  const customer = await app.customers.create(call(actor), buyer)
  const customerId = encodeId('Customer', customer.id)
  const checkout = await app.checkouts.create(call(actor), { kind: 'PAYMENT', productId, customerId, ...words })
  const checkoutId = encodeId('Checkout', checkout.id)
  await app.checkouts.simulate(call(actor), { id: checkoutId, outcome: 'PAY', customer: ADA })
  const { prisma } = app.db
  const payment = await eventually(() =>
    prisma.payment.findFirst({ where: { checkoutId: checkout.id, status: 'COMPLETED' } }),
  )
  const subscription = await subscribed(house, { productId, customerId })
  const billing = await eventually(() =>
    prisma.billing.findFirst({ where: { subscriptionId: subscription.id, status: 'COMPLETED' } }),
  )
  const asked = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
  const refund = await app.refunds.request(call(actor), asked)
  // What a customer asks for has no reference of the merchant's.
  await app.refunds.record(call(actor), {
    ...asked,
    paymentId: encodeId('Payment', await billed(house, billing.id)),
    ...words,
  })
  const entry = await prisma.entry.findFirstOrThrow({ where: { tenantId }, include: { account: true } })
  const event = await prisma.event.findFirstOrThrow({ where: { tenantId, topicId: checkout.id } })
  const user = {
    tenantId,
    id: newId(),
    name: 'Sam',
    lastName: 'Seller',
    email: 'sam@example.com',
    role: 'USER' as const,
  }
  await prisma.user.create({ data: user })
  const owed = { owedMinor: '100', currency: 'USD' }
  await prisma.claimRequest.create({ data: { tenantId, id: newId(), userId: user.id, createdAt: new Date() } })
  const claim = await prisma.claimFunds.create({ data: { tenantId, id: newId(), userId: user.id, ...owed } })
  const currency = await app.currencies.create(call(actor), { code: 'GEMS', exponent: 3 })
  const rate = await app.currencies.setRate(call(actor), { from: 'USD', to: 'GEMS', rate: '12.5' })
  const key = await app.keys.create(call(actor), { name: 'a key', role: 'ADMIN' })
  const nowhere = { url: 'http://127.0.0.1:9', kind: 'EVENT', types: ['customer.created'] }
  const endpoint = await app.webhooks.create(call(actor), nowhere)
  await app.customers.create(call(actor), { name: 'Cy', lastName: 'Caller', email: 'cy@example.com' })
  const delivery = await prisma.webhookDelivery.findFirstOrThrow({ where: { tenantId } })
  return {
    ids: {
      Organization: encodeId('Organization', actor.organizationId),
      User: encodeId('User', user.id),
      ApiKey: encodeId('ApiKey', key.id),
      ClaimFunds: encodeId('ClaimFunds', claim.id),
      Product: productId,
      Customer: customerId,
      Checkout: checkoutId,
      Payment: encodeId('Payment', payment.id),
      Refund: encodeId('Refund', refund.id),
      Subscription: encodeId('Subscription', subscription.id),
      Billing: encodeId('Billing', billing.id),
      Account: encodeId('Account', entry.accountId),
      LedgerTransaction: encodeId('LedgerTransaction', entry.transactionId),
      Entry: encodeId('Entry', entry.id),
      Currency: encodeId('Currency', currency.id),
      Rate: encodeId('Rate', rate.id),
      Event: encodeId('Event', event.id),
      WebhookEndpoint: encodeId('WebhookEndpoint', endpoint.id),
      WebhookDelivery: encodeId('WebhookDelivery', delivery.id),
    },
    names: {
      ...names,
      providerId: payment.externalId ?? '',
      providerReference: payment.externalId ?? '',
      transactionHash: payment.transactionHash ?? '',
      externalId: entry.account.externalId ?? '',
    },
  }
}
