import { Collection } from '../collection.ts'
import type { Authorization, Plan } from './subscriptions/plan.ts'

/** What the server keeps. USD prices are decimal text, amounts of coins are minor units in decimal text. */

export type Role = 'owner' | 'admin' | 'user'

export interface Organization {
  readonly id: number
  readonly name: string
  /** Which changes of a transaction's status are told to the session's webhook URL. */
  readonly webhookStatuses: 'all' | 'final'
  /** Whether a subscription's moves and bills are told to that URL as well; absent means yes. */
  readonly subscriptionWebhooks?: boolean
  /** Whether refunds are told to that URL, which the provider does not document; absent means no. */
  readonly refundWebhooks?: boolean
  /** Whether a test may bill a subscription before it is due, which the provider refuses; absent means no. */
  readonly earlyTestBilling?: boolean
}

export interface User {
  readonly id: number
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly role: Role
  readonly organizationFeeBps: number
  readonly organizationId: number
  readonly createdAt: string
  readonly updatedAt: string
  /** When they took the account over; until then the organization holds what they earn. */
  readonly claimedAt: string | null
  /** Where they are paid since. */
  readonly wallet?: string
}

export interface ApiKey {
  readonly id: number
  readonly name: string
  readonly hash: string
  readonly role: Role
  readonly userId: number
  readonly organizationId: number
  readonly createdAt: string
  readonly expiresAt: string | null
}

export interface Product {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly price: string
  readonly reference: string
  readonly createdAt: string
  readonly organizationId: number
  /** Absent at organization level. */
  readonly userId?: number
}

export interface Customer {
  readonly uuid: string
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly phoneNumber?: string
  readonly address?: string
  readonly reference?: string
  readonly createdAt: string
  readonly organizationId: number
  readonly userId?: number
}

export type Status = 'created' | 'waitingConfirmation' | 'completed' | 'failed' | 'cancelled' | 'expired'

export interface StatusChange {
  readonly status: Status
  readonly at: string
  /** Empty until the transaction was sent to the chain. */
  readonly txHash: string
  readonly message?: string
}

/** What one currency costs the payer, held for some minutes. */
export interface Quote {
  readonly currencyId: number
  readonly amountMinUnits: string
  /** USD for one coin, in 10⁻⁸ USD. */
  readonly rate: string
  readonly expiresAt: string
}

export interface Payer {
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly phoneNumber?: string
  readonly address?: string
}

/** The payer's last attempt: what came in so far, or was allowed where there is a plan, and what will come of it. */
export interface Attempt {
  readonly outcome: 'PAY' | 'FAIL' | 'UNDERPAY' | 'OVERPAY'
  readonly quote: Quote
  readonly receivedMinUnits: string
  readonly receivedUsd: string
  readonly from: string
  readonly txHash: string
  /** Confirmed only after the session's end. */
  readonly isLate?: boolean
}

export interface Session {
  /** Bare; the prefix of the API comes from the kind. */
  readonly uuid: string
  readonly kind: 'payment' | 'subscription' | 'payAsYouGo'
  /** Of every kind but a payment. */
  readonly plan?: Plan
  readonly productId?: number
  readonly productName: string
  readonly description: string
  readonly price: string
  readonly successUrl?: string
  readonly cancelUrl?: string
  readonly webhookUrl?: string
  readonly customerUUID?: string
  readonly organizationId: number
  readonly userId?: number
  readonly userName?: string
  readonly feeBps: number
  readonly organizationFeeBps?: number
  readonly createdAt: string
  readonly expiresAt: string
  readonly payer?: Payer
  /** What the customer chose to allow, once there is a plan and a choice. */
  readonly authorization?: Authorization
  readonly quote?: Quote
  readonly attempt?: Attempt
  /** Empty until a payer acts: the transaction's status is unknown to the API until then. */
  readonly history: readonly StatusChange[]
}

export interface Payment {
  readonly uuid: string
  readonly createdAt: string
  readonly from: string
  readonly to: string
  readonly name: string
  readonly description: string
  readonly amount: string
  readonly amountMinUnits: string
  readonly currencyId: number
  readonly productId?: number
  readonly transactionHash: string
  readonly customerUUID: string
  readonly organizationId: number
  readonly userId?: number
  readonly metadata: object
}

export const PROVIDER = 'qbitflow'

/** The realm's one organization is kept under this id. */
export const THE_ORGANIZATION = 'organization'

export const organizations = new Collection<Organization>('organization')
export const users = new Collection<User>('user', (user) => ({ email: user.email }))
export const apiKeys = new Collection<ApiKey>('apiKey', (key) => ({ hash: key.hash }))
export const products = new Collection<Product>('product', (product) => ({ reference: product.reference }))

/** A seller's customers are the seller's own, so each seller may know the same person. */
export const customers = new Collection<Customer>('customer', (customer) => ({
  email: customerKey(customer.userId, customer.email),
  reference: customer.reference && customerKey(customer.userId, customer.reference),
}))
export const sessions = new Collection<Session>('session')
export const payments = new Collection<Payment>('payment')

export function customerKey(userId: number | undefined, value: string): string {
  return `${userId ?? 0}/${value}`
}
