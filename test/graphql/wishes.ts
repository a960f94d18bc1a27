import type { App } from '../../src/app.ts'
import { decodeId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { ADA, ITEM } from '../support/shop.ts'
import type { Door } from './door.ts'
import { ledgerApi, usd } from './ledger-api.ts'
import { SHOP_WISHES, shopOf } from './shop-wishes.ts'

/** A valid request for every mutation of the schema. */

/** A mutation to be asked for, and something else that might be asked for under the same key. */
export interface Wish {
  readonly input: object
  /** Left out where a mutation takes nothing but its key. */
  readonly other?: object
  readonly by?: 'live'
  /** Counts what it brings about, where that is no event. */
  readonly effects?: string
  /** Waits for what follows by itself. */
  readonly settles?: (id: string) => Promise<unknown>
}

const names = (function* () {
  for (let number = 1; ; number++) yield `Thing ${number}`
})()
export const name = () => names.next().value
const ENDPOINT = { url: 'https://hooks.example.com/in', kind: 'EVENT' }

type Maker = ReturnType<typeof makerOf>

/** Makes what mutations are about. */
export function makerOf(app: App, ask: ReturnType<Door['asking']>) {
  const ledger = ledgerApi(ask)
  const make = async (mutation: string, object: string, input: object): Promise<string> =>
    (await ledger.done(ledger.change(mutation, object, input))).id
  const transfer = async () => {
    const [accountId, destinationId] = [await ledger.account({}, '10'), await ledger.account()]
    return { accountId, total: usd('2'), charges: [{ destinationId, subtotal: usd('2') }] }
  }
  return {
    app,
    ledger,
    make,
    transfer,
    shop: shopOf(app, make, ledger),
    product: () => make('createProduct', 'product', { name: name(), description: 'Blue', price: usd('5') }),
    customer: () => make('createCustomer', 'customer', { name: name() }),
    checkout: () => make('createCheckout', 'checkout', { kind: 'PAYMENT', item: ITEM }),
    endpoint: () => make('createWebhookEndpoint', 'webhookEndpoint', ENDPOINT),
    apiKey: () => make('createApiKey', 'apiKey', { name: name(), role: 'ADMIN' }),
    paid: async () => make('createTransaction', 'transaction', await transfer()),
    hold: async () => make('createHold', 'transaction', await transfer()),
    removalDue: (due: string) => app.db.pool.query(`UPDATE tenant SET removal_due_at = ${due} WHERE mode = 'LIVE'`),
  }
}

export const WISHES: Readonly<Record<string, (m: Maker) => Wish | Promise<Wish>>> = {
  createProduct: () => {
    const input = { name: name(), description: 'Blue', price: usd('5') }
    return { input, other: { ...input, price: usd('6') } }
  },
  updateProduct: async (m) => {
    const id = await m.product()
    return { input: { id, name: name() }, other: { id, name: name() } }
  },
  deleteProduct: async (m) => ({ input: { id: await m.product() }, other: { id: await m.product() } }),
  restoreProduct: async (m) => {
    const archived = async () => m.make('deleteProduct', 'product', { id: await m.product() })
    return { input: { id: await archived() }, other: { id: await archived() } }
  },
  createCustomer: () => ({ input: { name: name() }, other: { name: name() } }),
  updateCustomer: async (m) => {
    const id = await m.customer()
    return { input: { id, name: name() }, other: { id, name: name() } }
  },
  deleteCustomer: async (m) => ({ input: { id: await m.customer() }, other: { id: await m.customer() } }),
  restoreCustomer: async (m) => {
    const archived = async () => m.make('deleteCustomer', 'customer', { id: await m.customer() })
    return { input: { id: await archived() }, other: { id: await archived() } }
  },
  mergeCustomers: async (m) => {
    const input = { fromId: await m.customer(), intoId: await m.customer() }
    return { input, other: { ...input, fromId: await m.customer() } }
  },
  createCheckout: () => ({
    input: { kind: 'PAYMENT', item: ITEM },
    other: { kind: 'PAYMENT', item: { ...ITEM, name: name() } },
  }),
  cancelCheckout: async (m) => ({ input: { id: await m.checkout() }, other: { id: await m.checkout() } }),
  retryCheckout: async (m) => {
    const cancelled = async () => m.make('cancelCheckout', 'checkout', { id: await m.checkout() })
    return { input: { id: await cancelled() }, other: { id: await cancelled() } }
  },
  simulateCheckout: async (m) => {
    const input = { checkoutId: await m.checkout(), outcome: 'PAY', customer: ADA }
    const settles = (id: string) =>
      eventually(() =>
        m.app.db.prisma.payment.findFirst({ where: { checkoutId: decodeId(id)?.uuid ?? '', status: 'COMPLETED' } }),
      )
    return { input, other: { ...input, outcome: 'FAIL' }, settles }
  },
  createApiKey: () => ({ input: { name: name(), role: 'ADMIN' }, other: { name: name(), role: 'ADMIN' } }),
  updateApiKey: async (m) => {
    const id = await m.apiKey()
    return { input: { id, name: name() }, other: { id, name: name() } }
  },
  deleteApiKey: async (m) => ({ input: { id: await m.apiKey() }, other: { id: await m.apiKey() } }),
  createAccount: () => ({
    input: { kind: 'CLIENT', currency: 'USD' },
    other: { kind: 'CLIENT', currency: 'EUR' },
  }),
  updateAccount: async (m) => {
    const id = await m.ledger.account()
    return { input: { id, name: name() }, other: { id, name: name() } }
  },
  freezeAccount: async (m) => ({ input: { id: await m.ledger.account() }, other: { id: await m.ledger.account() } }),
  unfreezeAccount: async (m) => ({ input: { id: await m.ledger.account() }, other: { id: await m.ledger.account() } }),
  createCurrency: () => ({ input: { code: 'GEMS', exponent: 3 }, other: { code: 'COINS', exponent: 3 } }),
  setRate: () => {
    const input = { from: 'USD', to: 'EUR', rate: '0.9' }
    return { input, other: { ...input, rate: '0.8' } }
  },
  fundAccount: async (m) => {
    const input = { accountId: await m.ledger.account(), total: usd('3') }
    return { input, other: { ...input, total: usd('4') } }
  },
  createTransaction: async (m) => ({ input: await m.transfer(), other: await m.transfer() }),
  createHold: async (m) => ({ input: await m.transfer(), other: await m.transfer() }),
  updateHold: async (m) => {
    const transactionId = await m.hold()
    return { input: { transactionId, total: usd('1') }, other: { transactionId, total: usd('1.5') } }
  },
  completeHold: async (m) => ({ input: { transactionId: await m.hold() }, other: { transactionId: await m.hold() } }),
  declineHold: async (m) => ({ input: { transactionId: await m.hold() }, other: { transactionId: await m.hold() } }),
  rollbackTransaction: async (m) => ({
    input: { transactionId: await m.paid() },
    other: { transactionId: await m.paid() },
  }),
  refundTransaction: async (m) => {
    const { charges, ...rest } = await m.transfer()
    const transactionId = await m.make('createTransaction', 'transaction', { ...rest, charges })
    const refunds = charges.map(({ destinationId }) => ({ destinationId, subtotal: usd('0.5') }))
    const other = charges.map(({ destinationId }) => ({ destinationId, subtotal: usd('0.6') }))
    return { input: { transactionId, refunds }, other: { transactionId, refunds: other } }
  },
  setUniqueReferences: () => ({ input: { unique: true }, other: { unique: false } }),
  createWebhookEndpoint: () => ({ input: ENDPOINT, other: { ...ENDPOINT, types: ['checkout.created'] } }),
  updateWebhookEndpoint: async (m) => {
    const id = await m.endpoint()
    return { input: { id, active: false }, other: { id, active: true } }
  },
  deleteWebhookEndpoint: async (m) => ({ input: { id: await m.endpoint() }, other: { id: await m.endpoint() } }),
  rotateWebhookSecret: async (m) => ({ input: { id: await m.endpoint() }, other: { id: await m.endpoint() } }),
  redeliverWebhook: async (m) => {
    const [endpointId, other] = [await m.endpoint(), await m.endpoint()]
    return {
      input: { endpointId },
      other: { endpointId: other },
      effects: 'SELECT count(*) AS n FROM webhook_delivery',
    }
  },
  requestDataRemoval: async (m) => {
    await m.removalDue('NULL')
    return { input: {}, by: 'live' }
  },
  cancelDataRemoval: async (m) => {
    await m.removalDue(`now() + interval '30 days'`)
    return { input: {}, by: 'live' }
  },
  setClientAuthentication: () => ({
    input: { url: 'https://clients.example.com' },
    other: { url: 'https://others.example.com' },
    by: 'live',
  }),
  ...SHOP_WISHES,
}
