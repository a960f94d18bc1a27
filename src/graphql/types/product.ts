import { pricesOf } from '../../catalog/prices.ts'
import { SELLABLE_RULE } from '../../catalog/product.ts'
import type { Kept } from '../../catalog/service.ts'
import {
  atLeast,
  below,
  bytewise,
  type Condition,
  comparable,
  contains,
  equals,
  isNotNull,
  isNull,
} from '../../db/condition.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { normalText } from '../../kernel/input.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { hasWords, refersTo } from '../filters.ts'
import { mutation } from '../mutation.ts'
import { ProductRef } from '../refs.ts'
import { linksOf } from '../relations.ts'
import { ARCHIVED_FILTER, wordsFilter } from './filter-inputs.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyInput, MoneyRef } from './money.ts'
import { ProviderLinkRef } from './provider.ts'
import { sellerArg, sellerField } from './seller.ts'

ProductRef.implement({
  description: 'A product that the merchant sells.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the product: prod_…', resolve: ({ id }) => encodeId('Product', id) }),
    reference: t.exposeString('reference', {
      description: "The merchant's own identifier of the product. It is the id when none was given.",
    }),
    name: t.exposeString('name', { description: 'The name that customers see.' }),
    description: t.exposeString('description', { description: 'The description that customers see below the name.' }),
    price: t.field({
      type: MoneyRef,
      description: 'The price: of one sale, of one billing period, or of one unit of usage.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    prices: t.field({
      type: [MoneyRef],
      description: 'The prices, one for each currency. The first is `price`.',
      resolve: (product) => [...pricesOf(product)],
    }),
    active: t.exposeBoolean('active', { description: 'Whether the product can be sold.' }),
    archived: t.boolean({
      description:
        'Whether the product is archived: left out of lists unless `filter: { archived: true }` asks for it. `restoreProduct` takes it back.',
      resolve: ({ deletedAt }) => deletedAt !== null,
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the product.',
      resolve: ({ metadata }) => metadata,
    }),
    seller: sellerField(t),
    providerLinks: t.field({
      type: [ProviderLinkRef],
      description: 'The ids of the product at providers that store a copy of the product.',
      resolve: (product, _args, { loaders }) => linksOf(loaders, product.id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the product was created.',
      resolve: (product, args, context) => moment(product.createdAt, args, context),
    }),
    updatedAt: t.field({
      ...momentField(t),
      description: 'When the product was last changed.',
      resolve: (product, args, context) => moment(product.updatedAt, args, context),
    }),
  }),
})

const ProductFilter = builder.inputType('ProductFilter', {
  description: 'Conditions on a list of products. A product must match all that are given.',
  fields: (t) => ({
    active: t.boolean({ description: 'Products that can be sold, or, when false, that cannot.' }),
    currency: t.field({ type: 'CurrencyCode', description: 'Products with a price in this currency.' }),
    archived: t.boolean({ description: ARCHIVED_FILTER }),
    ...wordsFilter(t, 'Products'),
    search: t.string({
      description:
        'Products whose name, description or reference contains this text, ignoring case. Up to 100 characters.',
    }),
    createdFrom: t.field({ type: 'DateTime', description: 'Products created at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Products created before this moment.' }),
  }),
})

