import { atLeast, below, equals, matches, oneOf } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, hasWords, refersTo } from '../filters.ts'
import { CheckoutRef } from '../refs.ts'
import { CheckoutKindEnum, CheckoutStatusEnum } from './checkout.ts'
import { sells } from './checkout-lines.ts'
import { wordsFilter } from './filter-inputs.ts'
import { ProviderEnum } from './provider.ts'

const CheckoutFilter = builder.inputType('CheckoutFilter', {
  description: 'Conditions on a list of checkouts. A checkout must match all that are given.',
  fields: (t) => ({
    status: t.field({ type: [CheckoutStatusEnum], description: 'Checkouts with one of these statuses.' }),
    kind: t.field({ type: CheckoutKindEnum, description: 'Checkouts of this kind.' }),
    provider: t.field({ type: ProviderEnum, description: 'Checkouts of this provider.' }),
    providerId: t.string({
      description: 'The checkout with this id at its provider, which is also the value of {{UUID}} in `successUrl`.',
    }),
    ...wordsFilter(t, 'Checkouts'),
    productId: t.id({ description: 'Checkouts that sell this product, on any of their lines.' }),
    customerId: t.id({ description: 'Checkouts of this customer.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Checkouts created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Checkouts created before this moment.' }),
  }),
})

const checkouts = list({
  name: 'Checkout',
  type: CheckoutRef,
  table: 'checkout',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the checkout was created.' },
    EXPIRES_AT: { column: 'expires_at', description: 'When the checkout expires.' },
  },
  filter: {
    type: CheckoutFilter,
    conditions: (
      { status, kind, provider, providerId, productId, customerId, createdFrom, createdBefore, ...words },
      context,
    ) => [
      ...hasWords(context, words),
      ...(status ? [oneOf('status', status)] : []),
      ...(kind ? [equals('kind', kind)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...(providerId != null ? calledAtProvider(context, providerId) : []),
      ...sells(productId),
      ...refersTo('customer_id', 'Customer', customerId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const CheckoutBy = builder.inputType('CheckoutBy', {
  description: 'Identifies one checkout by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the checkout.' }),
    reference: t.string({
      description:
        "The merchant's own identifier of the checkout. Of several checkouts with it the newest is returned.",
    }),
  }),
})

builder.queryFields((t) => ({
  checkout: t.field({
    type: CheckoutRef,
    nullable: true,
    description: 'Returns one checkout. Null when it does not exist or the credential has no access to it.',
    authScopes: { credential: true },
    args: { by: t.arg({ type: CheckoutBy, required: true, description: 'How the checkout is identified.' }) },
    resolve: (_root, { by }, { loaders }) => {
      if (by.reference != null) return loaders.newest('checkout', matches('reference', normalText(by.reference)))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Checkout' ? loaders.one('checkout', id.uuid) : null
    },
  }),
  checkouts: t.field({
    ...checkouts.field(t),
    description: 'The checkouts, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => checkouts.open(context, args),
  }),
}))
