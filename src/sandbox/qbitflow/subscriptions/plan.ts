import type { Duration } from './duration.ts'

/** The terms of a subscription, as the merchant's session set them. */
export interface Plan {
  readonly frequency: Duration
  readonly trialPeriod?: Duration
  /** How many periods the customer cannot leave; absent for none. */
  readonly minPeriods?: number
  /** USD that are used up before anything is billed. */
  readonly freeCredits?: string
}

/** What the customer allowed: taken bill by bill, and in one bill at the most. USD. */
export interface Authorization {
  readonly allowance: string
  readonly maximum: string
  /** How many the customer asked for; absent where they said nothing of it. */
  readonly periods?: number
}
