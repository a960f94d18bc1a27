import type { LedgerTransactionState, LedgerTransactionType } from '../../db/generated/enums.ts'
import type { LedgerTransactionRow } from '../../db/rows.ts'
import { encodeId, type IdKind, PREFIXES } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { readEntity } from '../nodes.ts'
import { AccountRef, EntryRef, LedgerTransactionRef } from '../refs.ts'
import { entriesOf, partsOf } from '../relations.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef, rateText } from './money.ts'

export const LedgerTransactionTypeEnum = builder.enumType('LedgerTransactionType', {
  description: 'The origin of a ledger transaction.',
  values: {
    EXTERNAL: {
      description: 'Created by an API request or by something that happened outside the ledger, such as a payment.',
    },
    INTERNAL: {
      description: 'Created by the ledger itself: one charge of another transaction, or the reversal of a transaction.',
    },
  } satisfies Record<LedgerTransactionType, object>,
})

export const LedgerTransactionStateEnum = builder.enumType('LedgerTransactionState', {
  description: 'The state of a ledger transaction.',
  values: {
    HELD: { description: 'An open hold: the amount is reserved, but not posted.' },
    COMPLETED: { description: 'The transaction is posted.' },
    DECLINED: { description: 'The hold was declined or expired. Nothing was posted.' },
    PARTIALLY_REFUNDED: { description: 'The transaction is posted, and a part of it was refunded.' },
    REFUNDED: { description: 'The transaction is posted, and all of it was refunded.' },
    ROLLED_BACK: { description: 'The transaction was posted and then reversed.' },
  } satisfies Record<LedgerTransactionState, object>,
})

/** A list of what one transaction has is short as a rule, and its rows are read together for a whole page. */
const FEW = { field: 1, multiplier: 5 }

const Charge = builder.objectRef<LedgerTransactionRow>('Charge').implement({
  description: 'The share of one destination in a ledger transaction.',
  fields: (t) => ({
    destination: t.field({
      type: AccountRef,
      description: 'The account that receives the share.',
      resolve: async ({ id, destinationId }, _args, { loaders }) => {
        const account = await loaders.linked('account', destinationId)
        if (!account) throw new Error(`charge ${id} has no destination`)
        return account
      },
    }),
    subtotal: t.field({
      type: MoneyRef,
      description: 'The amount in the currency of the account that pays.',
      resolve: ({ total, currency }) => amount(total, currency),
    }),
    converted: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'The amount that the destination receives in its own currency. Null when nothing was converted.',
      resolve: ({ converted, convertedCurrency }) =>
        converted !== null && convertedCurrency !== null ? amount(converted, convertedCurrency) : null,
    }),
    rate: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        "The exchange rate of the conversion: the value of one major unit of the paying currency in major units of the destination's currency. Null when nothing was converted.",
      resolve: ({ rate }) => (rate === null ? null : rateText(rate)),
    }),
    rounding: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        "The part of the exact conversion that was rounded off, in minor units of the destination's currency: from 0 to less than 1. Conversions are rounded down, and whole units of the remainders are booked on the account rounding-gains:<currency>. Null when nothing was converted, and for a charge that was rounded half to even.",
      resolve: ({ rounding }) => (rounding === null ? null : rateText(rounding)),
    }),
    refunded: t.field({
      type: MoneyRef,
      description: 'The amount of the subtotal that was refunded.',
      resolve: ({ refunded, currency }) => amount(refunded, currency),
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the charge.',
      resolve: ({ metadata }) => metadata,
    }),
  }),
})

LedgerTransactionRef.implement({
  description:
    'A movement of money between accounts. The sum of its entries is zero in each currency, and entries are never changed.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({
      description: 'The id of the transaction: txn_…',
      resolve: ({ id }) => encodeId('LedgerTransaction', id),
    }),
    type: t.expose('type', { type: LedgerTransactionTypeEnum, description: 'The origin of the transaction.' }),
    state: t.expose('state', { type: LedgerTransactionStateEnum, description: 'The state of the transaction.' }),
    recipe: t.exposeString('recipe', {
      description: 'The name of the posting rule that created the entries, e.g. paymentSettled.',
    }),
    account: t.field({
      type: AccountRef,
      description: 'The account that the money is taken from.',
      resolve: async (transaction, _args, { loaders }) => {
        const account = await loaders.one('account', transaction.accountId)
        if (!account) throw new Error(`transaction ${transaction.id} has no account`)
        return account
      },
    }),
    total: t.field({
      type: MoneyRef,
      description: 'The total amount.',
      resolve: ({ total, currency }) => amount(total, currency),
    }),
    refunded: t.field({
      type: MoneyRef,
      description: 'The amount of the total that was refunded.',
      resolve: ({ refunded, currency }) => amount(refunded, currency),
    }),
    charges: t.field({
      type: [Charge],
      description: 'The share of each destination. Empty for a transaction that was created without charges.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => partsOf(loaders, transaction.id),
    }),
    parts: t.field({
      type: [LedgerTransactionRef],
      description: 'The INTERNAL transactions of this transaction, one for each charge.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => partsOf(loaders, transaction.id),
    }),
    parent: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The transaction that this INTERNAL transaction belongs to. Null for others.',
      resolve: (transaction, _args, { loaders }) => loaders.linked('ledger_transaction', transaction.parentId),
    }),
    entries: t.field({
      type: [EntryRef],
      description:
        'The changes of account balances. Empty while the transaction is a hold, and for INTERNAL charges, whose entries belong to `parent`.',
      complexity: FEW,
      resolve: (transaction, _args, { loaders }) => entriesOf(loaders, transaction.id),
    }),
    reference: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The transaction that this one reverses or refunds. Null for others.',
      resolve: (transaction, _args, { loaders }) => loaders.linked('ledger_transaction', transaction.referenceId),
    }),
    cause: t.field({
      type: builder.nodeInterfaceRef(),
      nullable: true,
      description: 'The object for which the transaction was posted, e.g. the payment. Null when there is none.',
      resolve: ({ causeKind, causeId }, _args, { loaders }) =>
        causeKind !== null && causeId !== null && causeKind in PREFIXES
          ? readEntity(loaders, causeKind as IdKind, causeId)
          : null,
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the transaction.',
      resolve: ({ metadata }) => metadata,
    }),
    expiresAt: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'When the hold is declined automatically. Null for a hold without an expiry, and for other transactions.',
      resolve: (transaction, args, context) => momentOrNull(transaction.expiresAt, args, context),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the transaction was created.',
      resolve: (transaction, args, context) => moment(transaction.createdAt, args, context),
    }),
    completedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the transaction was posted. Null for a hold that is not completed.',
      resolve: (transaction, args, context) => momentOrNull(transaction.completedAt, args, context),
    }),
  }),
})
