import type { Duration } from '../../kernel/duration.ts'
import type { Money } from '../../kernel/money.ts'
import type { FoundCustomer, ProviderPayment, ProviderSubscription, Reference } from './facts.ts'

/** What a customer agrees to on a page that begins something recurring. */
export interface RecurringTerms {
  readonly frequency: Duration
  readonly trialPeriod?: Duration
  /** How many periods must pass before the customer may cancel. */
  readonly minPeriods?: number
  /** Metered: what each period's bill is lowered by. */
  readonly freeCredits?: Money
}

/** Recurring payments, which the provider bills by itself. What a provider leaves out it cannot do. */
export interface Subscriptions {
  /** `CALENDAR` where months and years keep their day; `FIXED` where a month is 30 days and a year 365. */
  readonly periods: 'CALENDAR' | 'FIXED'
  /** Undefined when the provider has never had it; one that has ended is CANCELLED, also where it is hidden. */
  find(subscription: Reference): Promise<ProviderSubscription | undefined>
  /** Every bill that was paid, oldest first. */
  billings(subscription: Reference): Promise<readonly ProviderPayment[]>
  /** Whose it is. */
  customer(subscription: Reference): Promise<FoundCustomer | undefined>
  /** Ends it as the customer would, within the terms. Absent where only the customer can. */
  cancel?(subscription: Reference): Promise<void>
  /** Ends it whatever was agreed. Asking again is harmless. */
  forceCancel?(subscription: Reference): Promise<void>
  /** Adds to what was used in this period, in millionths of a unit. Asking again adds again. */
  reportUsage?(subscription: Reference, unitsMillionths: bigint): Promise<void>
  /** Test mode: bills the period that runs, at once. Asking again bills again. */
  executeTestBilling?(subscription: Reference): Promise<void>
}
