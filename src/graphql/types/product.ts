import { atLeast, below, bytewise, contains, equals, isNull } from '../../db/condition.ts'

import { decodeId, encodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { refersTo } from '../filters.ts'
import { present } from '../loaders.ts'
import { mutation } from '../mutation.ts'
import { ProductRef } from '../refs.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyInput, MoneyRef } from './money.ts'
import { ProviderLinkRef } from './provider.ts'
import { sellerArg, sellerField } from './seller.ts'

ProductRef.implement({
  description: 'Something that is sold.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: prod_…', resolve: ({ id }) => encodeId('Product', id) }),
    reference: t.exposeString('reference', {
      description: "The merchant's own name for it; the id when none was given.",
    }),
    name: t.exposeString('name', { description: 'What customers read.' }),
    description: t.exposeString('description', { description: 'What customers read below the name.' }),
    price: t.field({
      type: MoneyRef,
      description: 'What it costs.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    active: t.exposeBoolean('active', { description: 'Whether it can be sold.' }),
    metadata: t.field({ type: 'JSON', description: "The merchant's own data.", resolve: ({ metadata }) => metadata }),
    seller: sellerField(t),
    providerLinks: t.field({
      type: [ProviderLinkRef],
      description: 'What providers call it, where they keep a copy.',
      resolve: (product, _args, { loaders }) => loaders.links(product.id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it was made.',
      resolve: (product, args, context) => moment(product.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When it last changed.',
      resolve: (product, args, context) => moment(product.updatedAt, args, context),
    }),
  }),
})

const ProductFilter = builder.inputType('ProductFilter', {
  description: 'Which products.',
  fields: (t) => ({
    active: t.boolean({ description: 'Whether they can be sold.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'The currency of the price.' }),
    search: t.string({
      description: 'Text that the name, the description or the reference contains, up to 100 characters.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

const products = list({
  name: 'Product',
  type: ProductRef,
  table: 'product',
  where: [isNull('deleted_at')],
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it was made.' },
    UPDATED_AT: { column: 'updated_at', description: 'When it last changed.' },
    NAME: { column: bytewise('name'), description: 'The name.' },
  },
  filter: {
    type: ProductFilter,
    conditions: ({ active, currency, search, createdFrom, createdBefore }) => [
      ...(active != null ? [equals('active', active)] : []),
      ...(currency ? [equals('currency', currency)] : []),
      ...(search ? [contains(['name', 'description', 'reference'], search)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

const ProductBy = builder.inputType('ProductBy', {
  description: 'Which product: by one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its id.' }),
    reference: t.string({ description: "The merchant's own name for it." }),
  }),
})

builder.queryFields((t) => ({
  product: t.field({
    type: ProductRef,
    nullable: true,
    description: 'One product; null when there is none, or none that the key may see.',
    authScopes: { key: true },
    args: { by: t.arg({ type: ProductBy, required: true, description: 'Which.' }), sellerId: sellerArg(t) },
    resolve: async (_root, { by, sellerId }, { loaders }) => {
      const owner = refersTo('user_id', 'User', sellerId)
      if (by.reference != null) return loaders.named('product', owner, equals('reference', normalText(by.reference)))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Product' ? present(await loaders.one('product', id.uuid)) : null
    },
  }),
  products: t.field({
    ...products.field(t),
    description: 'The products, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => products.open(context, args),
  }),
}))

mutation('createProduct', {
  description: 'Makes a product.',
  idempotency: 'optional',
  defaults: { metadata: {} },
  input: (t) => ({
    name: t.string({ required: true, description: 'What customers read: 1 to 100 characters.' }),
    description: t.string({ required: true, description: 'What customers read below the name: 1 to 500 characters.' }),
    price: t.field({ type: MoneyInput, required: true, description: 'What it costs: above zero.' }),
    reference: t.string({
      description:
        "The merchant's own name for it, unique among the seller's products, or among the organization's own: 1 to 100 characters without /.",
    }),
    metadata: t.field({ type: 'JSON', description: 'Own data: at most 24 keys with text, numbers or booleans.' }),
  }),
  object: { name: 'product', kind: 'Product', description: 'The product.' },
  run: (app, call, input) => app.products.create(call, input),
})

mutation('updateProduct', {
  description: 'Changes a product. What is left out stays as it is; checkouts that are open keep the old price.',
  idempotency: 'optional',
  input: (t) => ({
    id: t.id({ required: true, description: 'The product.' }),
    name: t.string({ description: 'What customers read: 1 to 100 characters.' }),
    description: t.string({ description: 'What customers read below the name: 1 to 500 characters.' }),
    price: t.field({ type: MoneyInput, description: 'What it costs: above zero.' }),
    active: t.boolean({ description: 'Whether it can be sold.' }),
    metadata: t.field({ type: 'JSON', description: 'Own data, in place of what there is.' }),
  }),
  object: { name: 'product', kind: 'Product', description: 'The product as it is now.' },
  run: (app, call, input) => app.products.update(call, input),
})

mutation('deleteProduct', {
  description: 'Hides a product. Checkouts and payments of it keep it.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The product.' }) }),
  object: { name: 'product', kind: 'Product', description: 'The product as it was.' },
  run: (app, call, input) => app.products.remove(call, input),
})
