import { atLeast, below, equals, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, refersTo } from '../filters.ts'
import { SubscriptionRef } from '../refs.ts'
import { ProviderEnum } from './provider.ts'
import { BillingUsageEnum, SubscriptionStatusEnum } from './subscription-enums.ts'

const SubscriptionFilter = builder.inputType('SubscriptionFilter', {
  description: 'Which subscriptions.',
  fields: (t) => ({
    status: t.field({ type: [SubscriptionStatusEnum], description: 'Those that stand at one of these.' }),
    usage: t.field({ type: BillingUsageEnum, description: 'What they bill.' }),
    provider: t.field({ type: ProviderEnum, description: 'Who bills them.' }),
    providerId: t.string({ description: 'The one with this id at its provider, as {{UUID}} carries it too.' }),
    customerId: t.id({ description: 'Those of this customer.' }),
    productId: t.id({ description: 'Those of this product.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Begun at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Begun before this moment.' }),
  }),
})

export const subscriptions = list({
  name: 'Subscription',
  type: SubscriptionRef,
  table: 'subscription',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it began.' },
    UPDATED_AT: { column: 'updated_at', description: 'When it last changed.' },
  },
  filter: {
    type: SubscriptionFilter,
    conditions: ({ status, usage, provider, providerId, customerId, productId, createdFrom, createdBefore }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(usage ? [equals('usage', usage)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...(providerId != null ? calledAtProvider(providerId) : []),
      ...refersTo('customer_id', 'Customer', customerId),
      ...refersTo('product_id', 'Product', productId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

builder.queryFields((t) => ({
  subscription: t.field({
    type: SubscriptionRef,
    nullable: true,
    description: 'One subscription; null when there is none, or none that the credential may see.',
    authScopes: { credential: true },
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeId(args.id)
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
