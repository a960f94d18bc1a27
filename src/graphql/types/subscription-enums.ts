import type { BillingUsage, SubscriptionStatus } from '../../db/generated/enums.ts'
import { builder } from '../builder.ts'

export const SubscriptionStatusEnum = builder.enumType('SubscriptionStatus', {
  description: 'Where a subscription stands.',
  values: {
    INCOMPLETE: { description: 'Its first bill is not paid yet.' },
    TRIAL: { description: 'The trial runs; nothing is billed.' },
    TRIAL_EXPIRED: { description: 'The trial is over, and the customer has not confirmed yet.' },
    ACTIVE: { description: 'It is billed, and paid.' },
    LOW_ON_FUNDS: { description: 'The last bill was paid; what the customer still allows will soon not do.' },
    PENDING: { description: 'A bill is higher than the customer allows for one: they have to allow more.' },
    PAST_DUE: { description: 'The last bill could not be paid; it is tried again for a while.' },
    UNPAID: { description: 'A bill could not be paid, and is not tried again by itself.' },
    CANCELLED: { description: 'It has ended.' },
    COMPLETED: { description: 'Every bill that was agreed is paid.' },
  } satisfies Record<SubscriptionStatus, object>,
})

export const BillingUsageEnum = builder.enumType('BillingUsage', {
  description: 'What is billed.',
  values: {
    LICENSED: { description: 'The same price each period.' },
    METERED: { description: 'What was used in the period.' },
  } satisfies Record<BillingUsage, object>,
})
