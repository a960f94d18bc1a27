import type { App } from '../../src/app.ts'
import type { Actor, Done } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually } from './app.ts'
import { busyBooks } from './busy-books.ts'
import type { Shop } from './shop.ts'

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
    phone: `+1 ${word}`,
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
  await app.checkouts.create(next(), { kind: 'PAYMENT', item })
  for (const { id } of [paid, sold]) await pay(shop, asked, id, word)
  await fillByHand(app, actor, word)
  await app.ledger.sealAll(actor.tenantId)
}

async function pay(shop: Shop, actor: Actor, checkoutId: string, word: string): Promise<void> {
  const { tenantId } = actor
  const id = encodeId('Checkout', checkoutId)
  const customer = { name: `${word} Ada`, lastName: `${word} Byron`, email: `${word}@pays.example`.toLowerCase() }
  await shop.app.checkouts.simulate(call(actor), { id, outcome: 'PAY', customer })
  await shop.pass({ seconds: 5 })
  await shop.poll()
  const where = { tenantId, checkoutId, status: 'COMPLETED' as const }
  const { payment } = shop.app.db.prisma
  await eventually(() => payment.findFirst({ where }))
  await payment.updateMany({ where, data: { reference: `${word}-${checkoutId}` } })
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
