import type { PaymentSource } from '../../db/generated/enums.ts'
import { encodeId } from '../../kernel/id.ts'
import { refundable } from '../../payments/payment.ts'
import { builder } from '../builder.ts'
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
import { timelineOf } from '../relations.ts'
import { ledgerTransactions } from './ledger-transaction-list.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'
import { refunds } from './refund-list.ts'
import { TransactionStateEnum } from './transaction-state.ts'
import { deliveries } from './webhook-delivery.ts'

export const PaymentSourceEnum = builder.enumType('PaymentSource', {
  description: 'What requested a payment.',
  values: {
    ONE_TIME: { description: 'A checkout for one payment.' },
    SUBSCRIPTION: { description: 'A billing of a subscription.' },
  } satisfies Record<PaymentSource, object>,
})

/** A client secret is in the hands of whoever pays: what concerns the merchant or other people needs a key. */
const KEY_ONLY = { key: true }

PaymentRef.implement({
  description: 'A payment by a customer.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the payment: pay_…', resolve: ({ id }) => encodeId('Payment', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider that received the payment.' }),
    status: t.expose('status', { type: TransactionStateEnum, description: 'The status of the payment.' }),
    source: t.expose('source', { type: PaymentSourceEnum, description: 'What requested the payment.' }),
    reference: t.exposeString('reference', {
      nullable: true,
      description:
        "The merchant's own identifier of the checkout that requested the payment or started its subscription. Null when none was given.",
    }),
    metadata: t.field({
      type: 'JSON',
      description:
        'Key-value pairs that the merchant stored on the checkout that requested the payment or started its subscription.',
      authScopes: KEY_ONLY,
      resolve: ({ metadata }) => metadata,
    }),
    amount: t.field({
      type: MoneyRef,
      description:
        'The amount in the currency of the price: the requested amount until money arrives, then the total received.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    settled: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'The received amount in the currency that the customer paid with. Null until money arrives, and when the gateway does not support that currency.',
      resolve: ({ settledMinor, settledCurrency }) =>
        settledMinor !== null && settledCurrency !== null ? amount(settledMinor, settledCurrency) : null,
    }),
    fee: t.field({
      type: MoneyRef,
      nullable: true,
      description: "The provider's fee. Null until the payment is settled and the provider has told its fee.",
      authScopes: KEY_ONLY,
      resolve: ({ providerFeeMinor, currency }) =>
        providerFeeMinor === null ? null : amount(providerFeeMinor, currency),
    }),
    organizationFee: t.field({
      type: MoneyRef,
      nullable: true,
      description: "The organization's fee on a seller's payment. Null until the payment is settled.",
      authScopes: KEY_ONLY,
      resolve: ({ organizationFeeMinor, currency }) =>
        organizationFeeMinor === null ? null : amount(organizationFeeMinor, currency),
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'The customer who paid. Null when the customer is not known.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('customer', payment.customerId),
    }),
    product: t.field({
      type: ProductRef,
      nullable: true,
      description: 'The product that was sold. Null for an inline item.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('product', payment.productId),
    }),
    checkout: t.field({
      type: CheckoutRef,
      nullable: true,
      description:
        'The checkout that requested the payment. Null for a billing of a subscription, and for money that no checkout requested.',
      resolve: (payment, _args, { loaders }) => loaders.linked('checkout', payment.checkoutId),
    }),
    subscription: t.field({
      type: SubscriptionRef,
      nullable: true,
      description: 'The subscription that is billed. Null for a one-time payment.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('subscription', payment.subscriptionId),
    }),
    billing: t.field({
      type: BillingRef,
      nullable: true,
      description: 'The billing that is paid. Null for a one-time payment.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('billing', payment.billingId),
    }),
    seller: t.field({
      type: UserRef,
      nullable: true,
      description: 'The seller of the payment. Null for a payment of the organization itself.',
      authScopes: KEY_ONLY,
      resolve: (payment, _args, { loaders }) => loaders.linked('app_user', payment.userId),
    }),
    description: t.exposeString('description', { description: 'What the payment is for, in words for people.' }),
    refundable: t.field({
      type: MoneyRef,
      description:
        'The amount that is not refunded yet: the received amount minus the completed refunds. `createRefund` also subtracts the refunds that are not over.',
      authScopes: KEY_ONLY,
      resolve: (payment) => amount(refundable(payment), payment.currency),
    }),
    suspense: t.field({
      type: MoneyRef,
      description:
        'The amount, after fees, that is held on the suspense account because it was underpaid, overpaid, paid late or not requested. Zero after `acceptPayment`, after the missing rest has arrived, and after a refund.',
      authScopes: KEY_ONLY,
      resolve: ({ suspenseMinor, currency }) => amount(suspenseMinor, currency),
    }),
    refunds: t.field({
      ...refunds.field(t),
      description: 'The refunds of the payment, newest first.',
      authScopes: KEY_ONLY,
      resolve: (payment, args, context) =>
        refunds.open(context, args, {
          parentId: payment.id,
          belongs: (alias, parent) => `${alias}.payment_id = ${parent}`,
        }),
    }),
    from: t.exposeString('fromAddress', {
      nullable: true,
      description: 'The address that the money came from (crypto payments). Null for others.',
    }),
    to: t.exposeString('toAddress', {
      nullable: true,
      description: 'The address that the money went to (crypto payments). Null for others.',
    }),
    providerId: t.exposeString('externalId', {
      nullable: true,
      description: 'The id of the payment at its provider (provider-specific). Null when the provider gave none.',
      authScopes: KEY_ONLY,
    }),
    transactionHash: t.exposeString('transactionHash', {
      nullable: true,
      description:
        'The hash of the transfer on its blockchain (crypto payments). Null until it is known, and for others. When the money came in several transfers, that of the first; `accounting` lists each with its own hash.',
    }),
    message: t.exposeString('message', {
      nullable: true,
      description: 'Why the payment failed or is not complete, in words for people. Null otherwise.',
    }),
    ledgerTransactions: t.field({
      ...ledgerTransactions.field(t),
      description: 'The ledger transactions of the payment, newest first.',
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
      description: 'The events of the payment, oldest first. At most the first 100.',
      authScopes: KEY_ONLY,
      resolve: ({ tenantId, id }, _args, { loaders }) => timelineOf(loaders, tenantId, 'entity_id', id),
    }),
    deliveries: t.field({
      ...deliveries.field(t),
      description: 'The webhook deliveries about the payment, newest first.',
      authScopes: { manager: true },
      resolve: (payment, args, context) =>
        deliveries.open(context, args, {
          parentId: payment.id,
          belongs: (alias, parent) => `${alias}.entity_id = ${parent}`,
        }),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the payment was created, that is when the customer started to pay.',
      resolve: (payment, args, context) => moment(payment.createdAt, args, context),
    }),
    settledAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the receipt of money was first confirmed. Null until then.',
      resolve: (payment, args, context) => momentOrNull(payment.settledAt, args, context),
    }),
  }),
})
