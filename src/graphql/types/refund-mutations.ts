import { withNotes } from '../../providers/notes.ts'
import { mutation } from '../mutation.ts'
import { MoneyInput } from './money.ts'
import { ownWords } from './own-words.ts'

mutation('createRefund', {
  description:
    'Refunds a payment through its provider, in full or in part. A payment may have several refunds, up to the received amount. The refund is PROCESSING until the customer has received the money. When the provider refuses, the refund is FAILED, and its `retryable` says whether another request (with another idempotency key) may succeed later. When the answer of the provider is lost, the refund is UNKNOWN until the gateway has found out. Only for the seller of the payment and for keys with the role OWNER or ADMIN. Available for providers with the capability ISSUED_REFUNDS; for others the error is UNSUPPORTED and its message says what to do instead.',
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    paymentId: t.id({ required: true, description: 'The id of the payment.' }),
    amount: t.field({
      type: MoneyInput,
      description:
        'The amount in the currency of the price. The default is everything that can still be refunded: the received amount minus all refunds that are completed or not over.',
    }),
    reason: t.string({ required: true, description: 'The reason of the refund: up to 500 characters.' }),
    ...ownWords(t, 'refund'),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund.' },
  run: (app, call, input) => app.refunds.create(call, input),
})

mutation('approveRefund', {
  description: withNotes(
    "Approves a requested refund. It is PROCESSING until the customer has received the money. Only for the seller of the payment and for keys with the role OWNER or ADMIN. When the provider's API cannot take the answer, the error is UNSUPPORTED and its message says where to answer instead.",
    'REFUND_ANSWER',
  ),
  idempotency: 'required',
  input: (t) => ({ id: t.id({ required: true, description: 'The id of the refund.' }) }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund after the change.' },
  run: (app, call, input) => app.refunds.approve(call, input),
})

mutation('refuseRefund', {
  description: 'Refuses a requested refund, under the same conditions as `approveRefund`.',
  idempotency: 'required',
  input: (t) => ({
    id: t.id({ required: true, description: 'The id of the refund.' }),
    message: t.string({
      required: true,
      description: 'The reason for the refusal, for the customer: up to 500 characters.',
    }),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund after the change.' },
  run: (app, call, input) => app.refunds.refuse(call, input),
})

mutation('simulateRefundRequest', {
  description: "Test mode only. Requests a refund of a payment, as the customer would on the provider's page.",
  idempotency: 'optional',
  input: (t) => ({
    paymentId: t.id({ required: true, description: 'The id of the payment.' }),
    reason: t.string({ required: true, description: 'The reason of the request: up to 500 characters.' }),
  }),
  object: { name: 'refund', kind: 'Refund', description: "The refund, which is waiting for the merchant's answer." },
  run: (app, call, input) => app.refunds.request(call, input),
})

mutation('recordRefund', {
  description:
    "Records a refund that was paid outside the provider, e.g. from the merchant's own wallet. The ledger books it; no money is sent. Money on the suspense account is used first. Only for the seller of the payment and for keys with the role OWNER or ADMIN.",
  idempotency: 'required',
  defaults: { metadata: {} },
  input: (t) => ({
    paymentId: t.id({ required: true, description: 'The id of the payment.' }),
    amount: t.field({
      type: MoneyInput,
      description: 'The amount in the currency of the price. The default is everything that can still be refunded.',
    }),
    reason: t.string({ required: true, description: 'The reason of the refund: up to 500 characters.' }),
    transactionHash: t.string({ description: 'The number or hash of the transfer: up to 200 characters.' }),
    ...ownWords(t, 'refund'),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund, which is COMPLETED.' },
  run: (app, call, input) => app.refunds.record(call, input),
})
