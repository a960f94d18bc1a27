import { mutation } from '../mutation.ts'

mutation('acceptPayment', {
  description:
    'Accepts the amount of a payment that is held on the suspense account, as if it had been paid as requested. The checkout becomes COMPLETED; the payment keeps its status, e.g. UNDERPAID, and so does `transactionStatus`, whose stream has ended; `suspense` becomes zero and the event `payment.accepted` says so. Only for the seller of the payment and for keys with the role OWNER or ADMIN.',
  idempotency: 'required',
  input: (t) => ({ paymentId: t.id({ required: true, description: 'The id of the payment.' }) }),
  object: { name: 'payment', kind: 'Payment', description: 'The payment after the change.' },
  run: (app, call, input) => app.checkouts.acceptPayment(call, input),
})
