import { atLeast, below, equals, matches, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, hasWords, refersTo } from '../filters.ts'
import { SubscriptionRef } from '../refs.ts'
import { wordsFilter } from './filter-inputs.ts'
import { ProviderEnum } from './provider.ts'
import { BillingUsageEnum, SubscriptionStatusEnum } from './subscription-enums.ts'

export const SubscriptionFilter = builder.inputType('SubscriptionFilter', {
  description: 'Conditions on a list of subscriptions. A subscription must match all that are given.',
  fields: (t) => ({
    status: t.field({ type: [SubscriptionStatusEnum], description: 'Subscriptions with one of these statuses.' }),
    usage: t.field({ type: BillingUsageEnum, description: 'Subscriptions that bill this.' }),
    provider: t.field({ type: ProviderEnum, description: 'Subscriptions of this provider.' }),
    providerId: t.string({
      description:
        'The subscription with this id at its provider, which is also the value of {{UUID}} in `successUrl`.',
    }),
    ...wordsFilter(t, 'Subscriptions'),
    customerId: t.id({ description: 'Subscriptions of this customer.' }),
    productId: t.id({ description: 'Subscriptions to this product.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Subscriptions created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Subscriptions created before this moment.' }),
  }),
})

export const subscriptions = list({
  name: 'Subscription',
  type: SubscriptionRef,
  table: 'subscription',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the subscription was created.' },
    UPDATED_AT: { column: 'updated_at', description: 'When the subscription was last changed.' },
  },
  filter: {
    type: SubscriptionFilter,
    conditions: (
      { status, usage, provider, providerId, customerId, productId, createdFrom, createdBefore, ...words },
      context,
    ) => [
      ...hasWords(context, words),
      ...(status ? [oneOf('status', status)] : []),
      ...(usage ? [equals('usage', usage)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...(providerId != null ? calledAtProvider(context, providerId) : []),
      ...refersTo('customer_id', 'Customer', customerId),
      ...refersTo('product_id', 'Product', productId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const SubscriptionBy = builder.inputType('SubscriptionBy', {
  description: 'Identifies one subscription by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the subscription.' }),
    reference: t.string({
      description:
        "The merchant's own identifier of the checkout that started the subscription. Of several subscriptions with it the newest is returned.",
    }),
  }),
})

builder.queryFields((t) => ({
  subscription: t.field({
    type: SubscriptionRef,
    nullable: true,
    description: 'Returns one subscription. Null when it does not exist or the credential has no access to it.',
    authScopes: { credential: true },
    args: { by: t.arg({ type: SubscriptionBy, required: true, description: 'How the subscription is identified.' }) },
    resolve: (_root, { by }, { loaders }) => {
      if (by.reference != null) return loaders.newest('subscription', matches('reference', normalText(by.reference)))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Subscription' ? loaders.one('subscription', id.uuid) : null
    },
  }),
  subscriptions: t.field({
    ...subscriptions.field(t),
    description: 'The subscriptions, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => subscriptions.open(context, args),
  }),
}))
