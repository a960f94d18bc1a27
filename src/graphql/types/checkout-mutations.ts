import { withNotes } from '../../providers/notes.ts'
import { builder } from '../builder.ts'
import { mutation } from '../mutation.ts'
import { CheckoutKindEnum } from './checkout.ts'
import { linesInput } from './checkout-line-inputs.ts'
import { DurationInput } from './duration.ts'
import { ownWords } from './own-words.ts'
import { ProviderEnum } from './provider.ts'

const CheckoutCustomerInput = builder.inputType('CheckoutCustomerInput', {
  description: 'The data that the customer enters on the hosted page.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The first name: 1 to 100 characters.' }),
    lastName: t.string({ required: true, description: 'The last name: 1 to 100 characters.' }),
    email: t.string({ required: true, description: 'The e-mail address.' }),
    phone: t.string({ description: 'The phone number.' }),
  }),
})

const SimulatedOutcome = builder.enumType('SimulatedOutcome', {
  description: 'What the simulated customer does on the hosted page.',
  values: {
    PAY: { description: 'The customer pays the full amount.' },
    FAIL: { description: 'The customer pays and the payment fails.' },
    UNDERPAY: { description: 'The customer pays less than the amount.' },
    OVERPAY: { description: 'The customer pays more than the amount.' },
    EXPIRE: { description: 'The checkout expires without a payment.' },
    CANCEL: { description: 'The customer leaves the page without paying.' },
  },
})

mutation('createCheckout', {
  description:
    'Creates a checkout: a hosted page of the provider, to which the merchant redirects the customer. When the provider refuses, the checkout is FAILED with the error PROVIDER_REFUSED. When the provider gives no answer, it is UNKNOWN with the error PROVIDER_UNAVAILABLE, and the gateway finds out its state.',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    kind: t.field({ type: CheckoutKindEnum, required: true, description: 'What the checkout collects.' }),
    provider: t.field({
      type: ProviderEnum,
      description:
        'The provider of the hosted page. The default is the first connected provider that supports the kind of checkout and the currency and is not known to be down.',
    }),
    ...linesInput(t),
    expiresIn: t.field({
      type: DurationInput,
      description:
        'How long the customer can pay: 10 minutes to 24 hours. Where the provider keeps its page open for longer, the checkout is EXPIRED at that moment, and money that still comes is PAID_LATE. The default is the time of the provider, usually 24 hours.',
    }),
    customerId: t.id({
      description: "The id of the customer who pays. Without it the hosted page asks for the customer's data.",
    }),
    ...ownWords(
      t,
      'checkout, such as an order number',
      'The payments of the checkout, its subscription and the payments of that carry it too.',
    ),
    successUrl: t.string({
      description:
        "The URL to which the customer is redirected after paying. {{CHECKOUT_ID}} is replaced by the id and {{REFERENCE}} by the reference of the checkout (percent-encoded, and empty when there is none), {{UUID}} by the provider's id of the transaction, and {{TRANSACTION_TYPE}} by the provider's type of the transaction.",
    }),
    cancelUrl: t.string({
      description:
        'The URL to which the customer is redirected after leaving the page without paying. It takes the same placeholders as `successUrl`.',
    }),
    webhookUrl: t.string({
      description:
        'A URL that receives webhooks about this checkout and its payment, in addition to the webhook endpoints.',
    }),
    frequency: t.field({
      type: DurationInput,
      description: withNotes('The length of a billing period. Required for SUBSCRIPTION and PAY_AS_YOU_GO.', 'PERIOD'),
    }),
    trialPeriod: t.field({
      type: DurationInput,
      description: 'The length of the trial, in which nothing is billed. Only for SUBSCRIPTION.',
    }),
    minPeriods: t.int({
      description:
        'The number of billing periods that must pass before the customer can cancel. Only for SUBSCRIPTION and PAY_AS_YOU_GO.',
    }),
    freeCredits: t.field({
      type: 'Decimal',
      description:
        "The amount of usage that is free of charge, in major units of the price's currency. Only for PAY_AS_YOU_GO.",
    }),
  }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout that was created.' },
  run: (app, call, input) => app.checkouts.create(call, input),
})

mutation('cancelCheckout', {
  description: 'Cancels a checkout. Refused with INVALID_STATE once the customer has started to pay.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the checkout.' }) }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout after the change.' },
  run: (app, call, input) => app.checkouts.cancel(call, input),
})

mutation('retryCheckout', {
  description:
    'Gives a checkout that is not paid a page on which the customer can pay, in `url`: the same page where the provider lets the customer try again on it, otherwise a new page of the same checkout. It also reopens a checkout that is FAILED, EXPIRED or CANCELLED. Refused with INVALID_STATE when the checkout is paid or being paid, or has received money and its page is closed.',
  idempotency: 'optional',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the checkout.' }) }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout after the change.' },
  run: (app, call, input) => app.checkouts.retry(call, input),
})

mutation('simulateCheckout', {
  description:
    'Test mode only. Does what a customer would do on the hosted page of the checkout. Refused with INVALID_STATE while an earlier attempt is still under way: try again in a moment.',
  idempotency: 'optional',
  input: (t) => ({
    checkoutId: t.id({ required: true, description: 'The id of the checkout.' }),
    outcome: t.field({ type: SimulatedOutcome, required: true, description: 'What the customer does.' }),
    currency: t.field({
      type: 'CurrencyCode',
      description: 'The currency that the customer pays with. The default is the first one that the page offers.',
    }),
    customer: t.field({
      type: CheckoutCustomerInput,
      description: 'The data that the customer enters, if the page asks for it.',
    }),
  }),
  object: { name: 'checkout', kind: 'Checkout', description: 'The checkout after the change.' },
  names: { id: 'checkoutId' },
  run: (app, call, input) => app.checkouts.simulate(call, input),
})
