import type { CheckoutKind } from '../../db/generated/enums.ts'
import type { Duration } from '../../kernel/duration.ts'
import type { Checkouts, WantedCheckout } from '../port/checkouts.ts'
import type { Status } from '../port/status.ts'
import type { RecurringTerms } from '../port/subscriptions.ts'
import { type Client, orUndefinedWhenMissing } from './client.ts'
import { NEW_SESSION, RECEIVED, rejectAsked, rejectListed } from './routes.ts'
import { watchStatus } from './watch.ts'
import * as wire from './wire.ts'

export function checkoutsOf(client: Client) {
  return {
    kinds: ['PAYMENT', 'SUBSCRIPTION', 'PAY_AS_YOU_GO'],
    currencies: ['USD'],
    periodDays: { least: 7, most: 365 },
    leastTextLength: 2,
    highestPrice: 1_000_000_000n,
    triesAgain: true,
    async open(wanted) {
      const { kind, body } = sessionOf(wanted)
      const [method, path] = NEW_SESSION[kind]
      const session = await client
        .call(wire.SessionCreated, method, path, body)
        .catch((error) => rejectAsked(client, CAPABILITY[kind], NEW_SESSION[kind], error))
      return {
        reference: wire.bare(session.uuid),
        url: session.link,
        ...(session.expiresAt !== undefined && { expiresAt: new Date(session.expiresAt * 1000) }),
      }
    },
  } satisfies Checkouts
}

export function statusOf({ call, connection, apiKey }: Client) {
  return {
    async lookup(checkout, kind) {
      const path = `/transaction/status?${statusQuery(checkout, kind)}`
      return call(wire.Status, 'GET', path).catch(orUndefinedWhenMissing)
    },
    async payment(checkout) {
      const payment = await call(wire.Payment, 'GET', `/transaction/payment/pay@${checkout}`).catch(
        orUndefinedWhenMissing,
      )
      if (!payment) return undefined
      const customer = await call(wire.Customer, 'GET', `/transaction/customer/pay@${checkout}`).catch(
        orUndefinedWhenMissing,
      )
      return wire.paymentFrom(payment, customer)
    },
    async customer(checkout, kind) {
      const id = `${prefixOf(kind)}@${checkout}`
      const customer = await call(wire.Customer, 'GET', `/transaction/customer/${id}`).catch(orUndefinedWhenMissing)
      if (customer) return wire.customerFrom(customer)
      // Of a transaction that did not complete, only its session may name the customer.
      const path = `/transaction/session-checkout/${id}?closeToExpireError=false`
      const session = await call(wire.Session, 'GET', path).catch(orUndefinedWhenMissing)
      if (!session?.customerUUID || wire.NOBODY.test(session.customerUUID)) return undefined
      const known = await call(wire.Customer, 'GET', `/customer/uuid/${session.customerUUID}`).catch(
        orUndefinedWhenMissing,
      )
      return known && wire.customerFrom(known)
    },
    async *received() {
      for (let cursor: string | undefined; ; ) {
        const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
        const path = `${RECEIVED}?limit=${PAGE}${query}`
        const page = await call(wire.Listed, 'GET', path).catch(rejectListed('PAYMENT_LIST'))
        yield wire.sightingsFrom(page)
        if (!page.nextCursor) return
        cursor = page.nextCursor
      }
    },
    watch: (checkout, kind, signal) => watchStatus(connection, apiKey, statusQuery(checkout, kind), signal),
  } satisfies Status
}

const PAGE = 50
const SAVES_NOTHING = 'QBitFlow saves no payment methods'

const CAPABILITY = {
  PAYMENT: 'CHECKOUTS',
  SUBSCRIPTION: 'SUBSCRIPTIONS',
  PAY_AS_YOU_GO: 'PAY_AS_YOU_GO',
} as const

function sessionOf(wanted: WantedCheckout): { kind: keyof typeof NEW_SESSION; body: object } {
  const { kind } = wanted
  if (kind === 'SETUP') throw new Error(SAVES_NOTHING)
  const body = bodyOf(wanted)
  if (kind === 'PAYMENT') return { kind, body }
  const terms = termsOf(wanted.recurring)
  if (kind === 'SUBSCRIPTION') return { kind, body: { ...body, ...terms } }
  return { kind, body: { ...body, options: { subscriptionType: 'payAsYouGo', ...terms } } }
}

function bodyOf({ product, item, customer, successUrl, cancelUrl, notifyUrl, idempotencyKey }: WantedCheckout) {
  return {
    ...(product === undefined
      ? { productName: item.name, description: item.description, price: wire.floatFromUsd(item.price) }
      : { productId: Number(product) }),
    customerUUID: customer,
    successUrl,
    cancelUrl,
    webhookUrl: notifyUrl,
    reference: idempotencyKey,
  }
}

function termsOf(terms: RecurringTerms | undefined) {
  if (!terms) throw new Error('a checkout for something recurring needs its terms')
  const { frequency, trialPeriod, minPeriods, freeCredits } = terms
  return {
    frequency: durationOf(frequency),
    trialPeriod: trialPeriod && durationOf(trialPeriod),
    minPeriods,
    freeCredits: freeCredits && wire.floatFromUsd(freeCredits),
  }
}

/** Years came to the wire later than the rest. One has 365 days there, and not twelve months of 30. */
function durationOf({ value, unit }: Duration) {
  if (unit === 'YEARS') return { value: value * 365, unit: 'days' }
  return { value, unit: unit.toLowerCase() }
}

function prefixOf(kind: CheckoutKind): string {
  return transactionOf(kind)[0]
}

function transactionOf(kind: CheckoutKind) {
  if (kind === 'SETUP') throw new Error(SAVES_NOTHING)
  return wire.TRANSACTION[kind]
}

function statusQuery(checkout: string, kind: CheckoutKind): string {
  const [prefix, type] = transactionOf(kind)
  return `txUUID=${prefix}@${checkout}&txType=${type}`
}
