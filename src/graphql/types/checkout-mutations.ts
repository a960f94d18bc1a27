import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { CheckoutKindEnum } from './checkout.ts'
import { DurationInput } from './duration.ts'
import { MoneyInput } from './money.ts'
import { ProviderEnum } from './provider.ts'

const CheckoutItemInput = builder.inputType('CheckoutItemInput', {
  description: 'Something sold once, without a product.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What the customer reads: 1 to 100 characters.' }),
    description: t.string({
      required: true,
      description: 'What the customer reads below the name: 1 to 500 characters.',
    }),
    price: t.field({ type: MoneyInput, required: true, description: 'What it costs: above zero.' }),
  }),
})

const CheckoutCustomerInput = builder.inputType('CheckoutCustomerInput', {
  description: 'What the customer fills in on the page.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ required: true, description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ required: true, description: 'The e-mail address.' }),
    phone: t.string({ description: 'The phone number.' }),
  }),
})

const SimulatedOutcome = builder.enumType('SimulatedOutcome', {
  description: 'What the customer does on the page.',
  values: {
    PAY: { description: 'Pays what is asked.' },
    FAIL: { description: 'Pays, and the payment fails.' },
    UNDERPAY: { description: 'Pays too little.' },
    OVERPAY: { description: 'Pays too much.' },
    EXPIRE: { description: 'Lets the link expire.' },
    CANCEL: { description: 'Leaves.' },
  },
})

mutation('createCheckout', {
  description:
    'Opens a hosted page to be paid through. A provider that refuses leaves a FAILED checkout, an answer that never came an UNKNOWN one, each with a userError.',
  idempotency: 'required',
  input: (t) => ({
    kind: t.field({ type: CheckoutKindEnum, required: true, description: 'What it is for.' }),
    provider: t.field({ type: ProviderEnum, description: 'Whose page; the first that can when left out.' }),
    productId: t.id({ description: 'The product that is bought. Either this or `item`.' }),
    item: t.field({ type: CheckoutItemInput, description: 'What is bought. Either this or `productId`.' }),
    customerId: t.id({ description: 'Who pays; when left out, the page asks.' }),
    successUrl: t.string({
      description:
        "Where the customer goes after paying. {{CHECKOUT_ID}} is replaced by the checkout's id, {{UUID}} by the provider's id, {{TRANSACTION_TYPE}} by its word for the kind.",
    }),
    cancelUrl: t.string({ description: 'Where the customer goes after leaving; with the same placeholders.' }),
    webhookUrl: t.string({ description: 'Where the merchant wants to be told of this checkout.' }),
    frequency: t.field({
      type: DurationInput,
      description:
        'How long a period is. Required for SUBSCRIPTION and PAY_AS_YOU_GO. At QBITFLOW from 7 to 365 days, a month being 30 and a year 365 of them.',
    }),
    trialPeriod: t.field({
      type: DurationInput,
      description: 'How long nothing is billed at first. For SUBSCRIPTION.',
    }),
    minPeriods: t.int({
      description: 'How many periods must pass before the customer may cancel. For SUBSCRIPTION and PAY_AS_YOU_GO.',
    }),
    freeCredits: t.field({
      type: 'Decimal',
      description: 'What is used without a bill, in the currency of the price. For PAY_AS_YOU_GO.',
    }),
  }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout.' },
  run: (app, call, input) => app.checkouts.create(call, input),
})

mutation('cancelCheckout', {
  description: 'Calls a checkout off that nobody has begun to pay.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The checkout.' }) }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout as it is now.' },
  run: (app, call, input) => app.checkouts.cancel(call, input),
})

mutation('simulateCheckout', {
  description: 'Test mode: does what the customer would do on the page.',
  idempotency: 'optional',
  input: (t) => ({
    checkoutId: t.id({ required: true, description: 'The checkout.' }),
    outcome: t.field({ type: SimulatedOutcome, required: true, description: 'What the customer does.' }),
    currency: t.field({
      type: 'CurrencyCode',
      description: 'What the customer pays with; the first offered when left out.',
    }),
    customer: t.field({ type: CheckoutCustomerInput, description: 'What the customer fills in, if the page asks.' }),
  }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout as it is now.' },
  names: { id: 'checkoutId' },
  run: (app, call, input) => app.checkouts.simulate(call, input),
})
