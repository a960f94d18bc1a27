import { atLeast, below, type Condition, equals, oneOf } from '../../db/condition.ts'
import type { PaymentSource } from '../../db/generated/enums.ts'
import { decodeId, encodeId } from '../../kernel/id.ts'
import { refundable } from '../../payments/payment.ts'
import { builder } from '../builder.ts'
import { list } from '../connection.ts'
import { calledAtProvider, refersTo } from '../filters.ts'
import {
  BillingRef,
  CheckoutRef,
  CustomerRef,
  EventRef,
  PaymentRef,
  ProductRef,
  SubscriptionRef,
  UserRef,
} from '../refs.ts'
import { ledgerTransactions } from './ledger-transaction-list.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'
import { refunds } from './refund-list.ts'
import { TransactionStateEnum } from './transaction-state.ts'
import { deliveries } from './webhook-delivery.ts'

export const PaymentSourceEnum = builder.enumType('PaymentSource', {
  description: 'What asked for a payment.',
  values: {
    ONE_TIME: { description: 'A checkout for one payment.' },
    SUBSCRIPTION: { description: 'A subscription.' },
  } satisfies Record<PaymentSource, object>,
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

PaymentRef.implement({
  description: 'Money that a customer paid, once.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: pay_…', resolve: ({ id }) => encodeId('Payment', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'Who received it for us.' }),
    status: t.expose('status', { type: TransactionStateEnum, description: 'Where it stands.' }),
    source: t.expose('source', { type: PaymentSourceEnum, description: 'What asked for it.' }),
    amount: t.field({
      type: MoneyRef,
      description:
        'How much, in the currency of the price: what was asked for until money comes in, and from then on all that came in.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    settled: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'What arrived, in the currency that the customer paid with; null until it has, and where the gateway does not keep that currency.',
      resolve: ({ settledMinor, settledCurrency }) =>
        settledMinor !== null && settledCurrency !== null ? amount(settledMinor, settledCurrency) : null,
    }),
    fee: t.field({
      type: MoneyRef,
      nullable: true,
      description: "The provider's fee; null until it is settled.",
      authScopes: KEY_ONLY,
      resolve: ({ providerFeeMinor, currency }) =>
        providerFeeMinor === null ? null : amount(providerFeeMinor, currency),
    }),
    organizationFee: t.field({
      type: MoneyRef,
      nullable: true,
      description: "What the organization keeps of a seller's payment; null until it is settled.",
      authScopes: KEY_ONLY,
      resolve: ({ organizationFeeMinor, currency }) =>
        organizationFeeMinor === null ? null : amount(organizationFeeMinor, currency),
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'Who paid.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('customer', payment.customerId),
    }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'What was bought; null for an inline item.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('product', payment.productId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description:
        'The checkout that asked for it; null for a bill of a subscription, and where nothing here asked for it.',
      resolve: (payment, _args, { loaders }) => loaders.linked('checkout', payment.checkoutId),
    }),
    subscription: t.field({
      type: SubscriptionRef,
      nullable: true,
      description: 'The subscription whose bill it pays; null for a checkout for one payment.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('subscription', payment.subscriptionId),
    }),
    billing: t.field({
      type: BillingRef,
      nullable: true,
      description: 'The bill that it pays; null for a checkout for one payment.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('billing', payment.billingId),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description: "The seller whose payment it is; null for the organization's own.",
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('app_user', payment.userId),
    }),
    description: t.exposeString('description', { description: 'What it was for.' }),
    refundable: t.field({
      type: MoneyRef,
      description: 'What can still be given back: all that was not, of money that came in.',
      authScopes: KEY_ONLY,
      resolve: (payment) => amount(refundable(payment), payment.currency),
    }),
    suspense: t.field({
      type: MoneyRef,
      description:
        'What of it, less the fees, waits on the suspense account: too little, too much, too late, or not asked for here. Zero once acceptPayment has taken it, the rest has come, or it was given back.',
      authScopes: KEY_ONLY,
      resolve: ({ suspenseMinor, currency }) => amount(suspenseMinor, currency),
    }),
    refunds: t.field({
      ...refunds.field(t),
      description: 'The refunds that the customer asked for or that were recorded, newest first.',
      authScopes: KEY_ONLY,
      resolve: (payment, args, context) =>
        refunds.open(context, args, {
          parentId: payment.id,
          belongs: (alias, parent) => `${alias}.payment_id = ${parent}`,
        }),
    }),
    from: t.exposeString('fromAddress', { nullable: true, description: 'The address it came from (crypto payments).' }),
    to: t.exposeString('toAddress', { nullable: true, description: 'The address it went to (crypto payments).' }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description: "The provider's id for it (provider-specific); null where it has none.",
      authScopes: KEY_ONLY,
    }),
    transactionHash: t.exposeString('transactionHash', {
      nullable: true,
      description: "The transaction's hash on its chain (crypto payments).",
    }),
    message: t.exposeString('message', { nullable: true, description: 'Why it failed or fell short, for people.' }),
    ledgerTransactions: t.field({
      ...ledgerTransactions.field(t),
      description: 'How it moved money in the ledger, newest first.',
      authScopes: KEY_ONLY,
      resolve: (payment, args, context) =>
        ledgerTransactions.open(context, args, {
          parentId: payment.id,
          belongs: (alias, parent) => `${alias}.cause_id = ANY (ARRAY(
            SELECT ${parent} UNION ALL SELECT m.id FROM payment_movement AS m WHERE m.payment_id = ${parent}))`,
        }),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'What happened to it, oldest first: the first hundred events.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => loaders.timeline(tenantId, 'entity_id', id),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'What was sent of it to webhooks, newest first.',
      authScopes: { manager: true },
      resolve: (payment, args, context) =>
        deliveries.open(context, args, {
          parentId: payment.id,
          belongs: (alias, parent) => `${alias}.entity_id = ${parent}`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the customer began to pay.',
      resolve: (payment, args, context) => moment(payment.createdAt, args, context),
    }),
    settledAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When money first came in for certain; null until then.',
      resolve: (payment, args, context) => momentOrNull(payment.settledAt, args, context),
    }),
  }),
})

