import { isCloseToExpiry, recurs } from '../../checkouts/checkout.ts'
import { atLeast, below, equals, oneOf } from '../../db/condition.ts'
import type { CheckoutKind, CheckoutStatus } from '../../db/generated/enums.ts'
import type { CheckoutRow } from '../../db/rows.ts'
import { currency } from '../../kernel/currency.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { durationOf } from '../../subscriptions/terms.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, refersTo } from '../filters.ts'
import { CheckoutRef, CustomerRef, EventRef, PaymentRef, ProductRef, SubscriptionRef } from '../refs.ts'
import { DurationRef } from './duration.ts'
import { moment, momentField } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'
import { deliveries } from './webhook-delivery.ts'

export const CheckoutKindEnum = builder.enumType('CheckoutKind', {
  description: 'What a checkout is for.',
  values: {
    PAYMENT: { description: 'One payment.' },
    SUBSCRIPTION: { description: 'The start of a subscription.' },
    PAY_AS_YOU_GO: { description: 'The start of a subscription that bills what was used.' },
    SETUP: { description: 'Saving a payment method.' },
  } satisfies Record<CheckoutKind, object>,
})

const CheckoutStatusEnum = builder.enumType('CheckoutStatus', {
  description: 'Where a checkout stands.',
  values: {
    OPENING: { description: 'The provider is being asked for the page.' },
    OPEN: { description: 'The page can be paid through.' },
    PROCESSING: { description: 'The customer has paid; it is not yet certain.' },
    COMPLETED: { description: 'It is paid.' },
    FAILED: { description: 'The provider refused, or the payment failed.' },
    CANCELLED: { description: 'It was called off.' },
    EXPIRED: { description: 'Nobody paid in time.' },
    UNKNOWN: { description: 'The provider has not said; it will be asked again, and nothing is guessed meanwhile.' },
  } satisfies Record<CheckoutStatus, object>,
})

