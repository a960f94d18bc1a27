import type { App } from '../../src/app.ts'
import { decodeId, encodeId, newId } from '../../src/kernel/id.ts'
import { eventually, qbitflowOf } from '../support/app.ts'
import { ADA, ITEM } from '../support/shop.ts'
import { GYM, MONTHLY } from '../support/subscriber.ts'
import type { ledgerApi } from './ledger-api.ts'
import type { Wish } from './wishes.ts'

/** Wishes about what customers and sellers have with a shop: subscriptions, refunds, claims, and its provider. */

type Make = (mutation: string, object: string, input: object) => Promise<string>
type ShopMaker = ReturnType<typeof shopOf>

const uuidOf = (id: string) => decodeId(id)?.uuid ?? ''
const counting = (from: string, id: string) => `SELECT count(*) AS n FROM ${from} = '${uuidOf(id)}'`
const announced = (type: string) => `SELECT count(*) AS n FROM event WHERE type = '${type}'`

/** Made when it is first asked for. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= work()
    return made
  }
}

export function shopOf(app: App, make: Make, ledger: ReturnType<typeof ledgerApi>) {
  const { prisma } = app.db
  let sellers = 0

  async function play(input: object, outcome = 'PAY'): Promise<string> {
    const checkoutId = await make('createCheckout', 'checkout', input)
    await make('simulateCheckout', 'checkout', { checkoutId, outcome, customer: ADA })
    return uuidOf(checkoutId)
  }

  async function payment(wanted: object = { item: ITEM }): Promise<string> {
    const checkoutId = await play({ kind: 'PAYMENT', ...wanted })
    const found = await eventually(() => prisma.payment.findFirst({ where: { checkoutId, status: 'COMPLETED' } }))
    return encodeId('Payment', found.id)
  }

  /** A payment of which some waits on the suspense account. */
  async function overpayment(): Promise<string> {
    const checkoutId = await play({ kind: 'PAYMENT', item: ITEM }, 'OVERPAY')
    const where = { checkoutId, suspenseMinor: { gt: 0 } }
    const found = await eventually(() => prisma.payment.findFirst({ where }))
    return encodeId('Payment', found.id)
  }

  async function subscription(kind: string): Promise<string> {
    const checkoutId = await play({ kind, item: GYM, frequency: MONTHLY })
    const bills = kind === 'SUBSCRIPTION' ? { completedCycles: 1 } : {}
    const where = { checkoutId, status: 'ACTIVE' as const, managementUrl: { not: null }, ...bills }
    const found = await eventually(() => prisma.subscription.findFirst({ where }))
    return encodeId('Subscription', found.id)
  }

  const payments = once(() => Promise.all([payment(), payment()]))

  /** A refund of each of the payments, which waits for its answer; one may be there already. */
  const refunds = once(async () => {
    const [one, two] = await payments()
    const known = await prisma.refund.findFirst({ where: { paymentId: uuidOf(one) } })
    const ask = (paymentId: string) => make('simulateRefundRequest', 'refund', { paymentId, reason: 'It broke' })
    return [known ? encodeId('Refund', known.id) : await ask(one), await ask(two)] as const
  })

  /** Lets bills be taken before they are due, at the simulator of the test tenant. */
  async function allowEarlyBilling(): Promise<void> {
    const { id } = await prisma.tenant.findFirstOrThrow({ where: { mode: 'TEST' } })
    const { apiKey } = await qbitflowOf(app).provision(id)
    const url = 'http://tollgate.test/sandbox/qbitflow/_sandbox/organization'
    const init = { method: 'PUT', headers: { 'x-api-key': apiKey }, body: '{"earlyTestBilling":true}' }
    await qbitflowOf(app).fetch(new Request(url, init))
  }

  const shop = {
    make,
    allowEarlyBilling,
    app,
    subscriptions: once(() => Promise.all([subscription('SUBSCRIPTION'), subscription('SUBSCRIPTION')])),
    metered: once(() => subscription('PAY_AS_YOU_GO')),

    payment: () => payment(),
    /** Of a provider that issues refunds. */
    yenPayment: () => payment({ provider: 'MADE_UP', item: { ...ITEM, price: { amount: '1000', currency: 'JPY' } } }),
    overpayment,
    payments,
    refunds,

    user: () => {
      sellers += 1
      const email = `wish${sellers}@shop.example`
      return make('createUser', 'user', { name: 'Sam', lastName: 'Seller', email, role: 'USER' })
    },

    /** A seller who has claimed the account, on which there is money. */
    async seller(): Promise<string> {
      const userId = await shop.user()
      const user = await prisma.user.findFirstOrThrow({ where: { id: uuidOf(userId) } })
      const { tenantId, id } = user
      await prisma.user.updateMany({ where: { tenantId, id }, data: { claimedAt: app.clock.now() } })
      const account = { tenantId, id: newId(), kind: 'CLIENT' as const, currency: 'USD' }
      await prisma.account.create({ data: { ...account, externalId: `seller:${id}:USD` } })
      await ledger.fund(encodeId('Account', account.id), '10')
      return userId
    },

    async claim(): Promise<string> {
      const userId = await shop.seller()
      await make('triggerTestClaimFunds', 'user', { userId })
      const claim = await prisma.claimFunds.findFirstOrThrow({ where: { userId: uuidOf(userId) } })
      return encodeId('ClaimFunds', claim.id)
    },

    fault: () => make('injectFault', 'fault', FAULT),
  }
  return shop
}

