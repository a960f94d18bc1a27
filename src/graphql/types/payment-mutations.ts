import { mutation } from '../mutation.ts'

mutation('acceptPayment', {
  description:
    "Takes what of a payment waits on the suspense account as if it had come as it was asked for: its checkout is COMPLETED, and the payment keeps the status that says how the money came. For a seller's own payments and for managers.",
  idempotency: 'required',
  input: (t) => ({ paymentId: t.id({ required: true, description: 'The payment.' }) }),
  object: { name: 'payment', kind: 'Payment', description: 'The payment as it is now.' },
  run: (app, call, input) => app.checkouts.acceptPayment(call, input),
})
