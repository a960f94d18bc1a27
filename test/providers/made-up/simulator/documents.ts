import { Collection } from '../../../../src/sandbox/collection.ts'

/** What the server keeps. Amounts are decimal text in yen. */

export const PROVIDER = 'made_up'
export const CURRENCY = 'JPY'

export type State = 'WAITING' | 'CHECKING' | 'PAID' | 'SHORT' | 'FAILED' | 'CANCELLED' | 'EXPIRED'

/** What the customer has announced. */
export interface Transfer {
  readonly outcome: 'PAY' | 'FAIL' | 'UNDERPAY' | 'OVERPAY'
  /** It arrives only after the end of the checkout. */
  readonly isLate: boolean
}

export interface Checkout {
  readonly checkoutNo: string
  readonly orderNo: string
  readonly state: State
  readonly amount: string
  readonly title: string
  readonly payerName?: string | undefined
  readonly payerEmail?: string | undefined
  readonly notifyUrl?: string | undefined
  readonly expiresAt: string
  readonly transfer?: Transfer
  readonly paymentNo?: string
  readonly reason?: string
}

export interface Payment {
  readonly paymentNo: string
  readonly checkoutNo: string
  readonly orderNo: string
  readonly amount: string
  /** Null until a statement says it. */
  readonly fee: string | null
  readonly title: string
  readonly payerName?: string | undefined
  readonly payerEmail?: string | undefined
  readonly notifyUrl?: string | undefined
  readonly paidAt: string
}

/** What comes of refunds. */
export const REFUND_ENDS = ['DONE', 'FAILED', 'FAILED_FOR_GOOD', 'BALANCE_TOO_LOW'] as const
export type RefundEnd = (typeof REFUND_ENDS)[number]

export interface Refund {
  readonly refundNo: string
  readonly refundOrderNo: string
  readonly paymentNo: string
  readonly amount: string
  readonly state: 'PENDING' | 'DONE' | 'FAILED'
  readonly end: Exclude<RefundEnd, 'BALANCE_TOO_LOW'>
  readonly reason?: string | undefined
  readonly failure?: string
  readonly mayRetry?: 'yes' | 'no'
  readonly createdAt: string
  readonly endedAt?: string
}

export const checkouts = new Collection<Checkout>('checkout', ({ orderNo }) => ({ order_no: orderNo }))
export const payments = new Collection<Payment>('payment', ({ checkoutNo }) => ({ checkout_no: checkoutNo }))

export const refunds = new Collection<Refund>('refund', ({ refundOrderNo }) => ({ refund_order_no: refundOrderNo }))
export const refundEnds = new Collection<{ readonly next: RefundEnd }>('refund_end')

/** A time as the wire has it. */
export function timeText(date: Date): string {
  return date.toISOString().replace(/\.[0-9]{3}Z$/, 'Z')
}

export function checkoutView(publicUrl: string, checkout: Checkout): object {
  return {
    checkout_no: checkout.checkoutNo,
    order_no: checkout.orderNo,
    state: checkout.state,
    amount: checkout.amount,
    currency: CURRENCY,
    page_url: `${publicUrl}/pay/${checkout.checkoutNo}`,
    expires_at: checkout.expiresAt,
    payment_no: checkout.paymentNo ?? null,
    reason: checkout.reason ?? null,
  }
}

export function paymentView(payment: Payment): object {
  return {
    payment_no: payment.paymentNo,
    checkout_no: payment.checkoutNo,
    order_no: payment.orderNo,
    amount: payment.amount,
    currency: CURRENCY,
    fee: payment.fee,
    payer_name: payment.payerName ?? null,
    payer_email: payment.payerEmail ?? null,
    title: payment.title,
    paid_at: payment.paidAt,
  }
}

export function refundView(refund: Refund): object {
  return {
    refund_no: refund.refundNo,
    refund_order_no: refund.refundOrderNo,
    payment_no: refund.paymentNo,
    amount: refund.amount,
    currency: CURRENCY,
    state: refund.state,
    reason: refund.reason ?? null,
    failure: refund.failure ?? null,
    may_retry: refund.mayRetry ?? null,
    created_at: refund.createdAt,
    ended_at: refund.endedAt ?? null,
  }
}
