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
  description: 'One change of the balance of one account. Entries are never changed or deleted.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the entry: ent_…', resolve: ({ id }) => encodeId('Entry', id) }),
    account: t.field({
      type: AccountRef,
      description: 'The account whose balance changed.',
      resolve: async (entry, _args, { loaders }) => {
        const account = await loaders.one('account', entry.accountId)
        if (!account) throw new Error(`entry ${entry.id} has no account`)
        return account
      },
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      description: 'The ledger transaction that the entry is part of.',
      resolve: async (entry, _args, { loaders }) => {
        const transaction = await loaders.one('ledger_transaction', entry.transactionId)
        if (!transaction) throw new Error(`entry ${entry.id} has no transaction`)
        return transaction
      },
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'The amount of the change: positive for money into the account, negative for money out of it.',
      resolve: (entry) => amount(entry.amount, entry.currency),
    }),
    balanceAfter: t.field({
      type: MoneyRef,
      description: 'The balance of the account after the entry.',
      resolve: (entry) => amount(entry.balanceAfter, entry.currency),
    }),
    at: t.field({
      ...momentField(t),
      description: 'When the entry was posted.',
      resolve: (entry, args, context) => moment(entry.at, args, context),
    }),
  }),
})

const EntryDirection = builder.enumType('EntryDirection', {
  description: 'The direction of the money.',
  values: {
    IN: { description: 'Into the account.' },
    OUT: { description: 'Out of the account.' },
  },
})

const EntryFilter = builder.inputType('EntryFilter', {
  description: 'Conditions on a list of entries. An entry must match all that are given.',
  fields: (t) => ({
    accountId: t.id({ description: 'Entries of this account.' }),
    transactionId: t.id({ description: 'Entries of this ledger transaction.' }),
    direction: t.field({ type: EntryDirection, description: 'Entries with this direction.' }),
    amount: t.field({
      type: AmountRange,
      description: 'Entries whose amount lies in this range. Amounts out of an account are negative.',
    }),
    postedFrom: t.field({ type: 'DateTime', description: 'Entries posted at this moment or later.' }),
    postedBefore: t.field({ type: 'DateTime', description: 'Entries posted before this moment.' }),
  }),
})

export const entries = list({
  name: 'Entry',
  type: EntryRef,
  table: 'entry',
  // Ids are in the order of time, and so are the numbers of an account's entries: a page far back is found by the index
  // in which its rows stand.
  orders: { AT: { column: 'id', description: 'When the entry was posted.' } },
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
