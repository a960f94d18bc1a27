import { equals, oneOf } from '../../db/condition.ts'
import type { BillingStatus, BillingTrigger } from '../../db/generated/enums.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { BillingRef, PaymentRef, SubscriptionRef } from '../refs.ts'
import { momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

const BillingTriggerEnum = builder.enumType('BillingTrigger', {
  description: 'What made a bill.',
  values: {
    AUTO: { description: 'The end of a period.' },
    MANUAL: { description: 'A request of ours.' },
  } satisfies Record<BillingTrigger, object>,
})

const BillingStatusEnum = builder.enumType('BillingStatus', {
  description: 'Where a bill stands.',
  values: {
    PENDING: { description: 'It is on its way.' },
    COMPLETED: { description: 'It is paid.' },
    FAILED: { description: 'It could not be paid. Where it is tried again, it is still this bill.' },
  } satisfies Record<BillingStatus, object>,
})

BillingRef.implement({
  description: 'One bill of a subscription.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: bill_…', resolve: ({ id }) => encodeId('Billing', id) }),
    subscription: t.field({
      type: SubscriptionRef,
      description: 'What it bills.',
      resolve: async (billing, _args, { loaders }) => {
        const subscription = await loaders.one('subscription', billing.subscriptionId)
        if (!subscription) throw new Error(`billing ${billing.id} has no subscription`)
        return subscription
      },
    }),
    sequence: t.exposeInt('sequence', { description: 'The number of this bill among those of the subscription.' }),
    trigger: t.expose('trigger', { type: BillingTriggerEnum, description: 'What made it.' }),
    status: t.expose('status', { type: BillingStatusEnum, description: 'Where it stands.' }),
    amount: t.field({
      type: MoneyRef,
      description: 'How much.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    attempts: t.exposeInt('attempts', { description: 'How often it was tried, as far as we saw.' }),
    payment: t.field({
      type: PaymentRef,
      nullable: true,
      description: 'Its payment; null until it is paid.',
      resolve: ({ id }, _args, { loaders }) => loaders.paymentOfBilling(id),
    }),
    billedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it was paid; null until then.',
      resolve: ({ billedAt }, args, context) => momentOrNull(billedAt, args, context),
    }),
  }),
})

const BillingFilter = builder.inputType('BillingFilter', {
  description: 'Which bills.',
  fields: (t) => ({
    status: t.field({ type: [BillingStatusEnum], description: 'Those that stand at one of these.' }),
    trigger: t.field({ type: BillingTriggerEnum, description: 'What made them.' }),
  }),
})

export const billings = list({
  name: 'Billing',
  type: BillingRef,
  table: 'billing',
  orders: { SEQUENCE: { column: 'sequence', description: 'Their number.' } },
  filter: {
    type: BillingFilter,
    conditions: ({ status, trigger }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(trigger ? [equals('trigger', trigger)] : []),
    ],
  },
})
