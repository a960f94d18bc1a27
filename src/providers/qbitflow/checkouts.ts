import type { CheckoutKind } from '../../db/generated/enums.ts'
import type { Duration } from '../../kernel/duration.ts'
import type { Checkouts, Status, WantedCheckout } from '../port.ts'
import type { RecurringTerms } from '../subscriptions.ts'
import { type Client, orUndefinedWhenMissing } from './client.ts'
import { watchStatus } from './watch.ts'
import * as wire from './wire.ts'

export function checkoutsOf({ call }: Client) {
  return {
    kinds: ['PAYMENT', 'SUBSCRIPTION', 'PAY_AS_YOU_GO'],
    currencies: ['USD'],
    periodDays: { least: 7, most: 365 },
    async open(wanted) {
      const { path, body } = sessionOf(wanted)
      const session = await call(wire.SessionCreated, 'POST', path, body)
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
      const payment = await call(wire.Payment, 'GET', `/transaction/payment/pay@${checkout}`)
      const customer = await call(wire.Customer, 'GET', `/transaction/customer/pay@${checkout}`).catch(
        orUndefinedWhenMissing,
      )
      return wire.paymentFrom(payment, customer)
    },
    watch: (checkout, kind, signal) => watchStatus(connection, apiKey, statusQuery(checkout, kind), signal),
  } satisfies Status
}

const NEW = '/transaction/session-checkout/new'

/** Each kind has its route; pay as you go has the older one, where the kind stands among the options. */
function sessionOf(wanted: WantedCheckout): { path: string; body: object } {
  const body = bodyOf(wanted)
  if (wanted.kind === 'PAYMENT') return { path: `${NEW}/payment`, body }
  const terms = termsOf(wanted.recurring)
  if (wanted.kind === 'SUBSCRIPTION') return { path: `${NEW}/subscription`, body: { ...body, ...terms } }
  const options = { subscriptionType: 'payAsYouGo', ...terms }
  return { path: '/transaction/session-checkout/', body: { ...body, options } }
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

function statusQuery(checkout: string, kind: CheckoutKind): string {
  if (kind === 'SETUP') throw new Error('QBitFlow saves no payment methods')
  const [prefix, type] = wire.TRANSACTION[kind]
  return `txUUID=${prefix}@${checkout}&txType=${type}`
}
