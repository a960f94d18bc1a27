import type { BillingUsage, SubscriptionStatus } from '../../db/generated/enums.ts'
import { builder } from '../builder.ts'

export const SubscriptionStatusEnum = builder.enumType('SubscriptionStatus', {
  description: 'The status of a subscription.',
  values: {
    INCOMPLETE: { description: 'The first billing is not paid yet.' },
    TRIAL: { description: 'The trial is running. Nothing is billed.' },
    TRIAL_EXPIRED: { description: 'The trial has ended, and the customer has not confirmed the subscription yet.' },
    ACTIVE: { description: 'The subscription is running, and its last billing is paid.' },
    LOW_ON_FUNDS: {
      description: "The last billing is paid, but the customer's allowance will soon be too low for the next one.",
    },
    PENDING: {
      description:
        "A billing is higher than the customer's limit for one billing. The customer has to raise the limit.",
    },
    PAST_DUE: { description: 'The last billing could not be paid. The provider retries it.' },
    UNPAID: { description: 'A billing could not be paid, and the provider does not retry it.' },
    CANCELLED: { description: 'The subscription was cancelled.' },
    COMPLETED: { description: 'All agreed billings are paid.' },
  } satisfies Record<SubscriptionStatus, object>,
})

export const BillingUsageEnum = builder.enumType('BillingUsage', {
  description: 'What a subscription bills.',
  values: {
    LICENSED: { description: 'A fixed price for each billing period.' },
    METERED: { description: 'The usage that was reported in the billing period.' },
  } satisfies Record<BillingUsage, object>,
})
