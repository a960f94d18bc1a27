import { z } from 'zod'
import { currency } from '../../../../src/kernel/currency.ts'
import { money } from '../../../../src/kernel/money.ts'
import type { ProviderPayment, ProviderRefund, ProviderStatus, Sighting } from '../../../../src/providers/port/facts.ts'

/** The provider's JSON, and what it means in our words. Unknown fields are its business. */

export const JPY = currency('JPY')

/** A whole number of yen. */
const yen = z
  .string()
  .regex(/^[0-9]+$/)
  .transform(BigInt)
const moment = z.string().transform((text) => new Date(text))

export const Checkout = z.object({
  checkout_no: z.string(),
  state: z.string(),
  page_url: z.string(),
  expires_at: moment,
  reason: z.string().nullish(),
})

export const Payment = z.object({
  payment_no: z.string(),
  checkout_no: z.string(),
  amount: yen,
  currency: z.literal('JPY'),
  fee: yen.nullish(),
  payer_name: z.string().nullish(),
  payer_email: z.string().nullish(),
  title: z.string().nullish(),
  paid_at: moment,
})

export const PaymentList = z.object({ payments: z.array(Payment) })

export const Refund = z.object({
  refund_no: z.string(),
  refund_order_no: z.string(),
  payment_no: z.string(),
  amount: yen,
  currency: z.literal('JPY'),
  state: z.string(),
  reason: z.string().nullish(),
  failure: z.string().nullish(),
  may_retry: z.enum(['yes', 'no']).nullish(),
  created_at: moment,
  ended_at: moment.nullish(),
})

export const RefundList = z.object({ refunds: z.array(Refund) })

const Fact = z.discriminatedUnion('about', [
  Checkout.extend({ about: z.literal('checkout') }),
  Payment.extend({ about: z.literal('payment') }),
  Refund.extend({ about: z.literal('refund') }),
  z.object({ about: z.literal('fee'), payment_no: z.string(), fee: yen }),
])

export const Message = z.object({ message_no: z.string(), facts: z.array(Fact) })

const STATES = new Map<string, ProviderStatus['state'] | undefined>([
  ['WAITING', undefined],
  ['CHECKING', 'WAITING_CONFIRMATION'],
  ['PAID', 'COMPLETED'],
  ['SHORT', 'UNDERPAID'],
  ['FAILED', 'FAILED'],
  ['CANCELLED', 'CANCELLED'],
  ['EXPIRED', 'EXPIRED'],
])

/** Undefined while nobody has begun to pay. */
export function statusFrom({ state: text, reason }: z.output<typeof Checkout>): ProviderStatus | undefined {
  if (!STATES.has(text)) throw new Error(`the made-up provider's state ${text} is unknown`)
  const state = STATES.get(text)
  return state && { state, ...(reason && { message: reason }) }
}

/** The provider knows who pays by their e-mail address alone. */
function customerFrom({ payer_name: name, payer_email: email }: z.output<typeof Payment>) {
  return name && email ? { customer: { reference: email, name, email } } : {}
}

export function paymentFrom(payment: z.output<typeof Payment>): ProviderPayment {
  const { fee, title } = payment
  return {
    reference: payment.payment_no,
    amount: money(payment.amount, JPY),
    ...(fee != null && { fee }),
    ...customerFrom(payment),
    ...(title && { description: title }),
    at: payment.paid_at,
  }
}

export function sightingFrom({ payment_no, checkout_no, amount, fee, paid_at }: z.output<typeof Payment>): Sighting {
  return {
    reference: payment_no,
    source: 'ONE_TIME',
    checkout: checkout_no,
    hasFee: fee != null,
    amount: money(amount, JPY),
    at: paid_at,
  }
}

const REFUND_STATES = new Map<string, ProviderRefund['state']>([
  ['PENDING', 'PROCESSING'],
  ['DONE', 'COMPLETED'],
  ['FAILED', 'FAILED'],
])

export function refundFrom(refund: z.output<typeof Refund>): ProviderRefund {
  const { failure, reason, ended_at: endedAt } = refund
  const state = REFUND_STATES.get(refund.state)
  if (state === undefined) throw new Error(`the made-up provider's refund state ${refund.state} is unknown`)
  return {
    reference: refund.refund_no,
    ourId: refund.refund_order_no,
    payment: refund.payment_no,
    state,
    amountMinor: refund.amount,
    ...(reason && { reason }),
    ...(failure && { failure: { message: failure, retryable: refund.may_retry === 'yes' } }),
    askedAt: refund.created_at,
    respondedAt: refund.created_at,
    ...(state === 'COMPLETED' && endedAt && { completedAt: endedAt }),
  }
}
