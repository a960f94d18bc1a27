import type { LedgerTransactionState, LedgerTransactionType } from '../../db/generated/enums.ts'
import type { Group } from '../../db/groups.ts'
import type { TransactionDimension } from '../../ledger/stats.ts'
import { builder } from '../builder.ts'
import { AccountRef, LedgerTransactionRef } from '../refs.ts'
import { LedgerTransactionStateEnum, LedgerTransactionTypeEnum } from './ledger-transaction.ts'
import { LedgerTransactionFilter, ledgerTransactions } from './ledger-transaction-list.ts'
import { MoneyRef } from './money.ts'
import { amounts, BY, BY_METADATA, metadataKeyArg, STATS_COST, textOf, timezoneArg, zoneOf } from './stats.ts'

const TransactionDimensionEnum = builder.enumType('LedgerTransactionDimension', {
  description: 'What ledger transactions can be grouped by.',
  values: {
    TYPE: { value: 'type', description: 'By what made them.' },
    STATE: { value: 'state', description: 'By where they stand.' },
    RECIPE: { value: 'recipe', description: 'By the way money moved.' },
    ACCOUNT: { value: 'account', description: 'By the account that the money comes from.' },
    DESTINATION: {
      value: 'destination',
      description: 'By the account that a charge pays, which only INTERNAL ones have; use it with `type: INTERNAL`.',
    },
    REFERENCE: { value: 'reference', description: 'By the transaction that they undo or refund.' },
    CURRENCY: BY.CURRENCY,
    METADATA: BY_METADATA,
    DAY: { value: 'day', description: 'By the day on which they were made, in the time zone that is asked for.' },
    MONTH: { value: 'month', description: 'By the month in which they were made, in the time zone that is asked for.' },
  } as const satisfies Record<string, { value: TransactionDimension; description: string }>,
})

const TransactionStat = builder
  .objectRef<Group<TransactionDimension, 'total' | 'refunded'>>('LedgerTransactionStat')
  .implement({
    description: 'What a group of ledger transactions comes to.',
    fields: (t) => ({
      type: t.field({
        type: LedgerTransactionTypeEnum,
        nullable: true,
        description: 'What made them, when grouped by it.',
        resolve: ({ key }) => (key.type as LedgerTransactionType | undefined) ?? null,
      }),
      state: t.field({
        type: LedgerTransactionStateEnum,
        nullable: true,
        description: 'Where they stand, when grouped by it.',
        resolve: ({ key }) => (key.state as LedgerTransactionState | undefined) ?? null,
      }),
      recipe: t.string({
        nullable: true,
        description: 'The way money moved, when grouped by it.',
        resolve: ({ key }) => textOf(key.recipe),
      }),
      account: t.field({
        type: AccountRef,
        nullable: true,
        description: 'The account that the money comes from, when grouped by it.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('account', textOf(key.account)),
      }),
      destination: t.field({
        type: AccountRef,
        nullable: true,
        description: 'The account that the charges pay, when grouped by it; null for those that have no charge of one.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('account', textOf(key.destination)),
      }),
      reference: t.field({
        type: LedgerTransactionRef,
        nullable: true,
        description: 'The transaction that they undo or refund, when grouped by it; null for those that do not.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('ledger_transaction', textOf(key.reference)),
      }),
      metadata: t.string({
        nullable: true,
        description: 'What they have under `metadataKey`, when grouped by it; null for those that have nothing there.',
        resolve: ({ key }) => textOf(key.metadata),
      }),
      currency: t.field({
        type: 'CurrencyCode',
        nullable: true,
        description: 'The currency of the total, when grouped by it.',
        resolve: ({ key }) => textOf(key.currency),
      }),
      day: t.field({
        type: 'Date',
        nullable: true,
        description: 'The day on which they were made, when grouped by it.',
        resolve: ({ key }) => textOf(key.day),
      }),
      month: t.string({
        nullable: true,
        description: 'The month in which they were made, e.g. 2026-11, when grouped by it.',
        resolve: ({ key }) => textOf(key.month),
      }),
      count: t.exposeInt('count', { description: 'How many they are.' }),
      totals: t.field({
        type: [MoneyRef],
        description: 'How much in all, in each currency.',
        resolve: ({ sums }) => amounts(sums.total),
      }),
      refunded: t.field({
        type: [MoneyRef],
        description: 'What was given back of it, in each currency.',
        resolve: ({ sums }) => amounts(sums.refunded),
      }),
    }),
  })

builder.queryField('transactionStats', (t) =>
  t.field({
    type: [TransactionStat],
    description: 'How many ledger transactions there are and what they come to, by group: 1,000 groups at most.',
    authScopes: { manager: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [TransactionDimensionEnum],
        required: true,
        description: 'By what; all as one when empty.',
      }),
      filter: t.arg({ type: LedgerTransactionFilter, description: 'Only those that meet all of this.' }),
      ...metadataKeyArg(t),
      ...timezoneArg(t),
    },
    resolve: (_root, { groupBy, filter, metadataKey, timezone }, context) =>
      context.app.ledger.transactionStats({
        by: groupBy,
        where: ledgerTransactions.where(context, filter),
        metadataKey: metadataKey ?? undefined,
        timezone: zoneOf(timezone, context),
      }),
  }),
)
