import {
  boolean,
  decimal,
  duration,
  enumeration,
  id,
  integer,
  json,
  moment,
  money,
  orMissing,
  orNull,
  shape,
  text,
} from '../shape.ts'

/** What events say of subscriptions, their usage and their billings. */

export const SUBSCRIPTION = shape({
  name: 'SubscriptionSnapshot',
  field: 'subscription',
  description: 'A subscription as it was after the change.',
  fields: {
    id: id('The id of the subscription: sub_…'),
    provider: enumeration('Provider', 'The payment provider.'),
    status: enumeration('SubscriptionStatus', 'The status of the subscription.'),
    reference: orNull(text("The merchant's own reference. Null when there is none.")),
    metadata: json('Key-value pairs of the merchant.'),
    usage: enumeration('BillingUsage', 'What is billed: a fixed price or the reported usage.'),
    checkout: orNull(id('The id of the checkout that began the subscription. Null when there is none.')),
    product: orNull(id('The id of the product. Null for an inline item.')),
    customer: orNull(id('The id of the customer. Null while the customer is not known.')),
    price: money('The price of a period, or of one unit of usage.'),
    frequency: duration('The length of a billing period.'),
    allowance: orNull(money('What the customer still allows to be charged. Null when it is not known.')),
    maxSpendingPerPeriod: orNull(money('The most that one billing can charge. Null when there is no limit.')),
    unitsThisPeriod: orNull(decimal('The usage in the current period. Null for a fixed price.')),
    stopped: boolean('Whether no further billing follows.'),
    completedCycles: integer('The number of billings that were paid.'),
    lastBillingAt: orNull(moment('When the last billing was made. Null before the first.')),
    nextBillingAt: orNull(moment('When the next billing is due. Null when none follows.')),
    minimumCancellationDate: orNull(moment('The first moment at which the customer can cancel. Null for any time.')),
    cancelRequestedAt: orNull(moment('When the merchant asked to cancel. Null when that did not happen.')),
    reason: orMissing(text('Why the status changed, in words for people. Null when the provider gives no reason.')),
  },
})

export const USAGE_REPORT = shape({
  name: 'UsageReportSnapshot',
  field: 'usageReport',
  description: 'A report of usage, and what became of it.',
  fields: {
    id: id('The id of the subscription: sub_…'),
    units: decimal('The number of units that were reported.'),
    state: text('What became of the report: CONFIRMED, REFUSED or UNKNOWN.'),
    reason: orNull(text('Why the report was not accepted, in words for people. Null when it was.')),
  },
})

export const BILLING = shape({
  name: 'BillingSnapshot',
  field: 'billing',
  description: 'A billing as it was after the change.',
  fields: {
    id: id('The id of the billing: bill_…'),
    subscription: id('The id of the subscription.'),
    sequence: integer('The number of the billing in its subscription, from 1.'),
    trigger: enumeration('BillingTrigger', 'What started the billing.'),
    status: enumeration('BillingStatus', 'The status of the billing.'),
    attempts: integer('The number of attempts to charge the customer.'),
    amount: money('The amount that is charged.'),
    billedAt: orNull(moment('When the billing was made. Null until then.')),
  },
})