export const PaymentFilter = builder.inputType('PaymentFilter', {
  description: 'Which payments.',
  fields: (t) => ({
    status: t.field({ type: [TransactionStateEnum], description: 'Those that stand at one of these.' }),
    source: t.field({ type: PaymentSourceEnum, description: 'What asked for them.' }),
    provider: t.field({ type: ProviderEnum, description: 'Who received them.' }),
    inSuspense: t.boolean({
      description: 'Those of whose money something waits on the suspense account, or, when false, nothing.',
    }),
    customerId: t.id({ description: 'Those of this customer.' }),
    productId: t.id({ description: 'Those for this product.' }),
    createdFrom: t.field({ type: 'DateTime', description: 'Begun at this moment or later.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Begun before this moment.' }),
  }),
})

export const payments = list({
  name: 'Payment',
  type: PaymentRef,
  table: 'payment',
  orders: {
    CREATED_AT: { column: 'created_at', description: 'When the customer began to pay.' },
    AMOUNT: { column: 'amount_minor', description: 'How much, in minor units.' },
  },
  filter: {
    type: PaymentFilter,
    conditions: ({ status, source, provider, inSuspense, customerId, productId, createdFrom, createdBefore }) => [
      ...(status ? [oneOf('status', status)] : []),
      ...(source ? [equals('source', source)] : []),
      ...(provider ? [equals('provider', provider)] : []),
      ...waiting(inSuspense),
      ...refersTo('customer_id', 'Customer', customerId),
      ...refersTo('product_id', 'Product', productId),
      ...(createdFrom ? [atLeast('created_at', createdFrom)] : []),
      ...(createdBefore ? [below('created_at', createdBefore)] : []),
    ],
  },
})

function waiting(inSuspense: boolean | null | undefined): Condition[] {
  if (inSuspense == null) return []
  return [{ values: [], sql: (alias) => `${alias}.suspense_minor ${inSuspense ? '>' : '='} 0` }]
}

const PaymentBy = builder.inputType('PaymentBy', {
  description: 'Which payment: by one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its id.' }),
    providerId: t.string({ description: "The provider's id for it, as {{UUID}} carries it too (provider-specific)." }),
    checkoutId: t.id({ description: 'The checkout that asked for it.' }),
  }),
})

builder.queryFields((t) => ({
  payment: t.field({
    type: PaymentRef,
    nullable: true,
    description: 'One payment; null when there is none, or none that the credential may see.',
    authScopes: { credential: true },
    args: { by: t.arg({ type: PaymentBy, required: true, description: 'Which.' }) },
    resolve: async (_root, { by }, { loaders }) => {
      if (by.providerId != null) return loaders.unique('payment', ...calledAtProvider(by.providerId))
      const id = decodeId(by.checkoutId ?? by.id ?? '')
      if (by.checkoutId != null) return id?.kind === 'Checkout' ? loaders.paymentOf(id.uuid) : null
      return id?.kind === 'Payment' ? loaders.one('payment', id.uuid) : null
    },
  }),
  payments: t.field({
    ...payments.field(t),
    description: 'The payments, newest first.',
    authScopes: { key: true },
    resolve: (_root, args, context) => payments.open(context, args),
  }),
}))
