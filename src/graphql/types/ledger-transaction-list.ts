import { atLeast, below, type Condition, equals } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { amountIn, hasMetadata, refersTo } from '../filters.ts'
import { LedgerTransactionRef } from '../refs.ts'
import { AmountRange, MetadataFilter } from './filter-inputs.ts'
import { LedgerTransactionStateEnum, LedgerTransactionTypeEnum } from './ledger-transaction.ts'

export const LedgerTransactionFilter = builder.inputType('LedgerTransactionFilter', {
  description:
    'Conditions on a list of ledger transactions. A transaction must match all that are given. INTERNAL transactions are left out unless they are asked for.',
  fields: (t) => ({
    type: t.field({ type: LedgerTransactionTypeEnum, description: 'Transactions of this type.' }),
    includeInternal: t.boolean({
      description: 'Whether to include INTERNAL transactions when no type is given. The default is false.',
    }),
    state: t.field({ type: LedgerTransactionStateEnum, description: 'Transactions in this state.' }),
    recipe: t.string({ description: 'Transactions posted by this recipe, e.g. paymentSettled.' }),
    accountId: t.id({ description: 'Transactions that take money from this account.' }),
    destinationId: t.id({ description: 'Transactions with a charge to this account.' }),
    referenceId: t.id({ description: 'Transactions that reverse or refund this one.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Transactions whose total is in this currency.' }),
    total: t.field({ type: AmountRange, description: 'Transactions whose total lies in this range.' }),
    metadata: t.field({ type: [MetadataFilter], description: 'Transactions with all of these metadata values.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Transactions created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Transactions created before this moment.' }),
  }),
})

export const ledgerTransactions = list({
  name: 'LedgerTransaction',
  type: LedgerTransactionRef,
  table: 'ledger_transaction',
  // Ids are in the order of time: a page far back is found by the index in which its rows stand.
  orders: { CREATED_AT: { column: 'id', description: 'When the transaction was created.' } },
  filter: {
    type: LedgerTransactionFilter,
    conditions: ({ state, recipe, accountId, currency, total, metadata, createdFrom, createdBefore, ...wanted }) => [
      ...ofType(wanted.type, wanted.includeInternal),
      ...(state ? [equals('state', state)] : []),
      ...(recipe ? [equals('recipe', recipe)] : []),
      ...refersTo('account_id', 'Account', accountId),
      ...paying(wanted.destinationId),
      ...refersTo('reference_id', 'LedgerTransaction', wanted.referenceId),
      ...(currency ? [equals('currency', currency)] : []),
      ...amountIn('total', total),
      ...hasMetadata(metadata),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

/** The type is written out, not bound, because the indexes over the EXTERNAL ones serve no statement that binds it. */
function ofType(
  type: 'EXTERNAL' | 'INTERNAL' | null | undefined,
  internalToo: boolean | null | undefined,
): Condition[] {
  if (type == null && internalToo === true) return []
  return [{ values: [], sql: (alias) => `${alias}.type = '${type ?? 'EXTERNAL'}'` }]
}

/** Those with a charge to an account, and such charges themselves. */
function paying(destinationId: string | null | undefined): Condition[] {
  return refersTo('destination_id', 'Account', destinationId).map(({ sql, values }) => ({
    values,
    sql: (alias, ...placeholders) =>
      `(${sql(alias, ...placeholders)} OR EXISTS (SELECT FROM ledger_transaction AS part
        WHERE part.tenant_id = ${alias}.tenant_id AND part.parent_id = ${alias}.id AND ${sql('part', ...placeholders)}))`,
  }))
}

const LedgerTransactionBy = builder.inputType('LedgerTransactionBy', {
  description: 'Identifies one ledger transaction by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({ id: t.id({ description: 'The id of the ledger transaction.' }) }),
})

builder.queryField('ledgerTransaction', (t) =>
  t.field({
    type: LedgerTransactionRef,
    nullable: true,
    description: 'Returns one ledger transaction. Null when it does not exist or the key has no access to it.',
    authScopes: { manager: true },
    args: {
      by: t.arg({
        type: LedgerTransactionBy,
        required: true,
        description: 'How the ledger transaction is identified.',
      }),
    },
    resolve: (_root, { by }, { loaders }) => {
      const id = decodeId(by.id ?? '')
      return id?.kind === 'LedgerTransaction' ? loaders.one('ledger_transaction', id.uuid) : null
    },
  }),
)
