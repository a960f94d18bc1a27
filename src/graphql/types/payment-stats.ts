import type { PaymentSource, Provider, TransactionState } from '../../db/generated/enums.ts'
import type { Group } from '../../db/groups.ts'
import type { PaymentDimension, PaymentSum } from '../../payments/stats.ts'
import { builder } from '../builder.ts'
import { CustomerRef, ProductRef, UserRef } from '../refs.ts'
import { MoneyRef } from './money.ts'
import { PaymentFilter, PaymentSourceEnum, payments } from './payment.ts'
import { ProviderEnum } from './provider.ts'
import { amounts, BY, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'
import { TransactionStateEnum } from './transaction-state.ts'

const PaymentDimensionEnum = builder.enumType('PaymentDimension', {
  description: 'What payments can be grouped by.',
  values: {
    STATUS: { value: 'status', description: 'By where they stand.' },
    SOURCE: { value: 'source', description: 'By what asked for them.' },
    PROVIDER: { value: 'provider', description: 'By who received them.' },
    CUSTOMER: { value: 'customer', description: 'By who paid.' },
    PRODUCT: { value: 'product', description: 'By what was bought.' },
    SELLER: { value: 'seller', description: 'By the seller whose they are.' },
    CURRENCY: { value: 'currency', description: 'By the currency of the price.' },
    DAY: { value: 'day', description: 'By the day on which they were begun, in the time zone that is asked for.' },
    MONTH: BY.MONTH,
  } as const satisfies Record<string, { value: PaymentDimension; description: string }>,
})

const PaymentStat = builder.objectRef<Group<PaymentDimension, PaymentSum>>('PaymentStat').implement({
  description: 'What a group of payments comes to.',
  fields: (t) => ({
    status: t.field({
      type: TransactionStateEnum,
      nullable: true,
      description: 'Where they stand, when grouped by it.',
      resolve: ({ key }) => (key.status as TransactionState | undefined) ?? null,
    }),
    source: t.field({
      type: PaymentSourceEnum,
      nullable: true,
      description: 'What asked for them, when grouped by it.',
      resolve: ({ key }) => (key.source as PaymentSource | undefined) ?? null,
    }),
    provider: t.field({
      type: ProviderEnum,
      nullable: true,
      description: 'Who received them, when grouped by it.',
      resolve: ({ key }) => (key.provider as Provider | undefined) ?? null,
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'Who paid, when grouped by it; null where nobody is known.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('customer', textOf(key.customer)),
    }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'What was bought, when grouped by it; null for inline items.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('product', textOf(key.product)),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description: "The seller whose they are, when grouped by it; null for the organization's own.",
      resolve: ({ key }, _args, { loaders }) => loaders.linked('app_user', textOf(key.seller)),
    }),
    currency: t.field({
      type: 'CurrencyCode',
      nullable: true,
      description: 'The currency of the price, when grouped by it.',
      resolve: ({ key }) => textOf(key.currency),
    }),
    day: t.field({
      type: 'Date',
      nullable: true,
      description: 'The day on which they were begun, when grouped by it.',
      resolve: ({ key }) => textOf(key.day),
    }),
    month: t.string({
      nullable: true,
      description: 'The month in which they were begun, e.g. 2026-11, when grouped by it.',
      resolve: ({ key }) => textOf(key.month),
    }),
    count: t.exposeInt('count', { description: 'How many they are.' }),
    amounts: t.field({
      type: [MoneyRef],
      description: 'How much in all, in each currency of the prices.',
      resolve: ({ sums }) => amounts(sums.amount),
    }),
    fees: t.field({
      type: [MoneyRef],
      description: "The providers' fees of those that are settled, in each currency of the prices.",
      resolve: ({ sums }) => amounts(sums.fee),
    }),
    organizationFees: t.field({
      type: [MoneyRef],
      description: 'What the organization keeps of those that are settled, in each currency of the prices.',
      resolve: ({ sums }) => amounts(sums.organizationFee),
    }),
    settled: t.field({
      type: [MoneyRef],
      description: 'What arrived, in each currency that customers paid with.',
      resolve: ({ sums }) => amounts(sums.settled),
    }),
  }),
})

builder.queryField('paymentStats', (t) =>
  t.field({
    type: [PaymentStat],
    description: 'How many payments there are and what they come to, by group: 1,000 groups at most.',
    authScopes: { key: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({ type: [PaymentDimensionEnum], required: true, description: 'By what; all as one when empty.' }),
      filter: t.arg({ type: PaymentFilter, description: 'Only those that meet all of this.' }),
      ...timezoneArg(t),
    },
    resolve: (_root, { groupBy, filter, timezone }, context) =>
      context.app.payments.stats({
        by: groupBy,
        where: payments.where(context, filter),
        timezone: zoneOf(timezone, context),
      }),
  }),
)
