import { SELLABLE_RULE } from '../../catalog/product.ts'
import { withNotes } from '../../providers/notes.ts'
import { builder } from '../builder.ts'
import type { InputFields } from '../mutation.ts'
import { MoneyInput } from './money.ts'

const CheckoutItemInput = builder.inputType('CheckoutItemInput', {
  description: 'A line of a checkout: a product, or something that is sold without one.',
  fields: (t) => ({
    productId: t.id({
      description: 'The id of the product. Its name and price are taken as they are now. Give either this or `name`.',
    }),
    name: t.string({
      description: withNotes(
        `The name that the customer sees: 1 to 100 characters, ${SELLABLE_RULE}. Required without \`productId\`.`,
        'ITEM_TEXT',
      ),
    }),
    description: t.string({
      description: withNotes(
        `The description that the customer sees below the name: 1 to 500 characters, ${SELLABLE_RULE}. The default is that of the product.`,
        'ITEM_TEXT',
      ),
    }),
    price: t.field({
      type: MoneyInput,
      description:
        'The price of one piece. Required without `productId`. It can be zero in `items`, where other lines cost something.',
    }),
    quantity: t.int({ description: 'The number of pieces: 1 to 1,000,000. The default is 1.' }),
    metadata: t.field({
      type: 'JSON',
      description:
        'Key-value pairs of the merchant for this line, e.g. its number in the shop. At most 24 keys; the values are texts, numbers and booleans of up to 500 characters.',
    }),
  }),
})

const CheckoutAdjustmentInput = builder.inputType('CheckoutAdjustmentInput', {
  description: 'A discount or a tax of a checkout.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `The name that the customer sees: 1 to 100 characters, ${SELLABLE_RULE}.`,
    }),
    amount: t.field({
      type: MoneyInput,
      required: true,
      description: 'The amount, zero or more, in the currency of the items. A discount is subtracted, a tax is added.',
    }),
  }),
})

/** What a checkout is to sell, in its short forms and line by line. */
export function linesInput(t: InputFields) {
  return {
    productId: t.id({
      description: 'The id of the product to sell: the short form of one line. Give one of this, `item` and `items`.',
    }),
    item: t.field({
      type: CheckoutItemInput,
      description: 'The item to sell: the short form of one line. Give one of this, `productId` and `items`.',
    }),
    items: t.field({
      type: [CheckoutItemInput],
      description:
        'The items to sell, 1 to 100 lines together with `discounts` and `taxes`, all in one currency. The checkout keeps the prices as they are now. SUBSCRIPTION and PAY_AS_YOU_GO take one item of the quantity 1. Give one of this, `productId` and `item`.',
    }),
    currency: t.field({
      type: 'CurrencyCode',
      description:
        'The currency in which products are sold. The default is that of the first price of each. Refused with CURRENCY_MISMATCH when a product has no price in it, naming the currencies that there are, or when another line has another currency.',
    }),
    discounts: t.field({
      type: [CheckoutAdjustmentInput],
      description: 'The discounts, which must not exceed the items. Only for PAYMENT.',
    }),
    taxes: t.field({
      type: [CheckoutAdjustmentInput],
      description: 'The taxes that are added to the items. Only for PAYMENT.',
    }),
  }
}
