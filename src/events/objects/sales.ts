import {
  boolean,
  duration,
  enumeration,
  id,
  integer,
  json,
  list,
  moment,
  money,
  orMissing,
  orNull,
  shape,
  text,
} from '../shape.ts'

/** What events say of products, customers, checkouts, payments and refunds. */

const WORDS = {
  reference: orNull(text("The merchant's own reference, such as an order number. Null when there is none.")),
  metadata: json('Key-value pairs of the merchant.'),
}

const PROVIDER = enumeration('Provider', 'The payment provider.')
const CUSTOMER = orNull(id('The id of the customer. Null while the customer is not known.'))
const HASH = orNull(text('The hash of the transfer on its blockchain. Null until it is known, and for other payments.'))

const PRODUCT_PRICE = shape({
  name: 'ProductPriceSnapshot',
  field: 'productPrice',
  description: 'One of the prices of a product.',
  fields: { price: money('The price.') },
})

export const PRODUCT = shape({
  name: 'ProductSnapshot',
  field: 'product',
  description: 'A product as it was after the change.',
  fields: {
    id: id('The id of the product: prod_…'),
    ...WORDS,
    name: text('The name that customers see.'),
    description: text('The description that customers see.'),
    price: money('The default price.'),
    prices: orMissing(list(PRODUCT_PRICE, 'The prices, one for each currency, the default first.')),
    active: boolean('Whether the product can be sold.'),
  },
})

export const CUSTOMER_OBJECT = shape({
  name: 'CustomerSnapshot',
  field: 'customer',
  description: 'A customer as they were after the change.',
  fields: {
    id: id('The id of the customer: cust_…'),
    ...WORDS,
    name: orNull(text('The first name, or the only name. Null when it is not known.')),
    lastName: orNull(text('The last name. Null when it is not known.')),
    email: orNull(text('The e-mail address. Null when it is not known.')),
    phone: orNull(text('The phone number. Null when it is not known.')),
    language: orNull(text('The preferred language, as a BCP 47 tag. Null when it is not known.')),
    taxId: orNull(text('The tax id. Null when it is not known.')),
    taxIdCountry: orNull(text('The country of the tax id, as a two-letter code. Null when it is not known.')),
    mergedInto: orNull(id('The id of the customer with whom this one was merged. Null when they were not merged.')),
  },
})

const CHECKOUT_ITEM = shape({
  name: 'CheckoutItemSnapshot',
  field: 'item',
  description: 'A line of a checkout.',
  fields: {
    product: orNull(id('The id of the product. Null for a line without a product.')),
    name: text('The name that the customer sees.'),
    description: orNull(text('The description that the customer sees. Null when there is none.')),
    price: money('The price of one piece.'),
    quantity: integer('The number of pieces.'),
    total: money('The price of all pieces.'),
    metadata: json('Key-value pairs of the merchant for this line.'),
  },
})

const CHECKOUT_ADJUSTMENT = shape({
  name: 'CheckoutAdjustmentSnapshot',
  field: 'adjustment',
  description: 'A discount or a tax of a checkout.',
  fields: {
    name: text('The name that the customer sees.'),
    amount: money('The amount, zero or more.'),
  },
})

export const CHECKOUT = shape({
  name: 'CheckoutSnapshot',
  field: 'checkout',
  description: 'A checkout as it was after the change.',
  fields: {
    id: id('The id of the checkout: chk_…'),
    provider: PROVIDER,
    kind: enumeration('CheckoutKind', 'The kind of the checkout.'),
    status: enumeration('CheckoutStatus', 'The status of the checkout.'),
    ...WORDS,
    url: orNull(text('The URL of the payment page. Null until the checkout is open.')),
    reason: orNull(text('Why the checkout failed, in words for people. Null when it did not fail.')),
    product: orNull(id('The id of the product. Null for an inline item and for several lines.')),
    customer: CUSTOMER,
    price: money('The total that the customer pays.'),
    items: list(CHECKOUT_ITEM, 'The lines, in their order.'),
    discounts: list(CHECKOUT_ADJUSTMENT, 'The discounts, in their order.'),
    taxes: list(CHECKOUT_ADJUSTMENT, 'The taxes, in their order.'),
    frequency: orMissing(duration('The length of a billing period. Null for a one-time payment.')),
    trialPeriod: orMissing(duration('The length of the trial. Null when there is none.')),
    minPeriods: orMissing(integer('The least number of billing periods. Null when there is none.')),
    freeCredits: orMissing(money('The usage that is free at the start. Null when there is none.')),
    expiresAt: moment('When the payment page expires.'),
    payment: orMissing(id('The id of the payment that the merchant accepted. Null when none was accepted.')),
  },
})

export const PAYMENT = shape({
  name: 'PaymentSnapshot',
  field: 'payment',
  description: 'A payment as it was after the change.',
  fields: {
    id: id('The id of the payment: pay_…'),
    provider: PROVIDER,
    status: enumeration('TransactionState', 'The status of the payment.'),
    ...WORDS,
    amount: money('The amount in the currency of the price: what was paid, or what is asked for until then.'),
    settled: orNull(money('The amount in the currency that the customer paid with. Null until it is known.')),
    refunded: money('The part of the amount that was refunded.'),
    suspense: money('The part of the amount that is held on the suspense account.'),
    checkout: orNull(id('The id of the checkout. Null for a billing, and for money that nothing asked for.')),
    subscription: orNull(id('The id of the subscription. Null for a one-time payment.')),
    billing: orNull(id('The id of the billing. Null for a one-time payment.')),
    product: orNull(id('The id of the product. Null for an inline item.')),
    customer: CUSTOMER,
    transactionHash: HASH,
    message: orNull(text('More about the status, in words for people. Null when there is nothing to add.')),
    settledAt: orNull(moment('When the money arrived. Null until then.')),
  },
})

export const REFUND = shape({
  name: 'RefundSnapshot',
  field: 'refund',
  description: 'A refund as it was after the change.',
  fields: {
    id: id('The id of the refund: rfnd_…'),
    provider: PROVIDER,
    status: enumeration('RefundStatus', 'The status of the refund.'),
    ...WORDS,
    payment: id('The id of the payment.'),
    customer: CUSTOMER,
    amount: money('The amount in the currency of the price.'),
    settled: orNull(money('The amount in the currency that the customer paid with. Null when it is not known.')),
    reason: text('The reason for the refund.'),
    merchantMessage: orNull(text('What the merchant told the customer. Null when there was no message.')),
    issued: boolean('Whether the merchant issued the refund. Otherwise the customer asked for it.'),
    failureMessage: orNull(text('Why the refund failed, in words for people. Null when it did not fail.')),
    retryable: orNull(
      boolean('Whether a failed refund can succeed when it is tried again. Null when it did not fail.'),
    ),
    transactionHash: HASH,
    respondedAt: orNull(moment('When the merchant answered or issued the refund. Null until then.')),
  },
})

export const CONTRADICTION = shape({
  name: 'Contradiction',
  field: 'contradiction',
  description: 'What the provider says although it cannot be true. The gateway changed nothing because of it.',
  fields: {
    status: orMissing(text('The status that the gateway knows. Null when it knows none.')),
    observed: orMissing(text('The status that the provider tells. Null when the contradiction is about a fee.')),
    fee: orMissing(text('The fee in minor units that the provider tells. Null when it is about a status.')),
  },
})
