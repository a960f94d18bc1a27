import { Collection } from '../../collection.ts'

/** The invitation of a user to take their account over. */
export interface ClaimRequest {
  readonly uuid: string
  readonly userId: number
  readonly createdAt: string
}

/** What the organization holds for a user who has not taken the account over, and has not set aside for them yet. */
export interface Earnings {
  readonly userId: number
  readonly cents: string
}

/** What the organization owes to a user who claimed the account. */
export interface ClaimFunds {
  readonly id: number
  readonly userId: number
  /** USD. */
  readonly totalAmountOwed: string
  readonly funded: boolean
  readonly createdAt: string
}

export const claimRequests = new Collection<ClaimRequest>('claimRequest', ({ userId }) => ({ user: String(userId) }))

/** By the user's id. */
export const earnings = new Collection<Earnings>('earnings')
export const claimFunds = new Collection<ClaimFunds>('claimFunds')
