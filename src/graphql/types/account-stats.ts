import type { AccountKind } from '../../db/generated/enums.ts'
import type { Group } from '../../db/groups.ts'
import type { AccountDimension } from '../../ledger/stats.ts'
import { builder } from '../builder.ts'
import { AccountFilter, AccountKindEnum, accounts } from './account.ts'
import { MoneyRef } from './money.ts'
import { amounts, BY, BY_METADATA, metadataKeyArg, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'

const AccountDimensionEnum = builder.enumType('AccountDimension', {
  description: 'The fields by which accounts can be grouped.',
  values: {
    KIND: { value: 'kind', description: 'Groups by the kind of account.' },
    CURRENCY: BY.CURRENCY,
    FROZEN: { value: 'frozen', description: 'Groups by whether the account is frozen.' },
    OVERDRAFT: { value: 'overdraft', description: 'Groups by whether the account may be overdrawn.' },
    EXTERNAL_ID: { value: 'externalId', description: 'Groups by the external id of the account.' },
    METADATA: BY_METADATA,
    DAY: {
      value: 'day',
      description: 'Groups by the day on which the account was created, in the requested time zone.',
    },
    MONTH: {
      value: 'month',
      description: 'Groups by the month in which the account was created, in the requested time zone.',
    },
  } as const satisfies Record<string, { value: AccountDimension; description: string }>,
})

const AccountStat = builder
  .objectRef<Group<AccountDimension, 'balance' | 'held' | 'available'>>('AccountStat')
  .implement({
    description: 'Totals for one group of accounts.',
    fields: (t) => ({
      kind: t.field({
        type: AccountKindEnum,
        nullable: true,
        description: 'The kind of the accounts. Null unless grouped by KIND.',
        resolve: ({ key }) => (key.kind as AccountKind | undefined) ?? null,
      }),
      currency: t.field({
        type: 'CurrencyCode',
        nullable: true,
        description: 'The currency of the accounts. Null unless grouped by CURRENCY.',
        resolve: ({ key }) => textOf(key.currency),
      }),
      frozen: t.boolean({
        nullable: true,
        description: 'Whether the accounts are frozen. Null unless grouped by FROZEN.',
        resolve: ({ key }) => (key.frozen as boolean | undefined) ?? null,
      }),
      overdraft: t.boolean({
        nullable: true,
        description: 'Whether the accounts may be overdrawn. Null unless grouped by OVERDRAFT.',
        resolve: ({ key }) => (key.overdraft as boolean | undefined) ?? null,
      }),
      externalId: t.string({
        nullable: true,
        description:
          'The external id of the account. Null for accounts without one, and unless grouped by EXTERNAL_ID.',
        resolve: ({ key }) => textOf(key.externalId),
      }),
      metadata: t.string({
        nullable: true,
        description:
          'The value under `metadataKey`. Null for accounts without that key, and unless grouped by METADATA.',
        resolve: ({ key }) => textOf(key.metadata),
      }),
      day: t.field({
        type: 'Date',
        nullable: true,
        description: 'The day on which the accounts were created. Null unless grouped by DAY.',
        resolve: ({ key }) => textOf(key.day),
      }),
      month: t.string({
        nullable: true,
        description: 'The month in which the accounts were created, e.g. 2026-11. Null unless grouped by MONTH.',
        resolve: ({ key }) => textOf(key.month),
      }),
      count: t.exposeInt('count', { description: 'The number of accounts in the group.' }),
      balances: t.field({
        type: [MoneyRef],
        description: 'The sum of the posted balances, one amount for each currency.',
        resolve: ({ sums }) => amounts(sums.balance),
      }),
      held: t.field({
        type: [MoneyRef],
        description: 'The sum of the amounts on hold, one amount for each currency.',
        resolve: ({ sums }) => amounts(sums.held),
      }),
      available: t.field({
        type: [MoneyRef],
        description: 'The sum of the available balances, one amount for each currency.',
        resolve: ({ sums }) => amounts(sums.available),
      }),
    }),
  })

builder.queryField('accountStats', (t) =>
  t.field({
    type: [AccountStat],
    description: 'The number of accounts and their balances, by group. Returns at most 1,000 groups.',
    authScopes: { manager: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [AccountDimensionEnum],
        required: true,
        description: 'The fields to group by. An empty list returns one group of all accounts.',
      }),
      filter: t.arg({
        type: AccountFilter,
        description: 'Counts only the accounts that match every condition of the filter.',
      }),
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
