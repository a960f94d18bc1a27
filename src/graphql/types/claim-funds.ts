import { atLeast, below, equals } from '../../db/condition.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { mutation } from '../mutation.ts'
import { ClaimFundsRef, LedgerTransactionRef, UserRef } from '../refs.ts'
import { postingOf } from '../relations.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'

ClaimFundsRef.implement({
  description:
    "The earnings that the organization held for a seller and owes them since they claimed their account. The organization pays them to the seller's wallet.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the claim: claim_…', resolve: ({ id }) => encodeId('ClaimFunds', id) }),
    user: t.field({
      type: UserRef,
      description: 'The seller who is owed.',
      resolve: async ({ userId }, _args, { loaders }) => {
        const user = await loaders.one('app_user', userId)
        if (!user) throw new Error(`user ${userId} of a claim is gone`)
        return user
      },
    }),
    owed: t.field({
      type: MoneyRef,
      description: "The amount owed. Refunds of the seller's payments reduce it at the next full hour.",
      resolve: ({ owedMinor, currency }) => amount(owedMinor, currency),
    }),
    funded: t.exposeBoolean('funded', {
      description: 'Whether the organization has confirmed that it paid the amount.',
    }),
    fundedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the organization confirmed the payment. Null until then.',
      resolve: (funds, args, context) => momentOrNull(funds.fundedAt, args, context),
    }),
    transaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description:
        "The ledger transaction that takes the amount from the seller's account. Null until the claim is paid, and for keys without access to the ledger.",
      resolve: (funds, _args, { loaders }) => (funds.funded ? postingOf(loaders, funds.id) : null),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the claim was created.',
      resolve: (funds, args, context) => moment(funds.createdAt, args, context),
    }),
  }),
})

const ClaimFundsFilter = builder.inputType('ClaimFundsFilter', {
  description: 'Conditions on a list of claims. A claim must match all that are given.',
  fields: (t) => ({
    funded: t.boolean({ description: 'Claims that are paid, or, when false, that are not.' }),
    userId: t.id({ description: 'Claims of this seller.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Claims in this currency.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Claims created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Claims created before this moment.' }),
  }),
})

const claimFunds = list({
  name: 'ClaimFunds',
  type: ClaimFundsRef,
  table: 'claim_funds',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the claim was created.' },
    OWED: { column: 'owed_minor', description: 'The amount owed, in minor units.' },
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
    description: 'The amounts that are owed or were paid to sellers who claimed their accounts, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => claimFunds.open(context, args),
  }),
)

mutation('triggerTestClaimFunds', {
  description:
    'Test mode only. Calculates now what is owed to a user who claimed their account, which otherwise happens at every full hour. The result is listed in `claimFunds`.',
  scope: 'manager',
  idempotency: 'optional',
  input: (t) => ({ userId: t.id({ required: true, description: 'The id of the user.' }) }),
  object: { name: 'user', kind: 'User', description: 'The user.' },
  run: (app, call, input) => app.claims.trigger(call, input),
})

mutation('settleClaimFunds', {
  description:
    "Confirms that the organization paid a claim to the seller's wallet. The ledger takes the amount from the seller's account, once. No money is sent by this mutation.",
  scope: 'manager',
  idempotency: 'required',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the claim.' }) }),
  object: { name: 'claimFunds', kind: 'ClaimFunds', description: 'The claim after the change.' },
  run: (app, call, input) => app.claims.settle(call, input),
})
