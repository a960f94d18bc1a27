import { mutation } from '../mutation.ts'

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
