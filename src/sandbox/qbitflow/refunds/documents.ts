import { Collection } from '../../collection.ts'
import type { Payment, StatusChange } from '../documents.ts'

export type RefundStatus = 'pending' | 'approved' | 'refused' | 'failed'

/** What a customer wants back: all that one payment, or one bill of a subscription, took. */
export interface Refund {
  readonly uuid: string
  readonly kind: 'refund'
  /** Bare: what is given back. */
  readonly transaction: string
  readonly transactionKind: 'payment' | 'subscriptionHistory'
  /** Bare: the checkout that it all began with. */
  readonly session: string
  readonly reason: string
  readonly status: RefundStatus
  /** Whether its end is still open. */
  readonly isActive: boolean
  readonly createdAt: string
  readonly merchantMessage?: string
  /** When the merchant answered; one who approved has still to wait for the chain. */
  readonly respondedAt: string | null
  /** Empty until it is paid. */
  readonly txHash: string
  readonly amountMinUnits: string
  readonly currencyId: number
  readonly metadata: object | null
  readonly organizationId: number
  readonly userId?: number
  /** The way on the chain, as the status route tells it. */
  readonly history: readonly StatusChange[]
}

/** The money on its way back, once the chain has it. It is never changed. */
export interface RefundPayment extends Payment {
  readonly kind: 'refund'
  /** As the API writes it: what was given back. */
  readonly related: string
}

export const refunds = new Collection<Refund>('refund')
export const REFUND_PAYMENT = 'refundPayment'
export const refundPayments = new Collection<RefundPayment>(REFUND_PAYMENT)
