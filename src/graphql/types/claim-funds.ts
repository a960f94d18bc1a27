import { atLeast, below, equals } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { mutation } from '../mutation.ts'
import { ClaimFundsRef, LedgerTransactionRef, UserRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

ClaimFundsRef.implement({
  description: 'What the organization owes a seller who claimed their account, to be paid to their wallet.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: claim_…', resolve: ({ id }) => encodeId('ClaimFunds', id) }),
    user: t.field({
      type: UserRef,
      description: 'The seller.',
      resolve: async ({ userId }, _args, { loaders }) => {
        const user = await loaders.one('app_user', userId)
        if (!user) throw new Error(`user ${userId} of a claim is gone`)
        return user
      },
    }),
    owed: t.field({
      type: MoneyRef,
      description: 'How much. A refund that takes of it lowers it at the next hour.',
      resolve: ({ owedMinor, currency }) => amount(owedMinor, currency),
    }),
    funded: t.exposeBoolean('funded', { description: 'Whether the organization has said that it paid it.' }),
    fundedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it said so.',
      resolve: (funds, args, context) => momentOrNull(funds.fundedAt, args, context),
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description:
        "How it left the seller's account; null until it is funded, and for keys that may not see the books.",
      resolve: (funds, _args, { loaders }) => (funds.funded ? loaders.postingOf(funds.id) : null),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was computed.',
      resolve: (funds, args, context) => moment(funds.createdAt, args, context),
    }),
  }),
})

const ClaimFundsFilter = builder.inputType('ClaimFundsFilter', {
  description: 'Which claims.',
  fields: (t) => ({
    funded: t.boolean({ description: 'Whether they were paid.' }),
    userId: t.id({ description: 'Those of this seller.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Those in this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Computed at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Computed before this moment.' }),
  }),
})

const claimFunds = list({
  name: 'ClaimFunds',
  type: ClaimFundsRef,
  table: 'claim_funds',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it was computed.' },
    OWED: { column: 'owed_minor', description: 'How much, in minor units.' },
  },
  filter: {
    type: ClaimFundsFilter,
    conditions: ({ funded, userId, currency, createdFrom, createdBefore }) => [
      ...(funded != null ? [equals('funded', funded)] : []),
      ...refersTo('user_id', 'User', userId),
      ...(currency ? [equals('currency', currency)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

builder.queryField('claimFunds', (t) =>
  t.field({
    ...claimFunds.field(t),
    description: 'What is owed, and what was paid, to sellers who claimed their accounts, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => claimFunds.open(context, args),
  }),
)

mutation('triggerTestClaimFunds', {
  description:
    'Test mode: computes at once what a user who claimed their account is owed, as happens by itself at every full hour. What comes of it is among `claimFunds`.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ userId: t.id({ required: true, description: 'The user.' }) }),
  object: { name: 'user', kind: 'User', description: 'The user.' },
  run: (app, call, input) => app.claims.trigger(call, input),
})

mutation('settleClaimFunds', {
  description:
    "The organization says that it has paid what it owed to the seller's wallet: the books take it from their account, once.",
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ id: t.id({ required: true, description: 'The claim.' }) }),
  object: { name: 'claimFunds', kind: 'ClaimFunds', description: 'The claim as it is now.' },
  run: (app, call, input) => app.claims.settle(call, input),
})
