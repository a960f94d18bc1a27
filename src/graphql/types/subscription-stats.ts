import type { SubscriptionStat } from '../../subscriptions/stats.ts'
import { builder } from '../builder.ts'
import { amount, MoneyRef } from './money.ts'
import { STATS_COST, timezoneArg, zoneOf } from './stats.ts'
import { SubscriptionFilter, subscriptions } from './subscription-list.ts'

const StatsPeriod = builder.enumType('StatsPeriod', {
  description: 'The length of the periods of a statistic.',
  values: {
    DAY: { value: 'day', description: 'One row for each day.' },
    MONTH: { value: 'month', description: 'One row for each month.' },
  } as const,
})

const SubscriptionStatRef = builder.objectRef<SubscriptionStat>('SubscriptionStat').implement({
  description: 'The subscriptions with prices in one currency, in one day or month.',
  fields: (t) => ({
    day: t.field({
      type: 'Date',
      description: 'The day, or the first day of the month.',
      resolve: ({ day }) => day,
    }),
    month: t.string({ description: 'The month, e.g. 2026-11.', resolve: ({ day }) => day.slice(0, 7) }),
    currency: t.expose('currency', { type: 'CurrencyCode', description: 'The currency of the prices.' }),
    started: t.int({
      description: 'The number of new subscriptions, with those in a trial.',
      resolve: ({ started }) => Number(started),
    }),
    churned: t.int({
      description: 'The number of subscriptions that were cancelled or ended after their last period.',
      resolve: ({ churned }) => Number(churned),
    }),
    active: t.int({
      description: 'The number of subscriptions at the end of the period that had started and not ended.',
      resolve: ({ active }) => Number(active),
    }),
    monthlyRecurringRevenue: t.field({
      type: MoneyRef,
      description:
        'The sum of the monthly prices of the subscriptions that were active at the end of the period. Each price per period is normalised to a month and rounded to the minor unit, halves up: a price per year is divided by 12, per week multiplied by 52/12, per day by 365/12; for several units the result is divided by their number. Subscriptions that bill usage, trials, trials that were not confirmed and those whose first billing failed count as 0. A subscription counts with its latest price.',
      resolve: ({ monthlyMinor, currency }) => amount(BigInt(monthlyMinor), currency),
    }),
  }),
})

builder.queryField('subscriptionStats', (t) =>
  t.field({
    type: [SubscriptionStatRef],
    description:
      'New, ended and active subscriptions and their monthly recurring revenue, for each day or month and each currency, oldest first. Returns at most 1,000 periods.',
    authScopes: { key: true },
    complexity: STATS_COST,
    args: {
      period: t.arg({ type: StatsPeriod, required: true, description: 'The length of the periods.' }),
      from: t.arg({ type: 'Date', required: true, description: 'The first day. Months are always whole.' }),
      to: t.arg({ type: 'Date', required: true, description: 'The last day.' }),
      filter: t.arg({
        type: SubscriptionFilter,
        description: 'Counts only the subscriptions that match every condition of the filter.',
      }),
      ...timezoneArg(t),
    },
    resolve: (_root, { period, from, to, filter, timezone }, context) =>
      context.app.subscriptions.stats({
        period,
        from,
        to,
        where: subscriptions.where(context, filter),
        timezone: zoneOf(timezone, context),
      }),
  }),
)