const products = list({
  name: 'Product',
  type: ProductRef,
  table: 'product',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the product was created.' },
    UPDATED_AT: { column: 'updated_at', description: 'When the product was last changed.' },
    NAME: { column: bytewise('name'), description: 'The name of the product.' },
  },
  filter: {
    type: ProductFilter,
    conditions: ({ active, archived, currency, search, createdFrom, createdBefore, ...words }, context) => [
      archived ? isNotNull('deleted_at') : isNull('deleted_at'),
      ...hasWords(context, words),
      ...(active != null ? [equals('active', active)] : []),
      ...(currency ? [pricedIn(currency)] : []),
      ...(search ? [contains(['name', 'description', 'reference'], search)] : []),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

function pricedIn(code: string): Condition {
  return {
    values: [comparable(code), JSON.stringify([{ currency: code }])],
    sql: (alias, currency, priced) =>
      `(${alias}.currency = ${currency} OR ${alias}.further_prices @> ${priced}::jsonb)`,
  }
}

const ProductBy = builder.inputType('ProductBy', {
  description: 'Identifies one product by exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'The id of the product.' }),
    reference: t.string({ description: "The merchant's own identifier of the product." }),
  }),
})

builder.queryFields((t) => ({
  product: t.field({
    type: ProductRef,
    nullable: true,
    description:
      'Returns one product. Null when it does not exist or the key has no access to it. An archived product is found by id, and not by reference, which another may have.',
    authScopes: { key: true },
    args: {
      by: t.arg({ type: ProductBy, required: true, description: 'How the product is identified.' }),
      sellerId: sellerArg(t),
    },
    resolve: async (_root, { by, sellerId }, { loaders }) => {
      const owner = refersTo('user_id', 'User', sellerId)
      if (by.reference != null) return loaders.named('product', owner, equals('reference', normalText(by.reference)))
      const id = decodeId(by.id ?? '')
      return id?.kind === 'Product' ? loaders.one('product', id.uuid) : null
    },
  }),
  products: t.field({
    ...products.field(t),
    description: 'The products, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => products.open(context, args),
  }),
}))

const WARNING = {
  name: 'warning',
  description:
    'Why no connected provider can sell the product at present. Null when one can, when no provider is connected yet, and when the answer is replayed.',
  value: ({ warning }: Kept) => warning,
}

mutation<Kept>('createProduct', {
  description: 'Creates a product.',
  idempotency: 'optional',
  defaults: { metadata: {} },
  input: (t) => ({
    name: t.string({
      required: true,
      description: `The name that customers see: 1 to 100 characters, ${SELLABLE_RULE}.`,
    }),
    description: t.string({
      required: true,
      description: `The description that customers see below the name: 1 to 500 characters, ${SELLABLE_RULE}.`,
    }),
    price: t.field({
      type: MoneyInput,
      description: 'The price, above zero: the short form of one price. Give one of this and `prices`.',
    }),
    prices: t.field({
      type: [MoneyInput],
      description:
        'The prices, each above zero, one for each currency: 1 to 30. The first is the default. Give one of this and `price`.',
    }),
    reference: t.string({
      description:
        "The merchant's own identifier of the product: 1 to 100 characters without /. It must be unique among the products of the same seller, or of the organization.",
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant: at most 24 keys, each with a string, number or boolean.',
    }),
  }),
  object: { name: 'product', kind: 'Product', description: 'The product that was created.' },
  also: WARNING,
  run: (app, call, input) => app.products.create(call, input),
})

mutation<Kept>('updateProduct', {
  description:
    'Changes a product. Fields that are left out keep their value, and so do those that are null, since a product has all of them; null clears the metadata alone. Where nothing changes there is no event. Open checkouts keep the old price. An archived product is refused with INVALID_STATE: restore it first.',
  idempotency: 'optional',
  nulls: ['metadata'],
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the product.' }),
    name: t.string({ description: `The name that customers see: 1 to 100 characters, ${SELLABLE_RULE}.` }),
    description: t.string({
      description: `The description that customers see below the name: 1 to 500 characters, ${SELLABLE_RULE}.`,
    }),
    price: t.field({
      type: MoneyInput,
      description: 'The default price, above zero. Prices in other currencies stay. Not together with `prices`.',
    }),
    prices: t.field({
      type: [MoneyInput],
      description: 'The prices, as in `createProduct`. Replaces all existing prices.',
    }),
    active: t.boolean({ description: 'Whether the product can be sold.' }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant. Replaces the existing metadata; null clears it.',
    }),
  }),
  object: { name: 'product', kind: 'Product', description: 'The product after the change.' },
  also: WARNING,
  run: (app, call, input) => app.products.update(call, input),
})

mutation('deleteProduct', {
  description:
    'Archives a product, which is what deleting does, so that nothing that refers to it is lost: it is left out of lists and not sold, stays visible on existing checkouts and payments, and can be taken back with `restoreProduct`. Its reference can be used again.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the product.' }) }),
  object: { name: 'product', kind: 'Product', description: 'The product that was deleted.' },
  run: (app, call, input) => app.products.remove(call, input),
})

mutation('restoreProduct', {
  description:
    'Takes a product back out of the archive, to be sold again. Refused with ALREADY_EXISTS when another product has its reference by now.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the product.' }) }),
  object: { name: 'product', kind: 'Product', description: 'The product that was restored.' },
  run: (app, call, input) => app.products.restore(call, input),
})
