import { applyToCheckout } from '../../src/checkouts/apply.ts'
import type { RefundStatus, SubscriptionStatus, TransactionState } from '../../src/db/generated/enums.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { renameOrganization } from '../../src/organizations/organizations.ts'
import type { ProviderRefund, ReadSubscription } from '../../src/providers/port/facts.ts'
import { applyToRefund } from '../../src/refunds/apply.ts'
import { applyToSubscription } from '../../src/subscriptions/apply.ts'
import { transact } from '../../src/work/work.ts'
import { call, eventually } from './app.ts'
import { fillTenant } from './full-tenant.ts'
import { openReceiver } from './receiver.ts'
import { refundDesk } from './refunds.ts'
import { ITEM, type Shop } from './shop.ts'
import { GYM, MONTHLY, subscriberOf } from './subscriber.ts'
import { suspenseDesk } from './suspense.ts'
import { wireTo } from './wire.ts'

/** Lets everything happen to a shop that is ever announced, by its services and the simulator; what neither plays is told
 * as a provider's facts. */
export async function raiseEverything(shop: Shop): Promise<void> {
  await fillTenant(shop, shop.owner, 'every')
  await raiseNames(shop)
  await raiseSettings(shop)
  await raiseLedger(shop)
  await raiseCheckouts(shop)
  await raisePayments(shop)
  await raiseRefunds(shop)
  await raiseClaims(shop)
  await raiseSubscriptions(shop)
  await raiseUsage(shop)
  await raiseProvider(shop)
}

async function raiseNames({ app, owner }: Shop): Promise<void> {
  const by = () => call(owner)
  const price = { amount: '1.00', currency: 'USD' }
  const product = encodeId('Product', (await app.products.create(by(), { name: 'Pot', description: 'Red', price })).id)
  await app.products.update(by(), { id: product, name: 'Pan' })
  await app.products.remove(by(), { id: product })
  await app.products.restore(by(), { id: product })
  const person = { name: 'Cy', lastName: 'Caller', email: 'cy@example.com' }
  const customer = encodeId('Customer', (await app.customers.create(by(), person)).id)
  await app.customers.update(by(), { id: customer, name: 'Cyd' })
  await app.customers.remove(by(), { id: customer })
  await app.customers.restore(by(), { id: customer })
  const { id: other } = await app.customers.create(by(), { name: 'Augusta' })
  await app.customers.merge(by(), { fromId: customer, intoId: encodeId('Customer', other) })
  const seller = { name: 'Una', lastName: 'User', email: 'una@example.com', role: 'USER' }
  const user = encodeId('User', (await app.users.create(by(), seller)).id)
  await app.users.update(by(), { id: user, name: 'Uma' })
  await app.users.remove(by(), { id: user })
}

async function raiseSettings({ app, owner, clock }: Shop): Promise<void> {
  const by = () => call(owner)
  const key = encodeId('ApiKey', (await app.keys.create(by(), { name: 'till', role: 'ADMIN' })).id)
  await app.keys.update(by(), { id: key, name: 'desk' })
  await app.keys.remove(by(), { id: key })
  await app.removal.request(by())
  await app.removal.cancel(by())
  await renameOrganization(app.db, clock, encodeId('Organization', owner.organizationId), { name: 'Tea Ltd' })
  await app.clientAuthentication.set(by(), { url: 'https://clients.example.com' })
  await app.clientAuthentication.set(by(), {})
  await app.checkouts.setUniqueReferences(by(), { unique: true })
  await app.checkouts.setUniqueReferences(by(), { unique: false })
  const receiver = await openReceiver((_heard, outgoing) => outgoing.writeHead(410).end())
  try {
    const wanted = { url: receiver.url, kind: 'EVENT', types: ['product.created'] }
    const made = await app.webhooks.create(by(), wanted)
    const id = encodeId('WebhookEndpoint', made.id)
    await app.webhooks.update(by(), { id, types: ['product.updated', 'product.created'] })
    await app.webhooks.rotate(by(), { id })
    await app.products.create(by(), { name: 'Mug', description: 'Blue', price: ITEM.price })
    await eventually(async () => {
      await app.webhooks.deliverDue()
      await app.webhooks.idle()
      return app.db.prisma.webhookEndpoint.findFirst({ where: { id: made.id, active: false } })
    })
    await app.webhooks.remove(by(), { id })
  } finally {
    await receiver.close()
  }
}

