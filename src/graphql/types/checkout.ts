import { isCloseToExpiry, recurs } from '../../checkouts/checkout.ts'
import type { CheckoutKind, CheckoutStatus } from '../../db/generated/enums.ts'
import { currency } from '../../kernel/currency.ts'
import { encodeId } from '../../kernel/id.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { durationOf } from '../../subscriptions/terms.ts'
import { builder } from '../builder.ts'
import { CheckoutRef, CustomerRef, EventRef, PaymentRef, ProductRef, SubscriptionRef } from '../refs.ts'
import { paymentOf, subscriptionOf, timelineOf } from '../relations.ts'
import { DurationRef } from './duration.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'
import { deliveries } from './webhook-delivery.ts'

export const CheckoutKindEnum = builder.enumType('CheckoutKind', {
  description: 'What a checkout collects.',
  values: {
    PAYMENT: { description: 'One payment.' },
    SUBSCRIPTION: { description: 'The agreement to a subscription with a fixed price.' },
    PAY_AS_YOU_GO: { description: 'The agreement to a subscription that bills the reported usage.' },
    SETUP: { description: 'A saved payment method, without a payment.' },
  } satisfies Record<CheckoutKind, object>,
})

export const CheckoutStatusEnum = builder.enumType('CheckoutStatus', {
  description: 'The status of a checkout.',
  values: {
    OPENING: { description: 'The provider is being asked to create the hosted page.' },
    OPEN: {
      description: 'The customer can pay on the hosted page. `reason` says why the last attempt failed, if it did.',
    },
    PROCESSING: { description: 'The customer has paid, and the payment is not confirmed yet.' },
    COMPLETED: {
      description:
        'The payment is confirmed, the merchant has accepted it with `acceptPayment`, or the subscription has started. The state of an accepted payment stays e.g. UNDERPAID.',
    },
    FAILED: { description: 'The provider refused to create the page. `reason` says why.' },
    CANCELLED: { description: 'The checkout was cancelled before it was paid.' },
    EXPIRED: { description: 'The checkout expired before it was paid.' },
    UNKNOWN: {
      description:
        'The provider did not answer, so the state is not known. The gateway asks the provider again until it is.',
    },
  } satisfies Record<CheckoutStatus, object>,
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

CheckoutRef.implement({
  description: 'A hosted page of a provider on which a customer pays or agrees to a subscription.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the checkout: chk_…', resolve: ({ id }) => encodeId('Checkout', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider of the hosted page.' }),
    kind: t.expose('kind', { type: CheckoutKindEnum, description: 'What the checkout collects.' }),
    status: t.expose('status', { type: CheckoutStatusEnum, description: 'The status of the checkout.' }),
    reference: t.exposeString('reference', {
      nullable: true,
      description:
        "The merchant's own identifier of the checkout, such as an order number. Null when none was given. Several checkouts may have the same one, unless the organization has set `uniqueReferences`.",
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the checkout.',
      authScopes: KEY_ONLY,
      resolve: ({ metadata }) => metadata,
    }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description:
        'The id of the checkout at its provider (provider-specific). Null until the provider has created it.',
      authScopes: KEY_ONLY,
    }),
    url: t.exposeString('url', {
      nullable: true,
      description:
        'The URL of the hosted page, to which the merchant redirects the customer. Null until the checkout is OPEN.',
    }),
    clientSecret: t.string({
      nullable: true,
      description: 'A secret for the frontend. It gives access to this checkout and its status, and to nothing else.',
      resolve: (checkout, _args, { app }) => app.checkouts.clientSecret(checkout.id),
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description:
        'Why the checkout or the last attempt to pay failed, or why its state is not known, in words for people. Null otherwise.',
    }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'The product that is sold. Null for an item without a product, and for several lines.',
      authScopes: KEY_ONLY,
      resolve: (checkout, _args, { loaders }) => loaders.linked('product', checkout.productId),
    }),
    price: t.field({
      type: MoneyRef,
      description: 'The amount to pay: the total of all lines, or the price of one billing period.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'The customer who pays. Null until the customer is known.',
      authScopes: KEY_ONLY,
      resolve: (checkout, _args, { loaders }) => loaders.linked('customer', checkout.customerId),
    }),
    successUrl: t.exposeString('successUrl', {
      nullable: true,
      description:
        "The URL to which the customer is redirected after paying. Its placeholders are {{CHECKOUT_ID}} for the id and {{REFERENCE}} for the reference of the checkout, and {{UUID}} and {{TRANSACTION_TYPE}} for the provider's id and type of the transaction. Null when none was given.",
    }),
    cancelUrl: t.exposeString('cancelUrl', {
      nullable: true,
      description:
        'The URL to which the customer is redirected after leaving the page without paying. Null when none was given.',
    }),
    webhookUrl: t.exposeString('webhookUrl', {
      nullable: true,
      description: 'The URL that receives webhooks about this checkout and its payment. Null when none was given.',
      authScopes: KEY_ONLY,
    }),
    frequency: t.field({
      type: DurationRef,
      nullable: true,
      description: 'The length of a billing period. Null for a checkout that does not start a subscription.',
      resolve: ({ frequencyValue, frequencyUnit }) => durationOf(frequencyValue, frequencyUnit) ?? null,
    }),
    trialPeriod: t.field({
      type: DurationRef,
      nullable: true,
      description: 'The length of the trial, in which nothing is billed. Null without a trial.',
      resolve: ({ trialValue, trialUnit }) => durationOf(trialValue, trialUnit) ?? null,
    }),
    minPeriods: t.exposeInt('minPeriods', {
      nullable: true,
      description:
        'The number of billing periods that must pass before the customer can cancel. Null when the customer can cancel at any time.',
    }),
    freeCredits: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        "The amount of usage that is free of charge, in major units of the price's currency. Null without free usage.",
      resolve: ({ freeCreditsMinor, currency: code }) =>
        freeCreditsMinor === null ? null : formatDecimal(freeCreditsMinor, currency(code).exponent),
    }),
    subscription: t.field({
      type: SubscriptionRef,
      nullable: true,
      description:
        'The subscription that the checkout started. Null until the checkout is COMPLETED, and for a checkout that does not start a subscription.',
      resolve: (checkout, _args, { loaders }) => (recurs(checkout) ? subscriptionOf(loaders, checkout.id) : null),
    }),
    payment: t.field({
      type: PaymentRef,
      nullable: true,
      description:
        'The payment of the checkout. Null until the customer starts to pay, and for a checkout that starts a subscription, whose billings have one payment each.',
      resolve: (checkout, _args, { loaders }) => paymentOf(loaders, checkout.id),
    }),
    expiresAt: t.field({
      ...momentField(t),
      description: 'When the checkout expires.',
      resolve: (checkout, args, context) => moment(checkout.expiresAt, args, context),
    }),
    closeToExpiry: t.boolean({
      description: 'Whether the checkout expires within the next five minutes or has expired.',
      resolve: async (checkout, _args, { loaders }) => isCloseToExpiry(checkout, await loaders.now(checkout.tenantId)),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'The events of the checkout and its payment, oldest first. At most the first 100.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => timelineOf(loaders, tenantId, 'topic_id', id),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'The webhook deliveries about the checkout and its payment, newest first.',
      authScopes: { manager: true },
      resolve: (checkout, args, context) =>
        deliveries.open(context, args, {
          parentId: checkout.id,
          belongs: (alias, parent) => `(${alias}.entity_id = ${parent} OR ${alias}.entity_id = (
            SELECT paid.id FROM payment AS paid WHERE paid.tenant_id = ${alias}.tenant_id AND paid.checkout_id = ${parent}))`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the checkout was created.',
      resolve: (checkout, args, context) => moment(checkout.createdAt, args, context),
    }),
  }),
})
