import { atLeast, below, type Condition, equals, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { RefundRef } from '../refs.ts'
import { ProviderEnum } from './provider.ts'
import { RefundStatusEnum } from './refund.ts'

const RefundFilter = builder.inputType('RefundFilter', {
  description: 'Which refunds.',
  fields: (t) => ({
    active: t.boolean({ description: 'Those that wait for an answer, or, when false, those that have one.' }),
    status: t.field({ type: [RefundStatusEnum], description: 'Those that stand at one of these.' }),
    provider: t.field({ type: ProviderEnum, description: 'Who gives them back.' }),
    paymentId: t.id({ description: 'Those of this payment.' }),
    customerId: t.id({ description: 'Those that this customer asked for.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Asked for at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Asked for before this moment.' }),
  }),
})

export const refunds = list({
  name: 'Refund',
  type: RefundRef,
  table: 'refund',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the customer asked.' },
    AMOUNT: { column: 'amount_minor', description: 'How much, in minor units.' },
  },
  filter: {
    type: RefundFilter,
    conditions: ({ active, status, provider, paymentId, customerId, createdFrom, createdBefore }) => [
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
  description: 'Which refund: by one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its id.' }),
    paymentId: t.id({ description: 'The payment whose money it is; of several the latest.' }),
  }),
})

builder.queryFields((t) => ({
  refund: t.field({
    type: RefundRef,
    nullable: true,
    description: 'One refund; null when there is none, or none that the key may see.',
    authScopes: { key: true },
    args: { by: t.arg({ type: RefundBy, required: true, description: 'Which.' }) },
    resolve: async (_root, { by }, { loaders }) => {
      const id = decodeId(by.id ?? by.paymentId ?? '')
      if (by.id != null) return id?.kind === 'Refund' ? loaders.one('refund', id.uuid) : null
      return id?.kind === 'Payment' ? loaders.refundOf(id.uuid) : null
    },
  }),
  refunds: t.field({
    ...refunds.field(t),
    description: 'The refunds, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => refunds.open(context, args),
  }),
}))
