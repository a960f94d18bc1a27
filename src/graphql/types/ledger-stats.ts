import type { ArgBuilder } from '@pothos/core'
import { atLeast, below, type Condition } from '../../db/condition.ts'
import type { Group } from '../../db/groups.ts'
import type { EntryDimension } from '../../ledger/stats.ts'
import { builder, type ResolvedTypes } from '../builder.ts'
import type { Context } from '../context.ts'
import { AccountRef } from '../refs.ts'
import { visible } from '../visibility.ts'
import { MoneyRef } from './money.ts'
import { amounts, BY, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'

const LedgerDimensionEnum = builder.enumType('LedgerDimension', {
  description: 'The fields by which entries can be grouped.',
  values: BY satisfies Record<string, { value: EntryDimension; description: string }>,
})

const LedgerStat = builder.objectRef<Group<EntryDimension, 'received' | 'paid' | 'net'>>('LedgerStat').implement({
  description: 'Totals for one group of entries.',
  fields: (t) => ({
    account: t.field({
      type: AccountRef,
      nullable: true,
      description: 'The account of the entries. Null unless grouped by ACCOUNT.',
      resolve: ({ key }, _args, { loaders }) => loaders.linked('account', textOf(key.account)),
    }),
    currency: t.field({
      type: 'CurrencyCode',
      nullable: true,
      description: 'The currency of the entries. Null unless grouped by CURRENCY.',
      resolve: ({ key }) => textOf(key.currency),
    }),
    day: t.field({
      type: 'Date',
      nullable: true,
      description: 'The day on which the entries were posted. Null unless grouped by DAY.',
      resolve: ({ key }) => textOf(key.day),
    }),
    month: t.string({
      nullable: true,
      description: 'The month in which the entries were posted, e.g. 2026-11. Null unless grouped by MONTH.',
      resolve: ({ key }) => textOf(key.month),
    }),
    count: t.exposeInt('count', { description: 'The number of entries in the group.' }),
    received: t.field({
      type: [MoneyRef],
      description: 'The sum of the entries into accounts, one amount for each currency.',
      resolve: ({ sums }) => amounts(sums.received),
    }),
    paid: t.field({
      type: [MoneyRef],
      description: 'The sum of the entries out of accounts, as positive amounts, one for each currency.',
      resolve: ({ sums }) => amounts(sums.paid),
    }),
    net: t.field({
      type: [MoneyRef],
      description: 'The amount received minus the amount paid, one for each currency. Zero over all accounts.',
      resolve: ({ sums }) => amounts(sums.net),
    }),
  }),
})

/** `Ledger.stats`, without its description. */
export function entryStats(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return {
    type: [LedgerStat] as [typeof LedgerStat],
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [LedgerDimensionEnum],
        required: true,
        description: 'The fields to group by. An empty list returns one group of all entries.',
      }),
      from: t.arg({ type: 'DateTime', description: 'Counts only entries posted at this moment or later.' }),
      to: t.arg({ type: 'DateTime', description: 'Counts only entries posted before this moment.' }),
      ...timezoneArg(t),
    },
    resolve: (_ledger: unknown, args: EntryStatsArgs, context: Context) =>
      context.app.ledger.entryStats({
        by: args.groupBy,
        where: [...visible(context.caller, 'entry'), ...between(args)],
        timezone: zoneOf(args.timezone, context),
      }),
  }
}

interface EntryStatsArgs {
  readonly groupBy: readonly EntryDimension[]
  readonly from?: Date | null | undefined
  readonly to?: Date | null | undefined
  readonly timezone?: string | null | undefined
}

function between({ from, to }: EntryStatsArgs): Condition[] {
  return [...(from ? [atLeast('at', from)] : []), ...(to ? [below('at', to)] : [])]
}
