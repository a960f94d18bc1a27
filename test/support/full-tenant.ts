import type { App } from '../../src/app.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually } from './app.ts'
import { busyBooks } from './busy-books.ts'
import type { Shop } from './shop.ts'
import { GYM, MONTHLY } from './subscriber.ts'

/**
 * Fills every table of a tenant, by the services where they have a verb for it, with a word of the test's own wherever
 * people may write what they like.
 */
export async function fillTenant(shop: Shop, actor: Actor, word: string): Promise<void> {
  const { app } = shop
  const asked = { ...actor, requestId: `request-${word}` }
  let calls = 0
  const next = () => call(asked, `${word}-${calls++}`)
  const person = {
    name: `${word} Ada`,
    lastName: `${word} Byron`,
    email: `${word}@example.com`.toLowerCase(),
    phone: '+12025550100',
    taxId: `${word} tax`,
    address: { line1: `${word} Street`, city: `${word}ville` },
  }
  const metadata = { note: `${word} note` }

  const sellerId = await addSeller(app, actor, word)
  await busyBooks(app, { ...asked })
  await fillLedger(app, next, word)
  const price = { amount: '9.99', currency: 'USD' }
  const product = await app.products.create(next(), {
    name: `${word} mug`,
    description: `${word} holds tea`,
    price,
    reference: `${word}-mug`,
    metadata,
  })
  const customer = await app.customers.create(next(), { ...person, reference: `${word}-ada`, metadata })
  await app.keys.create(next(), { name: `${word} key`, role: 'ADMIN' })

  const urls = ['successUrl', 'cancelUrl', 'webhookUrl'].map((name) => [name, `https://${word}.example/${name}`])
  const paid = await app.checkouts.create(next(), {
    kind: 'PAYMENT',
    productId: encodeId('Product', product.id),
    customerId: encodeId('Customer', customer.id),
    ...Object.fromEntries(urls),
  })
  const seller = { ...asked, role: 'USER' as const, userId: sellerId }
  const item = { name: `${word} pot`, description: `${word} keeps warm`, price }
  const sold = await app.checkouts.create(call(seller, `${word}-sold`), { kind: 'PAYMENT', item })
  const left = await app.checkouts.create(next(), { kind: 'PAYMENT', items: [item, item] })
  await app.checkouts.cancel(next(), { id: encodeId('Checkout', left.id) })
  await app.checkouts.retry(next(), { id: encodeId('Checkout', left.id) })
  for (const { id } of [paid, sold]) await pay(shop, asked, id, word)
  await fillSuspense(shop, next, item, word)
  await fillSubscriptions(shop, asked, word)
  await fillRefunds(shop, asked, paid.id, word)
  await fillClaims(app, next, sellerId)
  await fillByHand(app, actor, word)
  await app.ledger.sealAll(actor.tenantId)
}

async function play(shop: Shop, actor: Actor, checkoutId: string, word: string, outcome = 'PAY'): Promise<void> {
  const id = encodeId('Checkout', checkoutId)
  const customer = { name: `${word} Ada`, lastName: `${word} Byron`, email: `${word}@pays.example`.toLowerCase() }
  await shop.app.checkouts.simulate(call(actor), { id, outcome, customer })
  await shop.pass({ seconds: 5 })
  await shop.poll()
}

async function pay(shop: Shop, actor: Actor, checkoutId: string, word: string): Promise<void> {
  const { tenantId } = actor
  await play(shop, actor, checkoutId, word)
  const where = { tenantId, checkoutId, status: 'COMPLETED' as const }
  const { payment } = shop.app.db.prisma
  await eventually(() => payment.findFirst({ where }))
}

/** Too little money, which is accepted. */
async function fillSuspense(
  shop: Shop,
  next: () => ReturnType<typeof call>,
  item: object,
  word: string,
): Promise<void> {
  const { app } = shop
  const { actor } = next()
  const { id: checkoutId } = await app.checkouts.create(next(), { kind: 'PAYMENT', item })
  await play(shop, actor, checkoutId, word, 'UNDERPAY')
  const where = { tenantId: actor.tenantId, checkoutId, status: 'UNDERPAID' as const }
  const payment = await eventually(() => app.db.prisma.payment.findFirst({ where }))
  await app.checkouts.acceptPayment(next(), { paymentId: encodeId('Payment', payment.id) })
}

/** A subscription with a bill that is paid, and one that bills what was used. Both end, so that nothing comes after. */
async function fillSubscriptions(shop: Shop, actor: Actor, word: string): Promise<void> {
  const { app } = shop
  const { tenantId } = actor
  const item = { ...GYM, name: `${word} gym`, description: `${word} sports` }
  const subscribe = async (input: object) => {
    const { id } = await app.checkouts.create(call(actor), { item, frequency: MONTHLY, ...input })
    await play(shop, actor, id, word)
    return eventually(async () => {
      await settle(shop)
      return app.db.prisma.subscription.findFirst({ where: { tenantId, checkoutId: id, externalId: { not: null } } })
    })
  }
  const { id: subscriptionId } = await subscribe({ kind: 'SUBSCRIPTION' })
  await eventually(async () => {
    await settle(shop)
    return app.db.prisma.payment.findFirst({ where: { tenantId, subscriptionId, status: 'COMPLETED' } })
  })
  const metered = await subscribe({ kind: 'PAY_AS_YOU_GO' })
  await app.subscriptions.reportUsage(call(actor), { id: encodeId('Subscription', metered.id), units: '2.5' })
  await app.db.prisma.usageReport.updateMany({ where: { tenantId }, data: { reason: `${word} was used` } })
  for (const id of [subscriptionId, metered.id]) {
    await app.subscriptions.forceCancel(call(actor), { id: encodeId('Subscription', id) })
  }
  await eventually(async () => {
    await settle(shop)
    return (await app.db.prisma.subscription.count({ where: { tenantId, status: { not: 'CANCELLED' } } })) === 0
  })
}

