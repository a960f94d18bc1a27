import { atLeast, below, type Condition, equals, matches, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { amountIn, calledAtProvider, cameBy, hasWords, ofCustomerWithEmail, refersTo } from '../filters.ts'
import { PaymentRef } from '../refs.ts'
import { paymentOf } from '../relations.ts'
import { AmountRange, wordsFilter } from './filter-inputs.ts'
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
    ...wordsFilter(t, 'Payments'),
    customerId: t.id({ description: 'Payments of this customer.' }),
    customerEmail: t.string({
      description:
        'Payments of the customers with this e-mail address, ignoring case, or with whom a customer who had it was merged. Deleted customers count too.',
    }),
    productId: t.id({ description: 'Payments for this product.' }),
    subscriptionId: t.id({ description: 'Payments of this subscription.' }),
    sellerId: t.id({ description: 'Payments of this seller.' }),
    transactionHash: t.string({
      description: 'Payments whose money came in by the transfer with this hash. Case counts.',
    }),
    currency: t.field({ type: 'CurrencyCode', description: 'Payments whose `amount` is in this currency.' }),
    amount: t.field({ type: AmountRange, description: 'Payments whose `amount` is in this range.' }),
    settledFrom: t.field({ type: 'DateTime', description: 'Payments settled at this moment or later.' }),
    settledBefore: t.field({ type: 'DateTime', description: 'Payments settled before this moment.' }),
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
    conditions: ({ status, source, provider, inSuspense, createdFrom, createdBefore, ...wanted }, context) => [
      ...hasWords(context, wanted),
      ...(status ? [oneOf('status', status)] : []),
      ...(source ? [equals('source', source)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...waiting(inSuspense),
      ...refersTo('customer_id', 'Customer', wanted.customerId),
      ...ofCustomerWithEmail(wanted.customerEmail),
      ...refersTo('product_id', 'Product', wanted.productId),
      ...refersTo('subscription_id', 'Subscription', wanted.subscriptionId),
      ...refersTo('user_id', 'User', wanted.sellerId),
      ...cameBy(context, wanted.transactionHash),
      ...(wanted.currency ? [matches('currency', wanted.currency)] : []),
      ...amountIn('amount_minor', wanted.amount),
      ...(wanted.settledFrom ? [atLeast('settled_at', wanted.settledFrom)] : []),
      ...(wanted.settledBefore ? [below('settled_at', wanted.settledBefore)] : []),
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
    providerReference: t.string({
      description:
        'The id of the payment at its provider: its `providerId`, which is also the value of {{UUID}} in `successUrl` (provider-specific).',
    }),
    providerId: t.string({
      description: 'The same as `providerReference`.',
      deprecationReason: 'Use `providerReference`.',
    }),
    reference: t.string({
      description: "The merchant's own identifier of the payment. Of several payments with it the newest is returned.",
    }),
    transactionHash: t.string({
      description:
        'The hash of a transfer by which money of the payment came in. Of several payments with it the newest is returned.',
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
      const called = by.providerReference ?? by.providerId
      if (called != null) return loaders.unique('payment', ...calledAtProvider(context, called))
      if (by.reference != null) return loaders.newest('payment', matches('reference', normalText(by.reference)))
      if (by.transactionHash != null) return loaders.newest('payment', ...cameBy(context, by.transactionHash))
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
