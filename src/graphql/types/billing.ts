import { equals, oneOf } from '../../db/condition.ts'
import type { BillingStatus, BillingTrigger } from '../../db/generated/enums.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { BillingRef, PaymentRef, SubscriptionRef } from '../refs.ts'
import { paymentOfBilling } from '../relations.ts'
import { momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

export const BillingTriggerEnum = builder.enumType('BillingTrigger', {
  description: 'What started a billing.',
  values: {
    AUTO: { description: 'The billing period ended.' },
    MANUAL: { description: 'The merchant requested the billing through the API.' },
  } satisfies Record<BillingTrigger, object>,
})

export const BillingStatusEnum = builder.enumType('BillingStatus', {
  description: 'The status of a billing.',
  values: {
    PENDING: { description: 'The billing has started and is not final.' },
    COMPLETED: { description: 'The billing is paid.' },
    FAILED: { description: 'The billing could not be paid. A retry belongs to the same billing.' },
  } satisfies Record<BillingStatus, object>,
})

BillingRef.implement({
  description: 'One billing of a subscription: the charge for one billing period.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the billing: bill_…', resolve: ({ id }) => encodeId('Billing', id) }),
    subscription: t.field({
      type: SubscriptionRef,
      description: 'The subscription that is billed.',
      resolve: async (billing, _args, { loaders }) => {
        const subscription = await loaders.one('subscription', billing.subscriptionId)
        if (!subscription) throw new Error(`billing ${billing.id} has no subscription`)
        return subscription
      },
    }),
    sequence: t.exposeInt('sequence', {
      description: 'The number of the billing within its subscription, counted from 1.',
    }),
    trigger: t.expose('trigger', { type: BillingTriggerEnum, description: 'What started the billing.' }),
    status: t.expose('status', { type: BillingStatusEnum, description: 'The status of the billing.' }),
    amount: t.field({
      type: MoneyRef,
      description: 'The amount of the billing.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    attempts: t.exposeInt('attempts', { description: 'The number of payment attempts that the gateway knows of.' }),
    payment: t.field({
      type: PaymentRef,
      nullable: true,
      description: 'The payment of the billing. Null until it is paid.',
      resolve: ({ id }, _args, { loaders }) => paymentOfBilling(loaders, id),
    }),
    billedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the billing was paid. Null until then.',
      resolve: ({ billedAt }, args, context) => momentOrNull(billedAt, args, context),
    }),
  }),
})

const BillingFilter = builder.inputType('BillingFilter', {
  description: 'Conditions on a list of billings. A billing must match all that are given.',
  fields: (t) => ({
    status: t.field({ type: [BillingStatusEnum], description: 'Billings with one of these statuses.' }),
    trigger: t.field({ type: BillingTriggerEnum, description: 'Billings that were started by this.' }),
  }),
})

export const billings = list({
  name: 'Billing',
  type: BillingRef,
  table: 'billing',
  orders: { SEQUENCE: { column: 'sequence', description: 'The number of the billing within its subscription.' } },
  filter: {
    type: BillingFilter,
    conditions: ({ status, trigger }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(trigger ? [equals('trigger', trigger)] : []),
    ],
  },
})