async function raiseLedger({ app, owner, clock }: Shop): Promise<void> {
  const by = () => call(owner)
  const open = async () =>
    encodeId('Account', (await app.accounts.create(by(), { currency: 'USD', kind: 'CLIENT' })).id)
  const [accountId, destinationId] = [await open(), await open()]
  await app.accounts.update(by(), { id: accountId, name: 'Purse' })
  await app.accounts.freeze(by(), { id: accountId })
  await app.accounts.unfreeze(by(), { id: accountId })
  const usd = (amount: string) => ({ amount, currency: 'USD' })
  await app.transactions.fund(by(), { accountId, total: usd('50.00') })
  const pays = (amount: string) => ({
    accountId,
    total: usd(amount),
    charges: [{ destinationId, subtotal: usd(amount) }],
  })
  const transactionId = async (done: Promise<{ id: string }>) => encodeId('LedgerTransaction', (await done).id)
  const paid = await transactionId(app.transactions.create(by(), pays('5.00')))
  await app.returns.refund(by(), { transactionId: paid, refunds: [{ destinationId, subtotal: usd('2.00') }] })
  const hold = (more: object = {}) => transactionId(app.holds.create(by(), { ...pays('7.00'), ...more }))
  const declined = await hold()
  await app.holds.update(by(), { transactionId: declined, total: usd('6.00') })
  await app.holds.decline(by(), { transactionId: declined })
  await hold({ expiresAt: new Date(clock.now().getTime() + 60_000) })
  clock.turn({ minutes: 5 })
  await app.holds.expireDue()
  await app.currencies.create(by(), { code: 'BEANS', exponent: 2 })
  await app.currencies.setRate(by(), { from: 'USD', to: 'BEANS', rate: '12.5' })
}

async function raiseCheckouts(shop: Shop): Promise<void> {
  const { app, owner } = shop
  const wire = await wireTo(shop, owner.tenantId)
  for (const fault of ['answer lost', { status: 400 }] as const) {
    wire.fault = ({ path }) => (path.startsWith('/transaction/session-checkout/new') ? fault : undefined)
    await shop.open()
  }
  await wire.close()
  await app.checkouts.cancel(call(owner), { id: encodeId('Checkout', (await shop.open()).id) })
  const { id } = await shop.open()
  await shop.play(id, 'EXPIRE')
  await shop.pass({ hours: 25 })
  await eventually(async () => {
    await shop.poll()
    return (await shop.checkout(id)).status === 'EXPIRED'
  })
  const start = await shop.open({ kind: 'SUBSCRIPTION', item: GYM, frequency: MONTHLY })
  for (const state of ['PENDING', 'FAILED', 'CANCELLED', 'EXPIRED'] as const) await tell(shop, start.id, state)
}

/** What the provider says of where a checkout's transaction stands. */
async function tell(shop: Shop, id: string, state: TransactionState): Promise<void> {
  const { externalId } = await shop.checkout(id)
  const fact = { noun: 'CHECKOUT', proof: true, checkout: externalId ?? '', status: { state } } as const
  await change(shop, (work) => applyToCheckout(work, { id }, fact))
}

function change<Answer>({ app, owner, clock }: Shop, work: Parameters<typeof transact<Answer>>[2]): Promise<Answer> {
  return transact(app.db, { tenantId: owner.tenantId, at: clock.now() }, work)
}

async function raisePayments(shop: Shop): Promise<void> {
  const desk = suspenseDesk(shop)
  await desk.paid('OVERPAY', 'OVERPAID')
  await desk.paidLate()
  for (const states of [
    ['CREATED', 'PENDING', 'CANCELLED'],
    ['CREATED', 'EXPIRED', 'CANCELLED'],
    ['CREATED', 'FAILED'],
  ] as const) {
    const { id } = await shop.open()
    for (const state of states) await tell(shop, id, state)
  }
}

async function raiseRefunds(shop: Shop): Promise<void> {
  const { app, owner } = shop
  const desk = refundDesk(shop)
  const failing = await desk.asked()
  await desk.answerThere(failing.externalId, 'approve', { outcome: 'FAIL' })
  await desk.look()
  await desk.reaches(failing, 'FAILED')
  const wire = await wireTo(shop, owner.tenantId)
  const doubted = await desk.asked()
  wire.fault = ({ path }) => (path.includes('/approve') ? 'answer lost' : undefined)
  await app.refunds.approve(call(owner), { id: encodeId('Refund', doubted.id) })
  await wire.close()
  const payment = await desk.paid()
  for (const state of ['PENDING', 'APPROVED', 'COMPLETED', 'REFUSED'] as const) {
    await change(shop, (work) => applyToRefund(work, payment, { noun: 'REFUND', proof: true, refund: seen(state) }))
  }

  function seen(state: RefundStatus): ProviderRefund {
    const at = shop.clock.now()
    const answered = state === 'PENDING' ? {} : { respondedAt: at }
    const amount = { settledMinor: payment.settledMinor ?? 0n }
    const of = { reference: 'told', payment: payment.externalId ?? '', state, reason: 'It broke' }
    return { ...of, ...amount, ...answered, askedAt: at, ...(state === 'COMPLETED' && { completedAt: at }) }
  }
}