const CheckoutItem = builder.objectRef<CheckoutRow>('CheckoutItem').implement({
  description: 'What is bought, as it was when the checkout was made.',
  fields: (t) => ({
    name: t.exposeString('itemName', { description: 'What the customer reads.' }),
    description: t.exposeString('itemDescription', { description: 'What the customer reads below the name.' }),
    price: t.field({
      type: MoneyRef,
      description: 'What it costs.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
  }),
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

CheckoutRef.implement({
  description: 'One attempt to be paid through a hosted page.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: chk_…', resolve: ({ id }) => encodeId('Checkout', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'Whose page it is.' }),
    kind: t.expose('kind', { type: CheckoutKindEnum, description: 'What it is for.' }),
    status: t.expose('status', { type: CheckoutStatusEnum, description: 'Where it stands.' }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description: "The provider's id for it (provider-specific); null while it is not open.",
      authScopes: KEY_ONLY,
    }),
    url: t.exposeString('url', {
      nullable: true,
      description: 'The page to send the customer to; null while it is not open.',
    }),
    clientSecret: t.string({
      nullable: true,
      description: 'For the frontend: reads and watches this checkout, and nothing else.',
      resolve: (checkout, _args, { app }) => app.checkouts.clientSecret(checkout.id),
    }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it failed or is in doubt, for people.' }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'The product that is bought; null for an inline item.',
      authScopes: KEY_ONLY,
      resolve: (checkout, _args, { loaders }) => loaders.linked('product', checkout.productId),
    }),
    item: t.field({ type: CheckoutItem, description: 'What is bought.', resolve: (checkout) => checkout }),
    price: t.field({
      type: MoneyRef,
      description: 'What is asked for.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'Who pays; null until the page has asked.',
      authScopes: KEY_ONLY,
      resolve: (checkout, _args, { loaders }) => loaders.linked('customer', checkout.customerId),
    }),
    successUrl: t.exposeString('successUrl', {
      nullable: true,
      description:
        "Where the customer goes after paying. {{CHECKOUT_ID}} stands for the checkout's id, {{UUID}} and {{TRANSACTION_TYPE}} for the provider's id and type of the transaction.",
    }),
    cancelUrl: t.exposeString('cancelUrl', { nullable: true, description: 'Where the customer goes after leaving.' }),
    webhookUrl: t.exposeString('webhookUrl', {
      nullable: true,
      description: 'Where the merchant wants to be told of this checkout.',
      authScopes: KEY_ONLY,
    }),
    frequency: t.field({
      type: DurationRef,
      nullable: true,
      description: 'How long a period is; null where nothing recurs.',
      resolve: ({ frequencyValue, frequencyUnit }) => durationOf(frequencyValue, frequencyUnit) ?? null,
    }),
    trialPeriod: t.field({
      type: DurationRef,
      nullable: true,
      description: 'How long nothing is billed at first; null without a trial.',
      resolve: ({ trialValue, trialUnit }) => durationOf(trialValue, trialUnit) ?? null,
    }),
    minPeriods: t.exposeInt('minPeriods', {
      nullable: true,
      description: 'How many periods must pass before the customer may cancel; null when they may at any time.',
    }),
    freeCredits: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What is used without a bill, in the currency of the price; null without any.',
      resolve: ({ freeCreditsMinor, currency: code }) =>
        freeCreditsMinor === null ? null : formatDecimal(freeCreditsMinor, currency(code).exponent),
    }),
    subscription: t.field({
      type: SubscriptionRef,
      nullable: true,
      description: 'What it began; null until it is COMPLETED, and where nothing recurs.',
      resolve: (checkout, _args, { loaders }) => (recurs(checkout) ? loaders.subscriptionOf(checkout.id) : null),
    }),
    payment: t.field({
      type: PaymentRef,
      nullable: true,
      description:
        'The payment; null until the customer has begun to pay, and for what recurs, whose bills have a payment each.',
      resolve: (checkout, _args, { loaders }) => loaders.paymentOf(checkout.id),
    }),
    expiresAt: t.field({
      ...momentField(t),
      description: 'Until when it can be paid.',
      resolve: (checkout, args, context) => moment(checkout.expiresAt, args, context),
    }),
    closeToExpiry: t.boolean({
      description: 'Whether it expires within five minutes, or has.',
      resolve: async (checkout, _args, { loaders }) => isCloseToExpiry(checkout, await loaders.now(checkout.tenantId)),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'What happened to it and its payment, oldest first: the first hundred events.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => loaders.timeline(tenantId, 'topic_id', id),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'What was sent of it and its payment to webhooks, newest first.',
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
      description: 'When it was made.',
      resolve: (checkout, args, context) => moment(checkout.createdAt, args, context),
    }),
  }),
})

const CheckoutFilter = builder.inputType('CheckoutFilter', {
  description: 'Which checkouts.',
  fields: (t) => ({
    status: t.field({ type: [CheckoutStatusEnum], description: 'Those that stand at one of these.' }),
    kind: t.field({ type: CheckoutKindEnum, description: 'What they are for.' }),
    provider: t.field({ type: ProviderEnum, description: 'Whose page they are.' }),
    providerId: t.string({ description: 'The one with this id at its provider, as {{UUID}} carries it too.' }),
    productId: t.id({ description: 'Those for this product.' }),
    customerId: t.id({ description: 'Those of this customer.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Made at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this moment.' }),
  }),
})

const checkouts = list({
  name: 'Checkout',
  type: CheckoutRef,
  table: 'checkout',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When it was made.' },
    EXPIRES_AT: { column: 'expires_at', description: 'Until when it can be paid.' },
  },
  filter: {
    type: CheckoutFilter,
    conditions: ({ status, kind, provider, providerId, productId, customerId, createdFrom, createdBefore }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(kind ? [equals('kind', kind)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...(providerId != null ? calledAtProvider(providerId) : []),
      ...refersTo('product_id', 'Product', productId),
      ...refersTo('customer_id', 'Customer', customerId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

builder.queryFields((t) => ({
  checkout: t.field({
    type: CheckoutRef,
    nullable: true,
    description: 'One checkout; null when there is none, or none that the credential may see.',
    authScopes: { credential: true },
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeId(args.id)
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
