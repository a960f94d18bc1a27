import type { RefundStatus } from '../../db/generated/enums.ts'
import type { EntryRow } from '../../db/rows.ts'
import { encodeId } from '../../kernel/id.ts'
import { builder } from '../builder.ts'
import { AccountRef, CustomerRef, EventRef, LedgerTransactionRef, PaymentRef, RefundRef } from '../refs.ts'
import { moment, momentField, momentOrNull } from './moment.ts'
import { amount, MoneyRef } from './money.ts'
import { ProviderEnum } from './provider.ts'

export const RefundStatusEnum = builder.enumType('RefundStatus', {
  description: 'Where a refund stands.',
  values: {
    PENDING: { description: 'The customer asked, and the merchant has not answered.' },
    PROCESSING: { description: 'The merchant has answered here, and the answer is being carried out.' },
    APPROVED: { description: 'The provider has the yes of the merchant; the money is not back yet.' },
    COMPLETED: { description: 'The customer has the money back.' },
    REFUSED: { description: 'The merchant said no.' },
    FAILED: { description: 'The money could not be given back.' },
    UNKNOWN: { description: 'Whether the provider heard the answer is in doubt; it is asked until that is known.' },
  } satisfies Record<RefundStatus, object>,
})

/** What one refund did to the accounts is read together for a whole page. */
const FEW = { field: 1, multiplier: 5 }

const RefundPart = builder.objectRef<EntryRow>('RefundPart').implement({
  description: 'What a refund did to one account.',
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
      description: 'What it received; below zero what it gave.',
      resolve: (entry) => amount(entry.amount, entry.currency),
    }),
  }),
})

RefundRef.implement({
  description: 'Money of a payment that the customer asked to have back, or that was given back and recorded here.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: 'The id: rfnd_…', resolve: ({ id }) => encodeId('Refund', id) }),
    provider: t.expose('provider', { type: ProviderEnum, description: 'Who gives it back for us.' }),
    payment: t.field({
      type: PaymentRef,
      description: 'The payment.',
      resolve: async ({ id, paymentId }, _args, { loaders }) => {
        const payment = await loaders.one('payment', paymentId)
        if (!payment) throw new Error(`refund ${id} has no payment`)
        return payment
      },
    }),
    customer: t.field({
      type: CustomerRef,
      nullable: true,
      description: 'Who asked.',
      resolve: (refund, _args, { loaders }) => loaders.linked('customer', refund.customerId),
    }),
    amount: t.field({
      type: MoneyRef,
      description: 'How much goes back, in the currency of the price.',
      resolve: ({ amountMinor, currency }) => amount(amountMinor, currency),
    }),
    settled: t.field({
      type: MoneyRef,
      nullable: true,
      description: 'What the customer receives, in the currency that the payment was settled in.',
      resolve: ({ settledMinor, settledCurrency }) =>
        settledMinor !== null && settledCurrency !== null ? amount(settledMinor, settledCurrency) : null,
    }),
    networkFee: t.field({
      type: MoneyRef,
      nullable: true,
      description:
        'What sending it cost the merchant, in the coin of its chain (crypto payments); null until it is back.',
      resolve: ({ networkFeeMinor, networkFeeCurrency }) =>
        networkFeeMinor !== null && networkFeeCurrency !== null ? amount(networkFeeMinor, networkFeeCurrency) : null,
    }),
    status: t.expose('status', { type: RefundStatusEnum, description: 'Where it stands.' }),
    recorded: t.exposeBoolean('recorded', {
      description: 'Whether the money was given back outside of the provider, as `recordRefund` has said.',
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: 'Why the customer asks, or why it was given back.',
    }),
    merchantMessage: t.exposeString('merchantMessage', {
      nullable: true,
      description: 'What the merchant answered the customer.',
    }),
    transactionHash: t.exposeString('transactionHash', {
      nullable: true,
      description: "The transaction's hash on its chain (crypto payments).",
    }),
    parts: t.field({
      type: [RefundPart],
      description: 'What it did to each account; none until the money is back, and none for a key with the role USER.',
      complexity: FEW,
      resolve: async ({ id }, _args, { loaders }) => {
        const posting = await loaders.postingOf(id)
        return posting ? loaders.entriesOf(posting.id) : []
      },
    }),
    ledgerTransaction: t.field({
      type: LedgerTransactionRef,
      nullable: true,
      description: 'How it moved money in the ledger; null until the money is back.',
      resolve: ({ id }, _args, { loaders }) => loaders.postingOf(id),
    }),
    timeline: t.field({
      type: [EventRef],
      description: 'What happened to it, oldest first: the first hundred events.',
      resolve: ({ tenantId, id }, _args, { loaders }) => loaders.timeline(tenantId, 'entity_id', id),
    }),
    createdAt: t.field({
      ...momentField(t),
      description: 'When the customer asked.',
      resolve: (refund, args, context) => moment(refund.createdAt, args, context),
    }),
    respondedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the provider had the answer; null until it has one.',
      resolve: (refund, args, context) => momentOrNull(refund.respondedAt, args, context),
    }),
    completedAt: t.field({
      ...momentField(t),
      nullable: true,
      description: 'When the customer had the money back; null until then.',
      resolve: (refund, args, context) => momentOrNull(refund.completedAt, args, context),
    }),
  }),
})
