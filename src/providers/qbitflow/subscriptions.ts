import { z } from 'zod'
import type { SubscriptionStatus } from '../../db/generated/enums.ts'
import { currency } from '../../kernel/currency.ts'
import { type Money, money } from '../../kernel/money.ts'
import type { ProviderSubscription } from '../port/facts.ts'
import type { Subscriptions } from '../port/subscriptions.ts'
import { type Client, orUndefinedWhenMissing } from './client.ts'
import { REPORT_USAGE, rejectAsked } from './routes.ts'
import * as wire from './wire.ts'

const USD = currency('USD')
/** Units are counted in millionths. */
const UNIT_DIGITS = 6

const usd = z.union([z.number(), z.string()]).transform((value) => money(wire.minorFrom(value, USD.exponent), USD))
const units = z.number().transform((value) => wire.minorFrom(value, UNIT_DIGITS))

const STATUSES = new Map<string, SubscriptionStatus>([
  ['trial', 'TRIAL'],
  ['trial_expired', 'TRIAL_EXPIRED'],
  ['active', 'ACTIVE'],
  ['low_on_funds', 'LOW_ON_FUNDS'],
  ['past_due', 'PAST_DUE'],
  ['pending', 'PENDING'],
  ['cancelled', 'CANCELLED'],
])

const Subscription = z.object({
  subscriptionStatus: z.string().transform(statusFrom),
  stopped: z.boolean().nullish(),
  allowance: usd.nullish(),
  unitsCurrentPeriod: units.nullish(),
  freeCredits: usd.nullish(),
  maxSpendingPerPeriod: usd.nullish(),
  lastBillingDate: wire.moment,
  nextBillingDate: wire.moment,
  minimumCancellationDate: wire.moment,
  managementPageLink: z.string().nullish(),
  createdAt: wire.moment,
  updatedAt: wire.moment,
})

const History = z.array(wire.Payment).nullable()
const Done = z.object({ message: z.string().nullish() })

/** Subscriptions in USD, billed on the chain. Only the customer can cancel one, on the management page. */
export function subscriptionsOf(client: Client) {
  const { call, act } = client

  /** One that has ended may be hidden; that it once began tells it from one that never was. */
  async function hidden(subscription: string): Promise<ProviderSubscription | undefined> {
    for (const [prefix, type] of [wire.TRANSACTION.SUBSCRIPTION, wire.TRANSACTION.PAY_AS_YOU_GO]) {
      const path = `/transaction/status?txUUID=${prefix}@${subscription}&txType=${type}`
      const start = await call(wire.Status, 'GET', path).catch(orUndefinedWhenMissing)
      if (start?.state === 'COMPLETED') return { status: 'CANCELLED' }
    }
    return undefined
  }

  return {
    periods: 'FIXED',

    async find(subscription) {
      const path = `/transaction/subscription/sub@${subscription}`
      const found = await call(Subscription, 'GET', path).catch(orUndefinedWhenMissing)
      return found ? subscriptionFrom(found) : hidden(subscription)
    },

    async billings(subscription) {
      const history = await call(History, 'GET', `/transaction/subscription/history/sub@${subscription}`)
      const paid = (history ?? []).map((entry) => wire.paymentFrom(entry, undefined))
      return paid.sort((a, b) => a.at.getTime() - b.at.getTime())
    },

    async customer(subscription) {
      const path = `/transaction/customer/sub@${subscription}`
      const found = await call(wire.Customer, 'GET', path).catch(orUndefinedWhenMissing)
      return found && wire.customerFrom(found)
    },

    forceCancel: (subscription) => act(`/transaction/subscription/processing/force-cancel/sub@${subscription}`),

    executeTestBilling: (subscription) =>
      act(`/transaction/subscription/processing/execute-billing/sub@${subscription}`),

    async reportUsage(subscription, unitsMillionths) {
      const units = Number(unitsMillionths) / 10 ** UNIT_DIGITS
      const body = { subscriptionUUID: `sub@${subscription}`, increaseByAmount: units }
      await call(Done, ...REPORT_USAGE, body).catch((error) =>
        rejectAsked(client, 'PAY_AS_YOU_GO', REPORT_USAGE, error),
      )
    },
  } satisfies Subscriptions
}

function statusFrom(text: string): SubscriptionStatus {
  const status = STATUSES.get(text)
  if (!status) throw new Error(`QBitFlow's subscription status ${text} is unknown`)
  return status
}

function subscriptionFrom(found: z.output<typeof Subscription>): ProviderSubscription {
  return {
    status: found.subscriptionStatus,
    ...given('stopped', found.stopped),
    ...given('allowance', found.allowance),
    ...given('unitsMillionths', found.unitsCurrentPeriod),
    ...given('freeCredits', found.freeCredits),
    ...given('maxSpending', found.maxSpendingPerPeriod),
    ...given('lastBillingAt', found.lastBillingDate),
    ...given('nextBillingAt', found.nextBillingDate),
    ...given('minimumCancellationAt', found.minimumCancellationDate),
    ...given('managementUrl', found.managementPageLink),
    ...given('createdAt', found.createdAt),
    ...given('updatedAt', found.updatedAt),
  }
}

/** A field with its value, or nothing where the wire says nothing. */
function given<Name extends string, Value>(name: Name, value: Value | null | undefined): { [N in Name]?: Value } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value })
}

/** An amount as the simulator's routes take it. */
export function floatOf(amount: Money | undefined): number | undefined {
  return amount && wire.floatFromUsd(amount)
}