/** A refund lowers what a seller is owed. */
async function raiseClaims(shop: Shop): Promise<void> {
  const { app, owner, clock } = shop
  const desk = refundDesk(shop)
  const seller = await shop.seller()
  const userId = seller.userId ?? ''
  await app.db.prisma.user.updateMany({ where: { id: userId }, data: { claimedAt: clock.now() } })
  await desk.paid(seller, '30.00')
  const payment = await desk.paid(seller, '20.00')
  const trigger = () => app.claims.trigger(call(owner), { userId: encodeId('User', userId) })
  await trigger()
  const asked = { paymentId: encodeId('Payment', payment.id), reason: 'It broke' }
  const { id } = await app.refunds.request(call(owner), asked)
  await app.refunds.approve(call(owner), { id: encodeId('Refund', id) })
  await desk.reaches(await desk.refund(id), 'COMPLETED')
  await trigger()
}

/** A life through every status, as a provider tells it that has them all. */
async function raiseSubscriptions(shop: Shop): Promise<void> {
  const { app, owner } = shop
  const { id, externalId } = await shop.checkout(
    (await shop.open({ kind: 'SUBSCRIPTION', item: GYM, frequency: MONTHLY })).id,
  )
  const told = (status: SubscriptionStatus): ReadSubscription => ({
    ...{ noun: 'SUBSCRIPTION', proof: true, subscription: externalId ?? '', periods: 'CALENDAR', bills: [] },
    state: { status, updatedAt: shop.clock.now(), nextBillingAt: shop.clock.now() },
    message: `It is ${status}`,
  })
  const status = { state: 'COMPLETED' } as const
  const began = {
    noun: 'CHECKOUT',
    proof: true,
    checkout: externalId ?? '',
    status,
    began: told('INCOMPLETE'),
  } as const
  await change(shop, (work) => applyToCheckout(work, { id }, began))
  const where = { tenantId_checkoutId: { tenantId: owner.tenantId, checkoutId: id } }
  for (const next of LIFE) {
    const subscription = await app.db.prisma.subscription.findUniqueOrThrow({ where })
    await change(shop, (work) => applyToSubscription(work, subscription, told(next)))
  }
}

const LIFE = [
  ...['TRIAL', 'TRIAL_EXPIRED', 'ACTIVE', 'LOW_ON_FUNDS', 'PENDING', 'ACTIVE', 'PAST_DUE', 'UNPAID'],
  ...['ACTIVE', 'COMPLETED', 'TRIAL'],
] as readonly SubscriptionStatus[]

async function raiseUsage(shop: Shop): Promise<void> {
  const { app, owner } = shop
  const meter = subscriberOf(shop)
  const wire = await wireTo(shop, owner.tenantId)
  const { id } = await meter.subscribe({ kind: 'PAY_AS_YOU_GO' })
  const report = () => app.subscriptions.reportUsage(call(owner), { id: encodeId('Subscription', id), units: '2' })
  const onUsage = (path: string) => path.startsWith('/transaction/subscription/payg/increase-units')
  wire.fault = ({ path }) => (onUsage(path) ? { status: 400 } : undefined)
  await report()
  wire.fault = ({ path }) => (onUsage(path) ? 'lost on the way' : undefined)
  await report()
  wire.fault = undefined
  await shop.pass({ hours: 31 * 24 })
  await eventually(async () => {
    shop.clock.turn({ minutes: 2 })
    await app.subscriptions.reportDue()
    return (await shop.announced(id)).includes('subscription.usage_unknown')
  })
  await wire.close()
}

async function raiseProvider({ app, owner }: Shop): Promise<void> {
  await app.connections.connect(call(owner), { provider: 'QBITFLOW', credentials: {} })
  await app.testClock.advance(call(owner), { by: { value: 1, unit: 'SECONDS' } })
  await app.sandbox.reset(call(owner), { provider: 'QBITFLOW' })
}
