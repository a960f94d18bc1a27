import { atLeast, below, type Condition, equals } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { amountIn, hasMetadata, refersTo } from '../filters.ts'
import { LedgerTransactionRef } from '../refs.ts'
import { AmountRange, MetadataFilter } from './filter-inputs.ts'
import { LedgerTransactionStateEnum, LedgerTransactionTypeEnum } from './ledger-transaction.ts'

export const LedgerTransactionFilter = builder.inputType('LedgerTransactionFilter', {
  description: 'Which ledger transactions. INTERNAL ones are left out unless they are asked for.',
  fields: (t) => ({
    type: t.field({ type: LedgerTransactionTypeEnum, description: 'What made them.' }),
    includeInternal: t.boolean({ description: 'Whether INTERNAL ones are among them when no type is given.' }),
    state: t.field({ type: LedgerTransactionStateEnum, description: 'Where they stand.' }),
    recipe: t.string({ description: 'The way money moved, by name.' }),
    accountId: t.id({ description: 'Those whose money comes from this account.' }),
    destinationId: t.id({ description: 'Those with a charge to this account.' }),
    referenceId: t.id({ description: 'Those that undo or refund this one.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'The currency of the total.' }),
    total: t.field({ type: AmountRange, description: 'How much in all.' }),
    metadata: t.field({ type: [MetadataFilter], description: 'Own data that they have, all of it.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

export const ledgerTransactions = list({
  name: 'LedgerTransaction',
  type: LedgerTransactionRef,
  table: 'ledger_transaction',
  // Ids are in the order of time: a page far back is found by the index in which its rows stand.
  orders: { CREATED_AT: { column: 'id', description: 'When it was made.' } },
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
