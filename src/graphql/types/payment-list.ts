import { atLeast, below, type Condition, equals, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, refersTo } from '../filters.ts'
import { PaymentRef } from '../refs.ts'
import { paymentOf } from '../relations.ts'
import { PaymentSourceEnum } from './payment.ts'
import { ProviderEnum } from './provider.ts'
import { TransactionStateEnum } from './transaction-state.ts'

export const PaymentFilter = builder.inputType('PaymentFilter', {
  description: 'Conditions on a list of payments. A payment must match all that are given.',
  fields: (t) => ({
    status: t.field({ type: [TransactionStateEnum], description: 'Payments with one of these statuses.' }),
    source: t.field({ type: PaymentSourceEnum, description: 'Payments that were requested by this.' }),
    provider: t.field({ type: ProviderEnum, description: 'Payments of this provider.' }),
    inSuspense: t.boolean({
      description: 'Payments with an amount on the suspense account, or, when false, without one.',
    }),
    customerId: t.id({ description: 'Payments of this customer.' }),
    productId: t.id({ description: 'Payments for this product.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Payments created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Payments created before this moment.' }),
  }),
})

export const payments = list({
  name: 'Payment',
  type: PaymentRef,
  table: 'payment',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the payment was created.' },
    AMOUNT: { column: 'amount_minor', description: 'The amount in minor units.' },
  },
  filter: {
    type: PaymentFilter,
    conditions: ({ status, source, provider, inSuspense, customerId, productId, createdFrom, createdBefore }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(source ? [equals('source', source)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...waiting(inSuspense),
      ...refersTo('customer_id', 'Customer', customerId),
      ...refersTo('product_id', 'Product', productId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

function waiting(inSuspense: boolean | null | undefined): Condition[] {
  if (inSuspense == null) return []
  return [{ values: [], sql: (alias) => `${alias}.suspense_minor ${inSuspense ? '>' : '='} 0` }]
}

const PaymentBy = builder.inputType('PaymentBy', {
  description: 'Identifies one payment by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the payment.' }),
    providerId: t.string({
      description:
        'The id of the payment at its provider, which is also the value of {{UUID}} in `successUrl` (provider-specific).',
    }),
    checkoutId: t.id({ description: 'The id of the checkout that requested the payment.' }),
  }),
})

builder.queryFields((t) => ({
  payment: t.field({
    type: PaymentRef,
    nullable: true,
    description: 'Returns one payment. Null when it does not exist or the credential has no access to it.',
    authScopes: { credential: true },
    args: { by: t.arg({ type: PaymentBy, required: true, description: 'How the payment is identified.' }) },
    resolve: async (_root, { by }, context) => {
      const { loaders } = context
      if (by.providerId != null) return loaders.unique('payment', ...calledAtProvider(context, by.providerId))
      const id = decodeId(by.checkoutId ?? by.id ?? '')
      if (by.checkoutId != null) return id?.kind === 'Checkout' ? paymentOf(loaders, id.uuid) : null
      return id?.kind === 'Payment' ? loaders.one('payment', id.uuid) : null
    },
  }),
  payments: t.field({
    ...payments.field(t),
    description: 'The payments, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => payments.open(context, args),
  }),
}))
