import {
  type Adjustment,
  type LineItem,
  linesOf,
  subtotalMinor,
  summaryItem,
  totalOfItem,
} from '../../checkouts/lines.ts'
import { type Condition, NEVER } from '../../db/condition.ts'
import { decodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { CheckoutRef, ProductRef } from '../refs.ts'
import { amount, MoneyRef } from './money.ts'

/** A client secret is in the hands of whoever pays: what concerns the merchant needs a key. */
const KEY_ONLY = { key: true }

const CheckoutItem = builder.objectRef<LineItem>('CheckoutItem').implement({
  description: 'A line of a checkout, as it was when the checkout was created.',
  fields: (t) => ({
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'The product that is sold. Null for a line without a product.',
      authScopes: KEY_ONLY,
      resolve: ({ productId }, _args, { loaders }) => loaders.linked('product', productId ?? null),
    }),
    name: t.exposeString('name', { description: 'The name that the customer sees.' }),
    description: t.string({
      nullable: true,
      description: 'The description that the customer sees below the name. Null for a line without one.',
      resolve: ({ description }) => description ?? null,
    }),
    price: t.field({ type: MoneyRef, description: 'The price of one piece.', resolve: ({ price }) => price }),
    quantity: t.exposeInt('quantity', { description: 'The number of pieces.' }),
    total: t.field({ type: MoneyRef, description: 'The price of all pieces.', resolve: totalOfItem }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs of the merchant for this line.',
      authScopes: KEY_ONLY,
      resolve: ({ metadata }) => metadata,
    }),
  }),
})

const CheckoutAdjustment = builder.objectRef<Adjustment>('CheckoutAdjustment').implement({
  description: 'A discount or a tax of a checkout.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name that the customer sees.' }),
    amount: t.field({
      type: MoneyRef,
      description: 'The amount, zero or more. A discount is subtracted from the items, a tax is added to them.',
      resolve: ({ amount }) => amount,
    }),
  }),
})

builder.objectFields(CheckoutRef, (t) => ({
  item: t.field({
    type: CheckoutItem,
    description:
      'What is sold, as one item. Of several lines it is the summary that the provider is told, e.g. "T-shirt and 2 more"; its description lists the lines, and its price is the total.',
    resolve: summaryItem,
  }),
  items: t.field({
    type: [CheckoutItem],
    description: 'The items that are sold, line by line, 1 to 100.',
    resolve: (checkout) => [...linesOf(checkout).items],
  }),
  discounts: t.field({
    type: [CheckoutAdjustment],
    description: 'The discounts, which are subtracted from the items.',
    resolve: (checkout) => [...linesOf(checkout).discounts],
  }),
  taxes: t.field({
    type: [CheckoutAdjustment],
    description: 'The taxes, which are added to the items.',
    resolve: (checkout) => [...linesOf(checkout).taxes],
  }),
  subtotal: t.field({
    type: MoneyRef,
    description: 'What the items come to, before discounts and taxes.',
    resolve: (checkout) => amount(subtotalMinor(linesOf(checkout)), checkout.currency),
  }),
  total: t.field({
    type: MoneyRef,
    description: 'What the customer pays: the items less the discounts and with the taxes. The same as `price`.',
    resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
  }),
}))

/** Checkouts that sell a product, on any of their lines. */
export function sells(id: string | null | undefined): Condition[] {
  if (id === null || id === undefined) return []
  const decoded = decodeId(id)
  if (decoded?.kind !== 'Product') return [NEVER]
  const line = (uuid: string) =>
    `jsonb_build_object('items', jsonb_build_array(jsonb_build_object('productId', ${uuid}::text)))`
  return [
    {
      values: [decoded.uuid],
      sql: (alias, uuid) => `(${alias}.product_id = ${uuid}::uuid OR ${alias}.lines @> ${line(`${uuid}::uuid`)})`,
    },
  ]
}
