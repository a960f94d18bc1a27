import type { RefundStatus } from '../../db/generated/enums.ts'
import type { EntryRow } from '../../db/rows.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { AccountRef, CustomerRef, EventRef, LedgerTransactionRef, PaymentRef, RefundRef } from '../refs.ts'
import { entriesOf, postingOf, timelineOf } from '../relations.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'

export const RefundStatusEnum = builder.enumType('RefundStatus', {
  description: 'The status of a refund.',
  values: {
    PENDING: { description: 'The customer has requested the refund, and the merchant has not answered.' },
    PROCESSING: {
      description:
        'The merchant has answered the request or issued the refund through the gateway, and the provider is processing it.',
    },
    APPROVED: { description: 'The provider has received the approval, and the money is not sent back yet.' },
    COMPLETED: { description: 'The customer has received the money.' },
    REFUSED: { description: 'The merchant refused the refund.' },
    FAILED: { description: 'The refund could not be paid, or the provider refused to issue it.' },
    UNKNOWN: {
      description:
        "The provider did not confirm that it received the merchant's answer or the issued refund. The gateway asks the provider until it is known.",
    },
  } satisfies Record<RefundStatus, object>,
})

/** What one refund did to the accounts is read together for a whole page. */
const FEW = { field: 1, multiplier: 5 }

const RefundPart = builder.objectRef<EntryRow>('RefundPart').implement({
  description: 'The effect of a refund on one account.',
  fields: (t) => ({
    account: t.field({
      type: AccountRef,
      description: 'The account.',
      resolve: async ({ id, accountId }, _args, { loaders }) => {
        const account = await loaders.one('account', accountId)
        if (!account) throw new Error(`entry ${id} has no account`)
        return account
      },
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'The amount of the change: positive for money into the account, negative for money out of it.',
      resolve: (entry) => amount(entry.amount, entry.currency),
    }),
  }),
})

RefundRef.implement({
  description: 'A refund of a payment: requested by the customer, or issued or recorded by the merchant.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id of the refund: rfnd_…', resolve: ({ id }) => encodeId('Refund', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'The provider that pays the refund.' }),
    payment: t.field({
      type: PaymentRef,
      description: 'The payment that is refunded.',
      resolve: async ({ id, paymentId }, _args, { loaders }) => {
        const payment = await loaders.one('payment', paymentId)
        if (!payment) throw new Error(`refund ${id} has no payment`)
        return payment
      },
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'The customer who made the payment. Null when the customer is not known.',
      resolve: (refund, _args, { loaders }) => loaders.linked('customer', refund.customerId),
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'The refunded amount, in the currency of the price.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    settled: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'The amount that the customer receives, in the currency that the payment was settled in. Null when it is not known.',
      resolve: ({ settledMinor, settledCurrency }) =>
        settledMinor !== null && settledCurrency !== null ? amount(settledMinor, settledCurrency) : null,
    }),
    networkFee: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'The network fee that the merchant paid for sending the refund, in the native coin of the blockchain (crypto payments). Null until the refund is completed, and for others.',
      resolve: ({ networkFeeMinor, networkFeeCurrency }) =>
        networkFeeMinor !== null && networkFeeCurrency !== null ? amount(networkFeeMinor, networkFeeCurrency) : null,
    }),
    status: t.expose('status', { type: RefundStatusEnum, description: 'The status of the refund.' }),
    reference: t.exposeString('reference', {
      nullable: true,
      description: "The merchant's own identifier of the refund. Null when none was given.",
    }),
    metadata: t.field({
      type: 'JSON',
      description: 'Key-value pairs that the merchant stored on the refund.',
      resolve: ({ metadata }) => metadata,
    }),
    recorded: t.exposeBoolean('recorded', {
      description: 'Whether the refund was paid outside the provider and recorded with `recordRefund`.',
    }),
    issued: t.exposeBoolean('issued', {
      description: 'Whether the merchant issued the refund with `createRefund`.',
    }),
    failureMessage: t.exposeString('failureMessage', {
      nullable: true,
      description: "Why the refund failed, in the provider's words. Null when it did not fail or no reason was given.",
    }),
    retryable: t.exposeBoolean('retryable', {
      nullable: true,
      description:
        'Whether a new refund may succeed later, when this one failed. Null when it did not fail or the provider did not say.',
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'The reason of the refund. Null when none was given.',
    }),
    merchantMessage: t.exposeString('merchantMessage', {
      nullable: true,
      description: "The merchant's answer to the customer. Null when there is none.",
    }),
    transactionHash: t.exposeString('transactionHash', {
      nullable: true,
      description:
        'The hash of the transfer on its blockchain (crypto payments). Null until it is known, and for others.',
    }),
    parts: t.field({
      type: [RefundPart],
      description:
        'The effect of the refund on each account. Empty until the refund is completed, and for keys with the role USER.',
      complexity: FEW,
      resolve: async ({ id }, _args, { loaders }) => {
        const posting = await postingOf(loaders, id)
        return posting ? entriesOf(loaders, posting.id) : []
      },
    }),
    ledgerTransaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'The ledger transaction of the refund. Null until the refund is completed.',
      resolve: ({ id }, _args, { loaders }) => postingOf(loaders, id),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'The events of the refund, oldest first. At most the first 100.',
      resolve: ({ tenantId, id }, _args, { loaders }) => timelineOf(loaders, tenantId, 'entity_id', id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the refund was requested, issued or recorded.',
      resolve: (refund, args, context) => moment(refund.createdAt, args, context),
    }),
    respondedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: "When the provider received the merchant's answer, or answered the issued refund. Null until then.",
      resolve: (refund, args, context) => momentOrNull(refund.respondedAt, args, context),
    }),
    completedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the customer received the money. Null until then.',
      resolve: (refund, args, context) => momentOrNull(refund.completedAt, args, context),
    }),
  }),
})
