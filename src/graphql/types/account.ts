import { atLeast, below, contains, equals } from '../../db/condition.ts'
import type { AccountKind } from '../../db/generated/enums.ts'
import type { AccountRow } from '../../db/rows.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import type { Context } from '../context.ts'
import { amountIn, hasMetadata } from '../filters.ts'
import { AccountRef } from '../refs.ts'
import { entries } from './entry.ts'
import { AmountRange, MetadataFilter } from './filter-inputs.ts'
import { ledgerTransactions } from './ledger-transaction-list.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

export const AccountKindEnum = builder.enumType('AccountKind', {
  description: 'Whose account it is.',
  values: {
    SYSTEM: { description: 'One that the books need, such as fees or what customers paid.' },
    CLIENT: { description: "A seller's or client's own." },
  } satisfies Record<AccountKind, object>,
})

AccountRef.implement({
  description: 'A place where money of one currency is.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: acct_…', resolve: ({ id }) => encodeId('Account', id) }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: "The merchant's own name for it, unique.",
    }),
    name: t.exposeString('name', { nullable: true, description: 'What people call it.' }),
    kind: t.expose('kind', { type: AccountKindEnum, description: 'Whose it is.' }),
    currency: t.expose('currency', { type: 'CurrencyCode', description: 'Its currency.' }),
    frozen: t.exposeBoolean('frozen', { description: 'Whether nothing may move in or out.' }),
    overdraft: t.exposeBoolean('overdraft', { description: 'Whether the balance may fall below zero.' }),
    overdraftLimit: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'How far what is available may fall below zero; null where there is no limit, and for an account without overdraft.',
      resolve: ({ overdraftLimit, currency }) => (overdraftLimit === null ? null : amount(overdraftLimit, currency)),
    }),
    balance: t.field({
      type: MoneyRef,
      description: 'What is posted: now, or at a moment in the past.',
      args: {
        asOf: t.arg({
          type: 'DateTime',
          description: 'The moment, with all that was posted at it; now when left out.',
        }),
      },
      resolve: (account, { asOf }, context) =>
        asOf ? balanceAt(account, asOf, context) : amount(account.balance, account.currency),
    }),
    held: t.field({
      type: MoneyRef,
      description: 'What holds keep back.',
      resolve: ({ held, currency }) => amount(held, currency),
    }),
    available: t.field({
      type: MoneyRef,
      description: 'What can be spent: the balance less what is held.',
      resolve: ({ balance, held, currency }) => amount(balance - held, currency),
    }),
    metadata: t.field({ type: 'JSON', description: 'Own data.', resolve: ({ metadata }) => metadata }),
    entries: t.field({
      ...entries.field(t),
      description: 'What changed the account, newest first.',
      resolve: (account, args, context) =>
        entries.open(context, args, {
          parentId: account.id,
          belongs: (alias, parent) => `${alias}.account_id = ${parent}`,
          column: 'number',
        }),
    }),
    transactions: t.field({
      ...ledgerTransactions.field(t),
      description:
        'The ledger transactions whose money comes from the account, newest first. What it received is among its entries, and in lists filtered by destination.',
      resolve: (account, args, context) =>
        ledgerTransactions.open(context, args, {
          parentId: account.id,
          belongs: (alias, parent) => `${alias}.account_id = ${parent}`,
        }),
    }),
    holds: t.field({
      ...ledgerTransactions.field(t),
      description: 'The holds that keep back money of the account, newest first.',
      resolve: (account, args, context) =>
        ledgerTransactions.open(context, args, {
          parentId: account.id,
          belongs: (alias, parent) => `${alias}.account_id = ${parent} AND ${alias}.state = 'HELD'`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was opened.',
      resolve: (account, args, context) => moment(account.createdAt, args, context),
    }),
  }),
})

async function balanceAt({ tenantId, id, currency }: AccountRow, at: Date, { app, loaders }: Context) {
  const balances = loaders.batch(`balance ${at.toISOString()}`, (ids) => app.ledger.balancesAt(tenantId, ids, at))
  return amount((await balances.load(id)) ?? 0n, currency)
}

export const AccountFilter = builder.inputType('AccountFilter', {
  description: 'Which accounts.',
  fields: (t) => ({
    kind: t.field({ type: AccountKindEnum, description: 'Whose they are.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Their currency.' }),
    frozen: t.boolean({ description: 'Whether nothing may move in or out.' }),
    externalId: t.string({ description: "The merchant's own name for it." }),
    search: t.string({ description: 'Text that the name or the external id contains, up to 100 characters.' }),
    balance: t.field({ type: AmountRange, description: 'What is posted.' }),
    metadata: t.field({ type: [MetadataFilter], description: 'Own data that they have, all of it.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Opened at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Opened before this moment.' }),
  }),
})

export const accounts = list({
  name: 'Account',
  type: AccountRef,
  table: 'account',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it was opened.' },
    BALANCE: { column: 'balance', description: 'What is posted, in minor units.' },
  },
  filter: {
    type: AccountFilter,
    conditions: ({ kind, currency, frozen, externalId, search, balance, metadata, createdFrom, createdBefore }) => [
      ...(kind ? [equals('kind', kind)] : []),
      ...(currency ? [equals('currency', currency)] : []),
      ...(frozen != null ? [equals('frozen', frozen)] : []),
      ...(externalId != null ? [equals('external_id', externalId)] : []),
      ...(search ? [contains(['name', 'external_id'], search)] : []),
      ...amountIn('balance', balance),
      ...hasMetadata(metadata),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const AccountBy = builder.inputType('AccountBy', {
  description: 'Which account: by one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its id.' }),
    externalId: t.string({ description: "The merchant's own name for it." }),
  }),
})

builder.queryFields((t) => ({
  account: t.field({
    type: AccountRef,
    nullable: true,
    description: 'One account; null when there is none, or none that the key may see.',
    authScopes: { manager: true },
    args: { by: t.arg({ type: AccountBy, required: true, description: 'Which.' }) },
    resolve: (_root, { by }, { loaders }) => {
      if (by.externalId != null) return loaders.unique('account', equals('external_id', by.externalId))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Account' ? loaders.one('account', id.uuid) : null
    },
  }),
  accounts: t.field({
    ...accounts.field(t),
    description: 'The accounts, newest first.',
    authScopes: { manager: true },
    resolve: (_root, args, context) => accounts.open(context, args),
  }),
}))
