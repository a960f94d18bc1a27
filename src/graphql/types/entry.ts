import { above, atLeast, below } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { amountIn, refersTo } from '../filters.ts'
import { AccountRef, EntryRef, LedgerTransactionRef } from '../refs.ts'
import { AmountRange } from './filter-inputs.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

EntryRef.implement({
  description: 'One change of one account. Never changed, never deleted.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: ent_…', resolve: ({ id }) => encodeId('Entry', id) }),
    account: t.field({
      type: AccountRef,
      description: 'The account that changed.',
      resolve: async (entry, _args, { loaders }) => {
        const account = await loaders.one('account', entry.accountId)
        if (!account) throw new Error(`entry ${entry.id} has no account`)
        return account
      },
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      description: 'What it is a part of.',
      resolve: async (entry, _args, { loaders }) => {
        const transaction = await loaders.one('ledger_transaction', entry.transactionId)
        if (!transaction) throw new Error(`entry ${entry.id} has no transaction`)
        return transaction
      },
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'By how much: above zero into the account, below zero out of it.',
      resolve: (entry) => amount(entry.amount, entry.currency),
    }),
    balanceAfter: t.field({
      type: MoneyRef,
      description: 'The balance of the account after it.',
      resolve: (entry) => amount(entry.balanceAfter, entry.currency),
    }),
    at: t.field({
      ...momentField(t),
      description: 'When it was posted.',
      resolve: (entry, args, context) => moment(entry.at, args, context),
    }),
  }),
})

const EntryDirection = builder.enumType('EntryDirection', {
  description: 'Which way the money went.',
  values: {
    IN: { description: 'Into the account.' },
    OUT: { description: 'Out of the account.' },
  },
})

const EntryFilter = builder.inputType('EntryFilter', {
  description: 'Which entries.',
  fields: (t) => ({
    accountId: t.id({ description: 'Those of this account.' }),
    transactionId: t.id({ description: 'Those of this ledger transaction.' }),
    direction: t.field({ type: EntryDirection, description: 'Which way the money went.' }),
    amount: t.field({ type: AmountRange, description: 'By how much: below zero out of the account.' }),
    postedFrom: t.field({ type: 'DateTime', description: 'Posted at this moment or later.' }),
    postedBefore: t.field({ type: 'DateTime', description: 'Posted before this moment.' }),
  }),
})

export const entries = list({
  name: 'Entry',
  type: EntryRef,
  table: 'entry',
  // Ids are in the order of time, and so are the numbers of an account's entries: a page far back is found by the index
  // in which its rows stand.
  orders: { AT: { column: 'id', description: 'When it was posted.' } },
  column: ({ accountId }) => (accountId == null ? undefined : 'number'),
  filter: {
    type: EntryFilter,
    conditions: ({ accountId, transactionId, direction, amount, postedFrom, postedBefore }) => [
      ...refersTo('account_id', 'Account', accountId),
      ...refersTo('transaction_id', 'LedgerTransaction', transactionId),
      ...(direction ? [direction === 'IN' ? above('amount', 0) : below('amount', 0)] : []),
      ...amountIn('amount', amount),
      ...(postedFrom ? [atLeast('at', postedFrom)] : []),
      ...(postedBefore ? [below('at', postedBefore)] : []),
    ],
  },
})