const FAULT = { provider: 'QBITFLOW', kind: 'DELAY', operation: 'GET /nowhere' }
const FAULTS = `FROM sandbox_document WHERE kind = 'fault'`

const USER = { name: 'Ada', lastName: 'Admin', email: 'ada.admin@shop.example', role: 'ADMIN' }

export const SHOP_WISHES: Readonly<Record<string, (m: { shop: ShopMaker }) => Wish | Promise<Wish>>> = {
  createUser: () => ({ input: USER, other: { ...USER, email: 'eve.admin@shop.example' } }),
  updateUser: async ({ shop }) => {
    const id = await shop.user()
    return { input: { id, name: 'Samuel' }, other: { id, name: 'Samantha' } }
  },
  deleteUser: async ({ shop }) => ({ input: { id: await shop.user() }, other: { id: await shop.user() } }),
  createClaimRequest: async ({ shop }) => ({
    input: { userId: await shop.user() },
    other: { userId: await shop.user() },
  }),
  triggerTestClaimFunds: async ({ shop }) => ({
    input: { userId: await shop.seller() },
    other: { userId: await shop.seller() },
  }),
  settleClaimFunds: async ({ shop }) => ({ input: { id: await shop.claim() }, other: { id: await shop.claim() } }),
  cancelSubscription: async ({ shop }) => {
    const [subscriptionId, other] = await shop.subscriptions()
    // At the simulator only the customer can: nothing comes of it but the page that is named.
    const effects = `SELECT count(*) AS n FROM idempotency_record WHERE operation = 'cancelSubscription'`
    return { input: { subscriptionId }, other: { subscriptionId: other }, effects }
  },
  executeTestBilling: async ({ shop }) => {
    await shop.allowEarlyBilling()
    const [subscriptionId, other] = await shop.subscriptions()
    const where = { subscriptionId: uuidOf(subscriptionId), sequence: 2, status: 'COMPLETED' as const }
    return {
      input: { subscriptionId },
      other: { subscriptionId: other },
      effects: counting('billing WHERE subscription_id', subscriptionId),
      settles: () => eventually(() => shop.app.db.prisma.billing.findFirst({ where })),
    }
  },
  simulateSubscription: async ({ shop }) => {
    const [subscriptionId] = await shop.subscriptions()
    const drained = (amount: string) => ({ subscriptionId, action: 'DRAIN', amount: { amount, currency: 'USD' } })
    return {
      input: drained('1.00'),
      other: drained('2.00'),
      effects: `SELECT -((s.body ->> 'allowance')::numeric * 100)::bigint AS n FROM sandbox_document s
        JOIN subscription ours ON ours.external_id = s.id WHERE s.kind = 'subscription' AND ours.id = '${uuidOf(subscriptionId)}'`,
      // Were it done again, this would be undone.
      settles: () => shop.make('simulateSubscription', 'subscription', drained('3.00')),
    }
  },
  forceCancelSubscription: async ({ shop }) => {
    const [subscriptionId, other] = await shop.subscriptions()
    const effects = counting(`event WHERE type = 'subscription.cancel_requested' AND entity_id`, subscriptionId)
    return { input: { subscriptionId }, other: { subscriptionId: other }, effects }
  },
  reportUsage: async ({ shop }) => {
    const subscriptionId = await shop.metered()
    return {
      input: { subscriptionId, units: '1.5' },
      other: { subscriptionId, units: '2.5' },
      effects: counting('usage_report WHERE subscription_id', subscriptionId),
    }
  },
  simulateRefundRequest: async ({ shop }) => {
    const [paymentId] = await shop.payments()
    const input = { paymentId, reason: 'It broke' }
    return {
      input,
      other: { ...input, reason: 'It is late' },
      effects: counting('refund WHERE payment_id', paymentId),
    }
  },
  approveRefund: async ({ shop }) => {
    const [id, other] = await shop.refunds()
    return { input: { id }, other: { id: other }, effects: answered(id) }
  },
  refuseRefund: async ({ shop }) => {
    const [, id] = await shop.refunds()
    const input = { id, message: 'It was used too long' }
    return { input, other: { ...input, message: 'It is not broken' }, effects: answered(id) }
  },
  createRefund: async ({ shop }) => {
    const input = { paymentId: await shop.yenPayment(), amount: { amount: '400', currency: 'JPY' }, reason: 'It broke' }
    return {
      input,
      other: { ...input, reason: 'It is late' },
      effects: counting('refund WHERE payment_id', input.paymentId),
    }
  },
  recordRefund: async ({ shop }) => {
    const input = { paymentId: await shop.payment(), amount: { amount: '0.50', currency: 'USD' }, reason: 'It broke' }
    return {
      input,
      other: { ...input, reason: 'It is late' },
      effects: counting('refund WHERE payment_id', input.paymentId),
    }
  },
  acceptPayment: async ({ shop }) => ({
    input: { paymentId: await shop.overpayment() },
    other: { paymentId: await shop.overpayment() },
    effects: announced('payment.accepted'),
  }),
  advanceTestClock: () => ({
    input: { by: { value: 1, unit: 'SECONDS' } },
    other: { by: { value: 2, unit: 'SECONDS' } },
    effects: announced('test_clock.advanced'),
  }),
  injectFault: () => ({ input: FAULT, other: { ...FAULT, delayMs: 2 }, effects: `SELECT count(*) AS n ${FAULTS}` }),
  clearFaults: async ({ shop }) => {
    for (let armed = 0; armed < 2; armed++) await shop.fault()
    return {
      input: { provider: 'QBITFLOW' },
      other: { provider: 'QBITPAY' },
      effects: `SELECT -count(*) AS n ${FAULTS}`,
      // Were it done again, this one would be disarmed too.
      settles: () => shop.fault(),
    }
  },
  connectProvider: () => {
    const own = { credentials: { apiKey: 'sk_1_test_x', webhookSecret: 'whsec_x' }, baseUrl: 'http://127.0.0.1:9/v1' }
    return {
      input: { provider: 'QBITFLOW', credentials: {} },
      other: { provider: 'QBITFLOW', ...own },
      effects: announced('provider.connected'),
    }
  },
  resetSandbox: () => ({
    input: { provider: 'QBITFLOW' },
    other: { provider: 'QBITPAY' },
    effects: announced('sandbox.reset'),
  }),
}

/** How often a refund was answered. */
function answered(id: string): string {
  return counting(`event WHERE payload #>> '{object,status}' = 'PROCESSING' AND entity_id`, id)
}
