import type { AccountKind } from '../../db/generated/enums.ts'
import type { Group } from '../../db/groups.ts'
import type { AccountDimension } from '../../ledger/stats.ts'
import { builder } from '../builder.ts'
import { AccountFilter, AccountKindEnum, accounts } from './account.ts'
import { MoneyRef } from './money.ts'
import { amounts, BY, BY_METADATA, metadataKeyArg, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'

const AccountDimensionEnum = builder.enumType('AccountDimension', {
  description: 'What accounts can be grouped by.',
  values: {
    KIND: { value: 'kind', description: 'By whose they are.' },
    CURRENCY: BY.CURRENCY,
    FROZEN: { value: 'frozen', description: 'By whether nothing may move in or out.' },
    OVERDRAFT: { value: 'overdraft', description: 'By whether the balance may fall below zero.' },
    EXTERNAL_ID: { value: 'externalId', description: "By the merchant's own name for them." },
    METADATA: BY_METADATA,
    DAY: { value: 'day', description: 'By the day on which they were opened, in the time zone that is asked for.' },
    MONTH: {
      value: 'month',
      description: 'By the month in which they were opened, in the time zone that is asked for.',
    },
  } as const satisfies Record<string, { value: AccountDimension; description: string }>,
})

const AccountStat = builder
  .objectRef<Group<AccountDimension, 'balance' | 'held' | 'available'>>('AccountStat')
  .implement({
    description: 'What a group of accounts comes to.',
    fields: (t) => ({
      kind: t.field({
        type: AccountKindEnum,
        nullable: true,
        description: 'Whose they are, when grouped by it.',
        resolve: ({ key }) => (key.kind as AccountKind | undefined) ?? null,
      }),
      currency: t.field({
        type: 'CurrencyCode',
        nullable: true,
        description: 'Their currency, when grouped by it.',
        resolve: ({ key }) => textOf(key.currency),
      }),
      frozen: t.boolean({
        nullable: true,
        description: 'Whether nothing may move in or out, when grouped by it.',
        resolve: ({ key }) => (key.frozen as boolean | undefined) ?? null,
      }),
      overdraft: t.boolean({
        nullable: true,
        description: 'Whether the balance may fall below zero, when grouped by it.',
        resolve: ({ key }) => (key.overdraft as boolean | undefined) ?? null,
      }),
      externalId: t.string({
        nullable: true,
        description: "The merchant's own name for them, when grouped by it; null for those that have none.",
        resolve: ({ key }) => textOf(key.externalId),
      }),
      metadata: t.string({
        nullable: true,
        description: 'What they have under `metadataKey`, when grouped by it; null for those that have nothing there.',
        resolve: ({ key }) => textOf(key.metadata),
      }),
      day: t.field({
        type: 'Date',
        nullable: true,
        description: 'The day on which they were opened, when grouped by it.',
        resolve: ({ key }) => textOf(key.day),
      }),
      month: t.string({
        nullable: true,
        description: 'The month in which they were opened, e.g. 2026-11, when grouped by it.',
        resolve: ({ key }) => textOf(key.month),
      }),
      count: t.exposeInt('count', { description: 'How many they are.' }),
      balances: t.field({
        type: [MoneyRef],
        description: 'What is posted, in each currency.',
        resolve: ({ sums }) => amounts(sums.balance),
      }),
      held: t.field({
        type: [MoneyRef],
        description: 'What holds keep back, in each currency.',
        resolve: ({ sums }) => amounts(sums.held),
      }),
      available: t.field({
        type: [MoneyRef],
        description: 'What can be spent, in each currency.',
        resolve: ({ sums }) => amounts(sums.available),
      }),
    }),
  })

builder.queryField('accountStats', (t) =>
  t.field({
    type: [AccountStat],
    description: 'How many accounts there are and what they hold, by group: 1,000 groups at most.',
    authScopes: { manager: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({ type: [AccountDimensionEnum], required: true, description: 'By what; all as one when empty.' }),
      filter: t.arg({ type: AccountFilter, description: 'Only those that meet all of this.' }),
      ...metadataKeyArg(t),
      ...timezoneArg(t),
    },
    resolve: (_root, { groupBy, filter, metadataKey, timezone }, context) =>
      context.app.ledger.accountStats({
        by: groupBy,
        where: accounts.where(context, filter),
        metadataKey: metadataKey ?? undefined,
        timezone: zoneOf(timezone, context),
      }),
  }),
)
