import type { SubscriptionRow } from '../../db/rows.ts'
import { currency } from '../../kernel/currency.ts'
import { encodeId } from '../../kernel/id.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { UNIT_DIGITS } from '../../subscriptions/subscription.ts'
import { builder } from '../builder.ts'
import { CheckoutRef, CustomerRef, EventRef, ProductRef, SubscriptionRef, UserRef } from '../refs.ts'
import { timelineOf } from '../relations.ts'
import { billings } from './billing.ts'
import { DurationRef } from './duration.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { payments } from './payment-list.ts'
import { ProviderEnum } from './provider.ts'
import { BillingUsageEnum, SubscriptionStatusEnum } from './subscription-enums.ts'

const SubscriptionItem = builder.objectRef<SubscriptionRow & { productId: string }>('SubscriptionItem').implement({
  description: 'A product of a subscription.',
  fields: (t) => ({
    product: t.field({
      type: ProductRef,
      description: 'The product.',
      resolve: async ({ id, productId }, _args, { loaders }) => {
        const product = await loaders.one('product', productId)
        if (!product) throw new Error(`the product of subscription ${id} is gone`)
        return product
      },
    }),
    quantity: t.int({ description: 'The quantity of the product.', resolve: () => 1 }),
  }),
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

function amountOrNull(minor: bigint | null, currency: string) {
  return minor === null ? null : amount(minor, currency)
}

SubscriptionRef.implement({
  description: 'An agreement of a customer to recurring payments.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the subscription: sub_…', resolve: ({ id }) => encodeId('Subscription', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider that bills the subscription.' }),
    status: t.expose('status', { type: SubscriptionStatusEnum, description: 'The status of the subscription.' }),
    reference: t.exposeString('reference', {
      nullable: true,
      description:
        "The merchant's own identifier of the checkout that started the subscription. Null when none was given.",
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the checkout that started the subscription.',
      authScopes: KEY_ONLY,
      resolve: ({ metadata }) => metadata,
    }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description: 'The id of the subscription at its provider (provider-specific). Null when it is not known.',
      authScopes: KEY_ONLY,
    }),
    usage: t.expose('usage', {
      type: BillingUsageEnum,
      description: 'Whether the subscription bills a fixed price or the reported usage.',
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'The customer who pays. Null when the customer is not known.',
      authScopes: KEY_ONLY,
      resolve: ({ customerId }, _args, { loaders }) => loaders.linked('customer', customerId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description: 'The checkout that started the subscription. Null when none did.',
      resolve: ({ checkoutId }, _args, { loaders }) => loaders.linked('checkout', checkoutId),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description: 'The seller who owns the subscription. Null when it belongs to the organization itself.',
      authScopes: KEY_ONLY,
      resolve: ({ userId }, _args, { loaders }) => loaders.linked('app_user', userId),
    }),
    description: t.exposeString('description', { description: 'What the subscription is for, in words for people.' }),
    items: t.field({
      type: [SubscriptionItem],
      description: 'The products of the subscription. Empty for an inline item.',
      authScopes: KEY_ONLY,
      resolve: (subscription) => {
        const { productId } = subscription
        return productId === null ? [] : [{ ...subscription, productId }]
      },
    }),
    price: t.field({
      type: MoneyRef,
      description: 'The price of one billing period, or of one unit of usage.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    frequency: t.field({
      type: DurationRef,
      description: 'The length of a billing period.',
      resolve: ({ frequencyValue, frequencyUnit }) => ({ value: frequencyValue, unit: frequencyUnit }),
    }),
    trialEndsAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the trial ends or ended. Null without a trial.',
      resolve: ({ trialEndsAt }, args, context) => momentOrNull(trialEndsAt, args, context),
    }),
    minPeriods: t.exposeInt('minPeriods', {
      nullable: true,
      description:
        'The number of billing periods that must pass before the customer can cancel. Null when the customer can cancel at any time.',
    }),
    minimumCancellationDate: t.field({
      ...momentField(t),
      nullable: true,
      description:
        'The earliest moment at which the customer can cancel. Null when the customer can cancel at any time.',
      resolve: ({ minimumCancellationAt }, args, context) => momentOrNull(minimumCancellationAt, args, context),
    }),
    completedCycles: t.exposeInt('completedCycles', { description: 'The number of billings that are paid.' }),
    allowance: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'The amount that the customer still allows to be billed (crypto payments). Null when it is not known.',
      resolve: ({ allowanceMinor, currency }) => amountOrNull(allowanceMinor, currency),
    }),
    unitsThisPeriod: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        'The number of units used in the current billing period. Null for a subscription with a fixed price.',
      resolve: ({ unitsMillionths }) => (unitsMillionths === null ? null : unitsOf(unitsMillionths)),
    }),
    freeCredits: t.field({
      type: 'Decimal',
      nullable: true,
      description:
        "The amount of free usage that is left, in major units of the price's currency. Null without free usage.",
      resolve: ({ freeCreditsMinor, currency }) =>
        freeCreditsMinor === null ? null : decimalOf(freeCreditsMinor, currency),
    }),
    maxSpendingPerPeriod: t.field({
      type: MoneyRef,
      nullable: true,
      description: "The customer's limit for one billing. Null when there is none or it is not known.",
      resolve: ({ maxSpendingMinor, currency }) => amountOrNull(maxSpendingMinor, currency),
    }),
    stopped: t.exposeBoolean('stopped', {
      description: 'Whether the subscription ends at the end of the current billing period.',
    }),
    lastBillingAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When a billing was last paid. Null until the first one is.',
      resolve: ({ lastBillingAt }, args, context) => momentOrNull(lastBillingAt, args, context),
    }),
    nextBillingAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the next billing is due. Null when nothing more will be billed.',
      resolve: ({ nextBillingAt }, args, context) => momentOrNull(nextBillingAt, args, context),
    }),
    managementUrl: t.exposeString('managementUrl', {
      nullable: true,
      description:
        'The URL of the page on which the customer manages the subscription (provider-specific). Null until the provider has given it.',
      authScopes: KEY_ONLY,
    }),
    billings: t.field({
      ...billings.field(t),
      description: 'The billings of the subscription, newest first.',
      authScopes: KEY_ONLY,
      resolve: (subscription, args, context) =>
        billings.open(context, args, {
          parentId: subscription.id,
          belongs: (alias, parent) => `${alias}.subscription_id = ${parent}`,
        }),
    }),
    payments: t.field({
      ...payments.field(t),
      description: 'The payments of the subscription, newest first.',
      authScopes: KEY_ONLY,
      resolve: (subscription, args, context) =>
        payments.open(context, args, {
          parentId: subscription.id,
          belongs: (alias, parent) => `${alias}.subscription_id = ${parent}`,
        }),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'The events of the subscription, oldest first. At most the first 100.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => timelineOf(loaders, tenantId, 'entity_id', id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the subscription was created.',
      resolve: (subscription, args, context) => moment(subscription.createdAt, args, context),
    }),
    cancelRequestedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When cancelling the subscription was requested from the provider. Null when it was not.',
      resolve: ({ cancelRequestedAt }, args, context) => momentOrNull(cancelRequestedAt, args, context),
    }),
    cancelledAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the subscription was cancelled. Null when it is not.',
      resolve: ({ cancelledAt }, args, context) => momentOrNull(cancelledAt, args, context),
    }),
  }),
})

/** A count without the zeros that a fixed number of digits puts at its end. */
function unitsOf(millionths: bigint): string {
  return formatDecimal(millionths, UNIT_DIGITS).replace(/\.?0+$/, '')
}

function decimalOf(minor: bigint, code: string): string {
  return formatDecimal(minor, currency(code).exponent)
}
