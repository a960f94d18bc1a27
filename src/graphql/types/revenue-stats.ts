import { atLeast, below, equals } from '../../db/condition.ts'
import type { Group } from '../../db/groups.ts'
import type { ProviderName } from '../../kernel/provider-name.ts'
import type { RevenueDimension, RevenueSum } from '../../payments/stats.ts'
import { builder } from '../builder.ts'
import { ofTenant } from '../visibility.ts'
import { MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'
import { amounts, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'

const RevenueDimensionEnum = builder.enumType('RevenueDimension', {
  description: 'The fields by which revenue can be grouped.',
  values: {
    PROVIDER: { value: 'provider', description: 'Groups by provider.' },
    CURRENCY: { value: 'currency', description: 'Groups by the currency of the price.' },
    DAY: { value: 'day', description: 'Groups by the day of the ledger entry, in the requested time zone.' },
    MONTH: { value: 'month', description: 'Groups by the month of the ledger entry, in the requested time zone.' },
  } as const satisfies Record<string, { value: RevenueDimension; description: string }>,
})

const RevenueStat = builder.objectRef<Group<RevenueDimension, RevenueSum>>('RevenueStat').implement({
  description: 'What came in and went back in one group, by the ledger entries of payments and refunds.',
  fields: (t) => ({
    provider: t.field({
      type: ProviderEnum,
      nullable: true,
      description: 'The provider. Null unless grouped by PROVIDER.',
      resolve: ({ key }) => (key.provider as ProviderName | undefined) ?? null,
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
      description: 'The day of the ledger entries. Null unless grouped by DAY.',
      resolve: ({ key }) => textOf(key.day),
    }),
    month: t.string({
      nullable: true,
      description: 'The month of the ledger entries, e.g. 2026-11. Null unless grouped by MONTH.',
      resolve: ({ key }) => textOf(key.month),
    }),
    gross: t.field({
      type: [MoneyRef],
      description:
        'All that customers paid, one amount for each currency of the prices, with what is held on the suspense account.',
      resolve: ({ sums }) => amounts(sums.gross),
    }),
    refunded: t.field({
      type: [MoneyRef],
      description: 'All that customers were given back, one amount for each currency of the prices.',
      resolve: ({ sums }) => amounts(sums.refunded),
    }),
    fees: t.field({
      type: [MoneyRef],
      description:
        "The providers' fees, less what they gave back of them, one amount for each currency. A fee that the provider tells later counts when it was told.",
      resolve: ({ sums }) => amounts(sums.fees),
    }),
    organizationFees: t.field({
      type: [MoneyRef],
      description: "The organization's fees on the payments of sellers, a part of `net`, one amount for each currency.",
      resolve: ({ sums }) => amounts(sums.organizationFees),
    }),
    net: t.field({
      type: [MoneyRef],
      description: 'The result of `gross` minus `refunded` minus `fees`, one amount for each currency.',
      resolve: ({ sums }) => amounts(sums.net),
    }),
  }),
})

builder.queryField('revenueStats', (t) =>
  t.field({
    type: [RevenueStat],
    description:
      'What payments brought, by group, as the ledger has it: each amount is the sum of its entries. An amount counts at the moment of its entry, a refund when it was paid back. Network fees of refunds are not included. Returns at most 1,000 groups.',
    authScopes: { manager: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [RevenueDimensionEnum],
        required: true,
        description: 'The fields to group by. An empty list returns one group of everything.',
      }),
      provider: t.arg({ type: ProviderEnum, description: 'Counts only payments of this provider.' }),
      from: t.arg({ type: 'DateTime', description: 'Counts only entries at this moment or later.' }),
      before: t.arg({ type: 'DateTime', description: 'Counts only entries before this moment.' }),
      ...timezoneArg(t),
    },
    resolve: (_root, { groupBy, provider, from, before, timezone }, context) =>
      context.app.payments.revenue({
        by: groupBy,
        where: [
          ofTenant(context.caller),
          ...(provider ? [equals('provider', provider)] : []),
          ...(from ? [atLeast('at', from)] : []),
          ...(before ? [below('at', before)] : []),
        ],
        timezone: zoneOf(timezone, context),
      }),
  }),
)
