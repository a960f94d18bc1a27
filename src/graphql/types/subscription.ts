import type { SubscriptionRow } from '../../db/rows.ts'
import { currency } from '../../kernel/currency.ts'
import { encodeId } from '../../kernel/id.ts'
import { formatDecimal } from '../../kernel/money.ts'
import { UNIT_DIGITS } from '../../subscriptions/subscription.ts'
import { builder } from '../builder.ts'
import { CheckoutRef, CustomerRef, EventRef, ProductRef, SubscriptionRef, UserRef } from '../refs.ts'
import { billings } from './billing.ts'
import { DurationRef } from './duration.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { payments } from './payment.ts'
import { ProviderEnum } from './provider.ts'
import { BillingUsageEnum, SubscriptionStatusEnum } from './subscription-enums.ts'

const SubscriptionItem = builder.objectRef<SubscriptionRow & { productId: string }>('SubscriptionItem').implement({
  description: 'A product that is subscribed to.',
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
    quantity: t.int({ description: 'How many of it.', resolve: () => 1 }),
  }),
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

function amountOrNull(minor: bigint | null, currency: string) {
  return minor === null ? null : amount(minor, currency)
}

SubscriptionRef.implement({
  description: 'What a customer agreed to pay again and again.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: sub_…', resolve: ({ id }) => encodeId('Subscription', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'Who bills it for us.' }),
    status: t.expose('status', { type: SubscriptionStatusEnum, description: 'Where it stands.' }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description: "The provider's id for it (provider-specific).",
      authScopes: KEY_ONLY,
    }),
    usage: t.expose('usage', { type: BillingUsageEnum, description: 'What is billed.' }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'Who pays.',
      authScopes: KEY_ONLY,
      resolve: ({ customerId }, _args, { loaders }) => loaders.linked('customer', customerId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description: 'The checkout that began it.',
      resolve: ({ checkoutId }, _args, { loaders }) => loaders.linked('checkout', checkoutId),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description: "The seller whose subscription it is; null for the organization's own.",
      authScopes: KEY_ONLY,
      resolve: ({ userId }, _args, { loaders }) => loaders.linked('app_user', userId),
    }),
    description: t.exposeString('description', { description: 'What it is for.' }),
    items: t.field({
      type: [SubscriptionItem],
      description: 'The products; empty for an inline item.',
      authScopes: KEY_ONLY,
      resolve: (subscription) => {
        const { productId } = subscription
        return productId === null ? [] : [{ ...subscription, productId }]
      },
    }),
    price: t.field({
      type: MoneyRef,
      description: 'Of one period, or of one unit where what was used is billed.',
      resolve: ({ priceMinor, currency }) => amount(priceMinor, currency),
    }),
    frequency: t.field({
      type: DurationRef,
      description: 'How long a period is.',
      resolve: ({ frequencyValue, frequencyUnit }) => ({ value: frequencyValue, unit: frequencyUnit }),
    }),
    trialEndsAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the trial ends or ended; null without one.',
      resolve: ({ trialEndsAt }, args, context) => momentOrNull(trialEndsAt, args, context),
    }),
    minPeriods: t.exposeInt('minPeriods', {
      nullable: true,
      description: 'How many periods must pass before the customer may cancel; null when they may at any time.',
    }),
    minimumCancellationDate: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the customer may cancel at the earliest.',
      resolve: ({ minimumCancellationAt }, args, context) => momentOrNull(minimumCancellationAt, args, context),
    }),
    completedCycles: t.exposeInt('completedCycles', { description: 'How many bills were paid.' }),
    allowance: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the customer still lets be billed (crypto payments).',
      resolve: ({ allowanceMinor, currency }) => amountOrNull(allowanceMinor, currency),
    }),
    unitsThisPeriod: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What was used in this period; null unless that is billed.',
      resolve: ({ unitsMillionths }) => (unitsMillionths === null ? null : unitsOf(unitsMillionths)),
    }),
    freeCredits: t.field({
      type: 'Decimal',
      nullable: true,
      description: 'What is left to be used without a bill, in the currency of the price.',
      resolve: ({ freeCreditsMinor, currency }) =>
        freeCreditsMinor === null ? null : decimalOf(freeCreditsMinor, currency),
    }),
    maxSpendingPerPeriod: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the customer lets one bill come to at the most.',
      resolve: ({ maxSpendingMinor, currency }) => amountOrNull(maxSpendingMinor, currency),
    }),
    stopped: t.exposeBoolean('stopped', { description: 'Whether it ends at the end of the current period.' }),
    lastBillingAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When a bill was last paid.',
      resolve: ({ lastBillingAt }, args, context) => momentOrNull(lastBillingAt, args, context),
    }),
    nextBillingAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the next bill is due; null once it has ended.',
      resolve: ({ nextBillingAt }, args, context) => momentOrNull(nextBillingAt, args, context),
    }),
    managementUrl: t.exposeString('managementUrl', {
      nullable: true,
      description: 'The page on which the customer manages it, once the provider has told it (provider-specific).',
      authScopes: KEY_ONLY,
    }),
    billings: t.field({
      ...billings.field(t),
      description: 'Its bills, newest first.',
      authScopes: KEY_ONLY,
      resolve: (subscription, args, context) =>
        billings.open(context, args, {
          parentId: subscription.id,
          belongs: (alias, parent) => `${alias}.subscription_id = ${parent}`,
        }),
    }),
    payments: t.field({
      ...payments.field(t),
      description: 'What was paid for it, newest first.',
      authScopes: KEY_ONLY,
      resolve: (subscription, args, context) =>
        payments.open(context, args, {
          parentId: subscription.id,
          belongs: (alias, parent) => `${alias}.subscription_id = ${parent}`,
        }),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'What happened to it, oldest first: the first hundred events.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => loaders.timeline(tenantId, 'entity_id', id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When it began.',
      resolve: (subscription, args, context) => moment(subscription.createdAt, args, context),
    }),
    cancelRequestedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'Since when the provider is asked to end it; null when it is not.',
      resolve: ({ cancelRequestedAt }, args, context) => momentOrNull(cancelRequestedAt, args, context),
    }),
    cancelledAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When it was cancelled; null while it was not.',
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
