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
  description: 'The fields by which ledger transactions can be grouped.',
  values: {
    TYPE: { value: 'type', description: 'Groups by type.' },
    STATE: { value: 'state', description: 'Groups by state.' },
    RECIPE: { value: 'recipe', description: 'Groups by recipe.' },
    ACCOUNT: { value: 'account', description: 'Groups by the account that the money is taken from.' },
    DESTINATION: {
      value: 'destination',
      description:
        'Groups by the account that receives a charge. Only INTERNAL transactions have one, so use it with `type: INTERNAL`.',
    },
    REFERENCE: { value: 'reference', description: 'Groups by the transaction that is reversed or refunded.' },
    CURRENCY: BY.CURRENCY,
    METADATA: BY_METADATA,
    DAY: {
      value: 'day',
      description: 'Groups by the day on which the transaction was created, in the requested time zone.',
    },
    MONTH: {
      value: 'month',
      description: 'Groups by the month in which the transaction was created, in the requested time zone.',
    },
  } as const satisfies Record<string, { value: TransactionDimension; description: string }>,
})

const TransactionStat = builder
  .objectRef<Group<TransactionDimension, 'total' | 'refunded'>>('LedgerTransactionStat')
  .implement({
    description: 'Totals for one group of ledger transactions.',
    fields: (t) => ({
      type: t.field({
        type: LedgerTransactionTypeEnum,
        nullable: true,
        description: 'The type of the transactions. Null unless grouped by TYPE.',
        resolve: ({ key }) => (key.type as LedgerTransactionType | undefined) ?? null,
      }),
      state: t.field({
        type: LedgerTransactionStateEnum,
        nullable: true,
        description: 'The state of the transactions. Null unless grouped by STATE.',
        resolve: ({ key }) => (key.state as LedgerTransactionState | undefined) ?? null,
      }),
      recipe: t.string({
        nullable: true,
        description: 'The recipe of the transactions. Null unless grouped by RECIPE.',
        resolve: ({ key }) => textOf(key.recipe),
      }),
      account: t.field({
        type: AccountRef,
        nullable: true,
        description: 'The account that the money is taken from. Null unless grouped by ACCOUNT.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('account', textOf(key.account)),
      }),
      destination: t.field({
        type: AccountRef,
        nullable: true,
        description:
          'The account that receives the charge. Null for transactions without a charge of their own, and unless grouped by DESTINATION.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('account', textOf(key.destination)),
      }),
      reference: t.field({
        type: LedgerTransactionRef,
        nullable: true,
        description:
          'The transaction that is reversed or refunded. Null for other transactions, and unless grouped by REFERENCE.',
        resolve: ({ key }, _args, { loaders }) => loaders.linked('ledger_transaction', textOf(key.reference)),
      }),
      metadata: t.string({
        nullable: true,
        description:
          'The value under `metadataKey`. Null for transactions without that key, and unless grouped by METADATA.',
        resolve: ({ key }) => textOf(key.metadata),
      }),
      currency: t.field({
        type: 'CurrencyCode',
        nullable: true,
        description: 'The currency of the totals. Null unless grouped by CURRENCY.',
        resolve: ({ key }) => textOf(key.currency),
      }),
      day: t.field({
        type: 'Date',
        nullable: true,
        description: 'The day on which the transactions were created. Null unless grouped by DAY.',
        resolve: ({ key }) => textOf(key.day),
      }),
      month: t.string({
        nullable: true,
        description: 'The month in which the transactions were created, e.g. 2026-11. Null unless grouped by MONTH.',
        resolve: ({ key }) => textOf(key.month),
      }),
      count: t.exposeInt('count', { description: 'The number of transactions in the group.' }),
      totals: t.field({
        type: [MoneyRef],
        description: 'The sum of the totals, one amount for each currency.',
        resolve: ({ sums }) => amounts(sums.total),
      }),
      refunded: t.field({
        type: [MoneyRef],
        description: 'The sum of the refunded amounts, one for each currency.',
        resolve: ({ sums }) => amounts(sums.refunded),
      }),
    }),
  })

builder.queryField('transactionStats', (t) =>
  t.field({
    type: [TransactionStat],
    description: 'The number of ledger transactions and their totals, by group. Returns at most 1,000 groups.',
    authScopes: { manager: true },
    complexity: STATS_COST,
    args: {
      groupBy: t.arg({
        type: [TransactionDimensionEnum],
        required: true,
        description: 'The fields to group by. An empty list returns one group of all transactions.',
      }),
      filter: t.arg({
        type: LedgerTransactionFilter,
        description: 'Counts only the transactions that match every condition of the filter.',
      }),
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
