import type { LedgerTransactionState, LedgerTransactionType } from '../../db/generated/enums.ts'
import type { LedgerTransactionRow } from '../../db/rows.ts'
import { encodeId, type IdKind, PREFIXES } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { AccountRef, EntryRef, LedgerTransactionRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef, rateText } from './money.ts'

export const LedgerTransactionTypeEnum = builder.enumType('LedgerTransactionType', {
  description: 'What made a ledger transaction.',
  values: {
    EXTERNAL: { description: 'Something that happened outside the books, or was asked for.' },
    INTERNAL: { description: 'The books themselves: one charge of another transaction, or the mirror that undoes it.' },
  } satisfies Record<LedgerTransactionType, object>,
})

export const LedgerTransactionStateEnum = builder.enumType('LedgerTransactionState', {
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

/** A list of what one transaction has is short as a rule, and its rows are read together for a whole page. */
const FEW = { field: 1, multiplier: 5 }

const Charge = builder.objectRef<LedgerTransactionRow>('Charge').implement({
  description: 'What one destination receives of a ledger transaction.',
  fields: (t) => ({
    destination: t.field({
      type: AccountRef,
      description: 'The account that receives it.',
      resolve: async ({ id, destinationId }, _args, { loaders }) => {
        const account = await loaders.linked('account', destinationId)
        if (!account) throw new Error(`charge ${id} has no destination`)
        return account
      },
    }),
    subtotal: t.field({
      type: MoneyRef,
      description: 'How much, in the currency of the account that pays.',
      resolve: ({ total, currency }) => amount(total, currency),
    }),
    converted: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the destination receives, where its currency is another one.',
      resolve: ({ converted, convertedCurrency }) =>
        converted !== null && convertedCurrency !== null ? amount(converted, convertedCurrency) : null,
    }),
    rate: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What one unit of the one currency was worth in the other when the charge was made.',
      resolve: ({ rate }) => (rate === null ? null : rateText(rate)),
    }),
    rounding: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'What the exact conversion is worth more than what the destination receives, in minor units of the destination’s currency: from 0 to less than 1. It is the exchange’s gain, and whole units of it are booked on its account rounding-gains:<currency>. Null where nothing was converted, and for a charge that was rounded half to even.',
      resolve: ({ rounding }) => (rounding === null ? null : rateText(rounding)),
    }),
    refunded: t.field({
      type: MoneyRef,
      description: 'What was given back of the subtotal.',
      resolve: ({ refunded, currency }) => amount(refunded, currency),
    }),
    metadata: t.field({ type: 'JSON', description: 'Own data.', resolve: ({ metadata }) => metadata }),
  }),
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
    refunded: t.field({
      type: MoneyRef,
      description: 'What was given back of the total.',
      resolve: ({ refunded, currency }) => amount(refunded, currency),
    }),
    charges: t.field({
      type: [Charge],
      description: 'What each destination receives of it; none where it was not made with charges.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => loaders.partsOf(transaction.id),
    }),
    parts: t.field({
      type: [LedgerTransactionRef],
      description: 'The INTERNAL transactions behind it, one for each charge.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => loaders.partsOf(transaction.id),
    }),
    parent: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The transaction that this one is a part of.',
      resolve: (transaction, _args, { loaders }) => loaders.linked('ledger_transaction', transaction.parentId),
    }),
    entries: t.field({
      type: [EntryRef],
      description: 'What it did to each account; none while it is held. Those of a part are with the whole.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => loaders.entriesOf(transaction.id),
    }),
    reference: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The transaction that this one undoes or refunds.',
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
    expiresAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the hold is given up by itself; null when it is not, or is no hold.',
      resolve: (transaction, args, context) => momentOrNull(transaction.expiresAt, args, context),
    }),
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