async function settle({ app, clock }: Shop): Promise<void> {
  clock.turn({ seconds: 10 })
  await app.sandbox.runDue()
  await app.inbox.applyDue()
  await app.reconciliation.resolveDue()
  await app.subscriptions.resolveDue()
}

/** One refund that was refused, and one whose money went back. */
async function fillRefunds(shop: Shop, actor: Actor, checkoutId: string, word: string): Promise<void> {
  const { app } = shop
  const { tenantId } = actor
  const payment = await app.db.prisma.payment.findFirstOrThrow({ where: { tenantId, checkoutId } })
  const ask = async (reason: string) => {
    const { id } = await app.refunds.request(call(actor), { paymentId: encodeId('Payment', payment.id), reason })
    return encodeId('Refund', id)
  }
  await app.refunds.refuse(call(actor), { id: await ask(`${word} broke`), message: `${word} was used too long` })
  await app.refunds.approve(call(actor), { id: await ask(`${word} is late`) })
  await eventually(async () => {
    await shop.pass({ seconds: 15 })
    await app.refunds.resolveDue()
    return app.db.prisma.refund.findFirst({ where: { tenantId, status: 'COMPLETED' } })
  })
}

/** The seller claims the account: what they earned is owed to them, and paid. */
async function fillClaims(app: App, next: () => ReturnType<typeof call>, sellerId: string): Promise<void> {
  const { actor } = next()
  const { tenantId } = actor
  const userId = encodeId('User', sellerId)
  await app.claims.request(next(), { userId })
  const { link = '' } = (await app.claims.find(actor, userId)) ?? {}
  const payoutAddress = '0x52908400098527886E0F7030069857D2E4169EE7'
  await app.claims.claim(link.slice(link.lastIndexOf('/') + 1), { payoutAddress })
  await app.claims.trigger(next(), { userId })
  const { id } = await app.db.prisma.claimFunds.findFirstOrThrow({ where: { tenantId, userId: sellerId } })
  await app.claims.settle(next(), { id: encodeId('ClaimFunds', id) })
}

async function addSeller(app: App, { tenantId }: Actor, word: string): Promise<string> {
  const id = newId()
  const data = { tenantId, id, name: `${word} Sam`, lastName: `${word} Seller`, email: `${word}@shop.example` }
  await app.db.prisma.user.create({ data: { ...data, role: 'USER', organizationFeeBps: 250 } })
  return id
}

async function fillLedger(app: App, next: () => ReturnType<typeof call>, word: string): Promise<void> {
  const metadata = { buyer: `${word} buyer`, level: 3 }
  const id = async (done: Promise<Done>) => (await done).id
  const open = (name: string) =>
    id(
      app.accounts.create(next(), {
        currency: 'USD',
        kind: 'CLIENT',
        name: `${word} ${name}`,
        externalId: `${word}-${name}`,
        metadata,
      }),
    )
  const [from, to] = [await open('purse'), await open('till')]
  const accountId = encodeId('Account', from)
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  const pays = (amount: string) => ({
    accountId,
    total: usd(amount),
    metadata,
    charges: [{ destinationId: encodeId('Account', to), subtotal: usd(amount), metadata: { for: `${word} tea` } }],
  })
  await app.transactions.fund(next(), { accountId, total: usd('50.00'), metadata })
  await app.transactions.create(next(), pays('5.00'))
  const wrong = await id(app.transactions.create(next(), pays('6.00')))
  await app.returns.rollback(next(), { transactionId: encodeId('LedgerTransaction', wrong), metadata })
  const hold = await id(app.holds.create(next(), pays('7.00')))
  await app.holds.complete(next(), { transactionId: encodeId('LedgerTransaction', hold) })
  await app.holds.create(next(), pays('8.00'))
  await app.currencies.create(next(), { code: 'COIN9', exponent: 2, name: `${word} coin` })
}

/** What only other nodes, other people's servers or the machine itself write. */
async function fillByHand({ db: { prisma } }: App, { tenantId, organizationId }: Actor, word: string): Promise<void> {
  await prisma.organization.update({ where: { id: organizationId }, data: { name: `${word} Ltd` } })
  await prisma.tenant.update({ where: { id: tenantId }, data: { clientAuthUrl: `https://${word}.example/auth` } })
  const key = await prisma.apiKey.findFirstOrThrow({ where: { tenantId } })
  await prisma.rateWindow.create({ data: { tenantId, id: key.id, startedAt: new Date(), used: 3 } })
  const event = await prisma.event.findFirstOrThrow({ where: { tenantId, type: 'payment.completed' } })
  const [endpointId, deliveryId] = [newId(), newId()]
  const url = `https://${word}.example/hook`
  const secret = Buffer.from(`${word} secret`)
  await prisma.webhookEndpoint.create({
    data: { tenantId, id: endpointId, url, kind: 'EVENT', secret, previousSecret: secret, disabledReason: word },
  })
  const { id: eventId, entityId, cursor } = event
  const delivery = { tenantId, id: deliveryId, endpointId, eventId, entityId, cursor }
  await prisma.webhookDelivery.create({ data: { ...delivery, status: 'FAILED', tries: 1 } })
  const attempt = { tenantId, id: newId(), deliveryId, at: new Date(), durationMs: 12 }
  await prisma.webhookAttempt.create({ data: { ...attempt, status: 500, error: word, answer: `${word} is down` } })
}
