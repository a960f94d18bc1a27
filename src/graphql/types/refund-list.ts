import { atLeast, below, type Condition, equals, matches, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { hasWords, refersTo } from '../filters.ts'
import { RefundRef } from '../refs.ts'
import { refundOf } from '../relations.ts'
import { wordsFilter } from './filter-inputs.ts'
import { ProviderEnum } from './provider.ts'
import { RefundStatusEnum } from './refund.ts'

const RefundFilter = builder.inputType('RefundFilter', {
  description: 'Conditions on a list of refunds. A refund must match all that are given.',
  fields: (t) => ({
    active: t.boolean({
      description: "Refunds that are waiting for the merchant's answer, or, when false, that are not.",
    }),
    status: t.field({ type: [RefundStatusEnum], description: 'Refunds with one of these statuses.' }),
    provider: t.field({ type: ProviderEnum, description: 'Refunds of this provider.' }),
    ...wordsFilter(t, 'Refunds'),
    paymentId: t.id({ description: 'Refunds of this payment.' }),
    customerId: t.id({ description: 'Refunds of payments of this customer.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Refunds requested at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Refunds requested before this moment.' }),
  }),
})

export const refunds = list({
  name: 'Refund',
  type: RefundRef,
  table: 'refund',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the refund was requested.' },
    AMOUNT: { column: 'amount_minor', description: 'The amount in minor units.' },
  },
  filter: {
    type: RefundFilter,
    conditions: (
      { active, status, provider, paymentId, customerId, createdFrom, createdBefore, ...words },
      context,
    ) => [
      ...hasWords(context, words),
      ...waiting(active),
      ...(status ? [oneOf('status', status)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...refersTo('payment_id', 'Payment', paymentId),
      ...refersTo('customer_id', 'Customer', customerId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

function waiting(active: boolean | null | undefined): Condition[] {
  if (active == null) return []
  return [{ values: [], sql: (alias) => `${alias}.status ${active ? '=' : '<>'} 'PENDING'` }]
}

const RefundBy = builder.inputType('RefundBy', {
  description: 'Identifies one refund by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the refund.' }),
    reference: t.string({
      description: "The merchant's own identifier of the refund. Of several refunds with it the newest is returned.",
    }),
    paymentId: t.id({ description: 'The id of the refunded payment. Of several refunds the latest is returned.' }),
  }),
})

builder.queryFields((t) => ({
  refund: t.field({
    type: RefundRef,
    nullable: true,
    description: 'Returns one refund. Null when it does not exist or the key has no access to it.',
    authScopes: { key: true },
    args: { by: t.arg({ type: RefundBy, required: true, description: 'How the refund is identified.' }) },
    resolve: async (_root, { by }, { loaders }) => {
      if (by.reference != null) return loaders.newest('refund', matches('reference', normalText(by.reference)))
      const id = decodeId(by.id ?? by.paymentId ?? '')
      if (by.id != null) return id?.kind === 'Refund' ? loaders.one('refund', id.uuid) : null
      return id?.kind === 'Payment' ? refundOf(loaders, id.uuid) : null
    },
  }),
  refunds: t.field({
    ...refunds.field(t),
    description: 'The refunds, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => refunds.open(context, args),
  }),
}))
