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
  description: 'The owner of an account.',
  values: {
    SYSTEM: { description: 'An account of the ledger itself, e.g. for fees or for customer payments.' },
    CLIENT: { description: 'The account of a seller or of a client of the merchant.' },
  } satisfies Record<AccountKind, object>,
})

AccountRef.implement({
  description: 'A ledger account. It holds money in one currency.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the account: acct_…', resolve: ({ id }) => encodeId('Account', id) }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: "The merchant's own identifier of the account, unique. Null when none was given.",
    }),
    name: t.exposeString('name', {
      nullable: true,
      description: 'The display name of the account. Null when none was given.',
    }),
    kind: t.expose('kind', {
      type: AccountKindEnum,
      description: 'Whether the account belongs to the ledger itself or to a client.',
    }),
    currency: t.expose('currency', { type: 'CurrencyCode', description: 'The currency of the account.' }),
    frozen: t.exposeBoolean('frozen', {
      description: 'Whether the account is frozen: money can move neither into it nor out of it.',
    }),
    overdraft: t.exposeBoolean('overdraft', { description: 'Whether the available balance may fall below zero.' }),
    overdraftLimit: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'How far the available balance may fall below zero. Null when there is no limit, and for an account without overdraft.',
      resolve: ({ overdraftLimit, currency }) => (overdraftLimit === null ? null : amount(overdraftLimit, currency)),
    }),
    balance: t.field({
      type: MoneyRef,
      description: 'The posted balance: the sum of all entries of the account, including amounts on hold.',
      args: {
        asOf: t.arg({
          type: 'DateTime',
          description:
            'The moment at which the balance is taken, including everything posted at that moment. The default is the current balance.',
        }),
      },
      resolve: (account, { asOf }, context) =>
        asOf ? balanceAt(account, asOf, context) : amount(account.balance, account.currency),
    }),
    held: t.field({
      type: MoneyRef,
      description: 'The amount reserved by holds. It is still part of the balance, but cannot be spent.',
      resolve: ({ held, currency }) => amount(held, currency),
    }),
    available: t.field({
      type: MoneyRef,
      description: 'The available balance: the posted balance minus the amount on hold.',
      resolve: ({ balance, held, currency }) => amount(balance - held, currency),
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the account.',
      resolve: ({ metadata }) => metadata,
    }),
    entries: t.field({
      ...entries.field(t),
      description: 'The entries of the account, newest first.',
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
        'The ledger transactions that take money from the account, newest first. Money that the account received is found in `entries`, and in transaction lists filtered by `destinationId`.',
      resolve: (account, args, context) =>
        ledgerTransactions.open(context, args, {
          parentId: account.id,
          belongs: (alias, parent) => `${alias}.account_id = ${parent}`,
        }),
    }),
    holds: t.field({
      ...ledgerTransactions.field(t),
      description: 'The open holds that reserve money of the account, newest first.',
      resolve: (account, args, context) =>
        ledgerTransactions.open(context, args, {
          parentId: account.id,
          belongs: (alias, parent) => `${alias}.account_id = ${parent} AND ${alias}.state = 'HELD'`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the account was created.',
      resolve: (account, args, context) => moment(account.createdAt, args, context),
    }),
  }),
})

async function balanceAt({ tenantId, id, currency }: AccountRow, at: Date, { app, loaders }: Context) {
  const balances = loaders.batch(`balance ${at.toISOString()}`, (ids) => app.ledger.balancesAt(tenantId, ids, at))
  return amount((await balances.load(id)) ?? 0n, currency)
}

export const AccountFilter = builder.inputType('AccountFilter', {
  description: 'Conditions on a list of accounts. An account must match all that are given.',
  fields: (t) => ({
    kind: t.field({ type: AccountKindEnum, description: 'Accounts of this kind.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Accounts in this currency.' }),
    frozen: t.boolean({ description: 'Accounts that are frozen, or, when false, that are not.' }),
    externalId: t.string({ description: 'The account with this external id.' }),
    search: t.string({
      description: 'Accounts whose name or external id contains this text, ignoring case. Up to 100 characters.',
    }),
    balance: t.field({ type: AmountRange, description: 'Accounts whose posted balance lies in this range.' }),
    metadata: t.field({ type: [MetadataFilter], description: 'Accounts with all of these metadata values.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Accounts created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Accounts created before this moment.' }),
  }),
})

export const accounts = list({
  name: 'Account',
  type: AccountRef,
  table: 'account',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the account was created.' },
    BALANCE: { column: 'balance', description: 'The posted balance in minor units.' },
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
  description: 'Identifies one account by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the account.' }),
    externalId: t.string({ description: "The merchant's own identifier of the account." }),
  }),
})

builder.queryFields((t) => ({
  account: t.field({
    type: AccountRef,
    nullable: true,
    description: 'Returns one account. Null when it does not exist or the key has no access to it.',
    authScopes: { manager: true },
    args: { by: t.arg({ type: AccountBy, required: true, description: 'How the account is identified.' }) },
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
