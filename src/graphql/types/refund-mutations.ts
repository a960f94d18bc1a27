import { mutation } from '../mutation.ts'
import { MoneyInput } from './money.ts'

mutation('approveRefund', {
  description:
    "Says yes to a refund that waits: it is PROCESSING until the customer has the money back. For a seller's own payments and for managers. Where the provider's API takes no answers, as that of QBitFlow in live mode, it is UNSUPPORTED, and the message says where to answer instead.",
  idempotency: 'required',
  input: (t) => ({ id: t.id({ required: true, description: 'The refund.' }) }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund as it is now.' },
  run: (app, call, input) => app.refunds.approve(call, input),
})

mutation('refuseRefund', {
  description: 'Says no to a refund that waits, under the same terms as `approveRefund`.',
  idempotency: 'required',
  input: (t) => ({
    id: t.id({ required: true, description: 'The refund.' }),
    message: t.string({ required: true, description: 'Why, for the customer: up to 500 characters.' }),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund as it is now.' },
  run: (app, call, input) => app.refunds.refuse(call, input),
})

mutation('simulateRefundRequest', {
  description: "Test mode: asks for a payment's money back, as the customer would on the provider's page.",
  idempotency: 'optional',
  input: (t) => ({
    paymentId: t.id({ required: true, description: 'The payment.' }),
    reason: t.string({ required: true, description: 'Why: up to 500 characters.' }),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund, which waits for its answer.' },
  run: (app, call, input) => app.refunds.request(call, input),
})

mutation('recordRefund', {
  description:
    "Books that money of a payment was given back outside of the provider, e.g. from the merchant's own wallet. No money is sent by it. What waits on the suspense account is given back first. For a seller's own payments and for managers.",
  idempotency: 'required',
  input: (t) => ({
    paymentId: t.id({ required: true, description: 'The payment.' }),
    amount: t.field({
      type: MoneyInput,
      description: 'How much, in the currency of the price; all that is left of the payment when left out.',
    }),
    reason: t.string({ required: true, description: 'Why: up to 500 characters.' }),
    transactionHash: t.string({ description: 'The number or hash of the transfer: up to 200 characters.' }),
  }),
  object: { name: 'refund', kind: 'Refund', description: 'The refund, which is COMPLETED.' },
  run: (app, call, input) => app.refunds.record(call, input),
})
