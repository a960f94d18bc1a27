import { atLeast, below, equals } from '../../db/condition.ts'
import type { LedgerTransactionState, LedgerTransactionType } from '../../db/generated/enums.ts'
import { decodeId, encodeId, type IdKind, PREFIXES } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { AccountRef, EntryRef, LedgerTransactionRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

const LedgerTransactionTypeEnum = builder.enumType('LedgerTransactionType', {
  description: 'What made a ledger transaction.',
  values: {
    EXTERNAL: { description: 'Something that happened outside the books, or was asked for.' },
    INTERNAL: { description: 'The books themselves, behind another transaction.' },
  } satisfies Record<LedgerTransactionType, object>,
})

const LedgerTransactionStateEnum = builder.enumType('LedgerTransactionState', {
  description: 'Where a ledger transaction stands.',
  values: {
    HELD: { description: 'It lowers what is available, and not yet the balance.' },
    COMPLETED: { description: 'It is posted.' },
    DECLINED: { description: 'The hold was let go.' },
    PARTIALLY_REFUNDED: { description: 'A part of it was given back.' },
    REFUNDED: { description: 'All of it was given back.' },
    ROLLED_BACK: { description: 'It was undone by its mirror.' },
  } satisfies Record<LedgerTransactionState, object>,
})

LedgerTransactionRef.implement({
  description: 'Money moving between accounts. Its entries sum to zero in each currency, and are never changed.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: txn_…', resolve: ({ id }) => encodeId('LedgerTransaction', id) }),
    type: t.expose('type', { type: LedgerTransactionTypeEnum, description: 'What made it.' }),
    state: t.expose('state', { type: LedgerTransactionStateEnum, description: 'Where it stands.' }),
    recipe: t.exposeString('recipe', { description: 'The way money moved, by name, e.g. paymentSettled.' }),
    account: t.field({
      type: AccountRef,
      description: 'The account that the money came from.',
      resolve: async (transaction, _args, { loaders }) => {
        const account = await loaders.one('account', transaction.accountId)
        if (!account) throw new Error(`transaction ${transaction.id} has no account`)
        return account
      },
    }),
    total: t.field({
      type: MoneyRef,
      description: 'How much in all.',
      resolve: ({ total, currency }) => amount(total, currency),
    }),
    entries: t.field({
      type: [EntryRef],
      description: 'What it did to each account.',
      resolve: (transaction, _args, { loaders }) => loaders.entriesOf(transaction.id),
    }),
    reference: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The transaction that this one undoes.',
      resolve: (transaction, _args, { loaders }) => loaders.linked('ledger_transaction', transaction.referenceId),
    }),
    cause: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'What it was posted for, e.g. the payment.',
      resolve: ({ causeKind, causeId }, _args, { loaders }) =>
        causeKind !== null && causeId !== null && causeKind in PREFIXES
          ? loaders.entity(causeKind as IdKind, causeId)
          : null,
    }),
    metadata: t.field({ type: 'JSON', description: 'Own data.', resolve: ({ metadata }) => metadata }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (transaction, args, context) => moment(transaction.createdAt, args, context),
    }),
    completedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it was posted; null while it is held.',
      resolve: (transaction, args, context) => momentOrNull(transaction.completedAt, args, context),
    }),
  }),
})

const LedgerTransactionFilter = builder.inputType('LedgerTransactionFilter', {
  description: 'Which ledger transactions.',
  fields: (t) => ({
    type: t.field({ type: LedgerTransactionTypeEnum, description: 'What made them.' }),
    state: t.field({ type: LedgerTransactionStateEnum, description: 'Where they stand.' }),
    recipe: t.string({ description: 'The way money moved, by name.' }),
    accountId: t.id({ description: 'Those whose money came from this account.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

export const ledgerTransactions = list({
  name: 'LedgerTransaction',
  type: LedgerTransactionRef,
  table: 'ledger_transaction',
  orders: { CREATED_AT: { column: 'created_at', description: 'When it was made.' } },
  filter: {
    type: LedgerTransactionFilter,
    conditions: ({ type, state, recipe, accountId, createdFrom, createdBefore }) => [
      ...(type ? [equals('type', type)] : []),
      ...(state ? [equals('state', state)] : []),
      ...(recipe ? [equals('recipe', recipe)] : []),
      ...refersTo('account_id', 'Account', accountId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

builder.queryField('ledgerTransaction', (t) =>
  t.field({
    type: LedgerTransactionRef,
    nullable: true,
    description: 'One ledger transaction; null when there is none, or none that the key may see.',
    authScopes: { manager: true },
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeId(args.id)
      return id?.kind === 'LedgerTransaction' ? loaders.one('ledger_transaction', id.uuid) : null
    },
  }),
)
