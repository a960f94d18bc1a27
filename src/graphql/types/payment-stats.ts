import type { PaymentSource, TransactionState } from '../../db/generated/enums.ts'
import type { Group } from '../../db/groups.ts'
import type { ProviderName } from '../../kernel/provider-name.ts'
import type { PaymentDimension, PaymentSum } from '../../payments/stats.ts'
import { builder } from '../builder.ts'
import { CustomerRef, ProductRef, SubscriptionRef, UserRef } from '../refs.ts'
import { MoneyRef } from './money.ts'
import { PaymentSourceEnum } from './payment.ts'
import { PaymentFilter, payments } from './payment-list.ts'
import { ProviderEnum } from './provider.ts'
import { amounts, BY, BY_METADATA, metadataKeyArg, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'
import { TransactionStateEnum } from './transaction-state.ts'

const PaymentDimensionEnum = builder.enumType('PaymentDimension', {
  description: 'The fields by which payments can be grouped.',
  values: {
    STATUS: { value: 'status', description: 'Groups by status.' },
    SOURCE: { value: 'source', description: 'Groups by source.' },
    PROVIDER: { value: 'provider', description: 'Groups by provider.' },
    CUSTOMER: { value: 'customer', description: 'Groups by customer.' },
    PRODUCT: { value: 'product', description: 'Groups by product.' },
    SELLER: { value: 'seller', description: 'Groups by seller.' },
    SUBSCRIPTION: { value: 'subscription', description: 'Groups by subscription.' },
    REFERENCE: { value: 'reference', description: 'Groups by reference.' },
    METADATA: BY_METADATA,
    CURRENCY: { value: 'currency', description: 'Groups by the currency of the price.' },
    DAY: {
      value: 'day',
      description: 'Groups by the day on which the payment was created, in the requested time zone.',
    },
    MONTH: BY.MONTH,
    REASON: { value: 'reason', description: 'Groups by why a payment failed.' },
  } as const satisfies Record<string, { value: PaymentDimension; description: string }>,
})

const PaymentStat = builder.objectRef<Group<PaymentDimension, PaymentSum>>('PaymentStat').implement({
  description: 'Totals for one group of payments.',
  fields: (t) => ({
    status: t.field({
      type: TransactionStateEnum,
      nullable: true,
      description: 'The status of the payments. Null unless grouped by STATUS.',
      resolve: ({ key }) => (key.status as TransactionState | undefined) ?? null,
    }),
    source: t.field({
      type: PaymentSourceEnum,
      nullable: true,
      description: 'The source of the payments. Null unless grouped by SOURCE.',
      resolve: ({ key }) => (key.source as PaymentSource | undefined) ?? null,
    }),
    provider: t.field({
      type: ProviderEnum,
      nullable: true,
      description: 'The provider of the payments. Null unless grouped by PROVIDER.',
      resolve: ({ key }) => (key.provider as ProviderName | undefined) ?? null,
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'The customer who paid. Null when the customer is not known, and unless grouped by CUSTOMER.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('customer', textOf(key.customer)),
    }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'The product that was sold. Null for inline items, and unless grouped by PRODUCT.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('product', textOf(key.product)),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description:
        "The seller of the payments. Null for the organization's own payments, and unless grouped by SELLER.",
      resolve: ({ key }, _args, { loaders }) => loaders.linked('app_user', textOf(key.seller)),
    }),
    subscription: t.field({
      type: SubscriptionRef,
      nullable: true,
      description: 'The subscription of the payments. Null for one-time payments, and unless grouped by SUBSCRIPTION.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('subscription', textOf(key.subscription)),
    }),
    reference: t.string({
      nullable: true,
      description: 'The reference of the payments. Null for payments without one, and unless grouped by REFERENCE.',
      resolve: ({ key }) => textOf(key.reference),
    }),
    metadata: t.string({
      nullable: true,
      description: 'The value under `metadataKey`. Null for payments without that key, and unless grouped by METADATA.',
      resolve: ({ key }) => textOf(key.metadata),
    }),
    currency: t.field({
      type: 'CurrencyCode',
      nullable: true,
      description: 'The currency of the price. Null unless grouped by CURRENCY.',
      resolve: ({ key }) => textOf(key.currency),
    }),
    day: t.field({
      type: 'Date',
      nullable: true,
      description: 'The day on which the payments were created. Null unless grouped by DAY.',
      resolve: ({ key }) => textOf(key.day),
    }),
    month: t.string({
      nullable: true,
      description: 'The month in which the payments were created, e.g. 2026-11. Null unless grouped by MONTH.',
      resolve: ({ key }) => textOf(key.month),
    }),
    reason: t.string({
      nullable: true,
      description:
        "Why the payments failed, in the provider's words, or their status when the provider gave no reason. Null for payments that did not fail, and unless grouped by REASON.",
      resolve: ({ key }) => textOf(key.reason),
    }),
    count: t.exposeInt('count', { description: 'The number of payments in the group.' }),
    succeeded: t.int({
      description: 'The number of payments with the status COMPLETED, OVERPAID, PAID_LATE or REFUNDED.',
      resolve: ({ counts }) => counts.succeeded ?? 0,
    }),
    failed: t.int({
      description: 'The number of payments with the status FAILED, CANCELLED, EXPIRED or UNDERPAID.',
      resolve: ({ counts }) => counts.failed ?? 0,
    }),
    successRate: t.float({
      nullable: true,
      description:
        'The part of the payments that succeeded, from 0 to 1, among those that succeeded or failed. Null when there are none.',
      resolve: ({ counts: { succeeded = 0, failed = 0 } }) =>
        succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
    }),
    amounts: t.field({
      type: [MoneyRef],
      description: 'The sum of the amounts, one for each currency of the prices.',
      resolve: ({ sums }) => amounts(sums.amount),
    }),
    fees: t.field({
      type: [MoneyRef],
      description: "The sum of the providers' fees on settled payments, one for each currency of the prices.",
      resolve: ({ sums }) => amounts(sums.fee),
    }),
    organizationFees: t.field({
      type: [MoneyRef],
      description: "The sum of the organization's fees on settled payments, one for each currency of the prices.",
      resolve: ({ sums }) => amounts(sums.organizationFee),
    }),
    settled: t.field({
      type: [MoneyRef],
      description: 'The sum of the settled amounts, one for each currency that customers paid with.',
      resolve: ({ sums }) => amounts(sums.settled),
    }),
  }),
})

builder.queryField('paymentStats', (t) =>
  t.field({
    type: [PaymentStat],
    description: 'The number of payments and their totals, by group. Returns at most 1,000 groups.',
    authScopes: { key: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [PaymentDimensionEnum],
        required: true,
        description: 'The fields to group by. An empty list returns one group of all payments.',
      }),
      filter: t.arg({
        type: PaymentFilter,
        description: 'Counts only the payments that match every condition of the filter.',
      }),
      ...metadataKeyArg(t),
      ...timezoneArg(t),
    },
    resolve: (_root, { groupBy, filter, metadataKey, timezone }, context) =>
      context.app.payments.stats({
        by: groupBy,
        where: payments.where(context, filter),
        metadataKey: metadataKey ?? undefined,
        timezone: zoneOf(timezone, context),
      }),
  }),
)
