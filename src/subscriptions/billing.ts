import type { BillingRow, SubscriptionRow } from '../db/rows.ts'
import { divideHalfEven } from '../kernel/money.ts'
import { UNIT_DIGITS } from './subscription.ts'

/** Those that are still to be paid, as a filter. */
export const STILL_TO_PAY = { not: 'COMPLETED' } as const

/** Whether its payment failed, so that the provider will try again. */
export function hasFailed({ status }: Pick<BillingRow, 'status'>): boolean {
  return status === 'FAILED'
}

/** Whether it is paid, as SQL over a row of that name. */
export const isPaidSql = (row: string): string => `${row}.status = 'COMPLETED'`

/**
 * What a bill of the period that runs comes to, in minor units: the price, or where it is metered what was used at the
 * price of a unit, less the free credits and at most the maximum of a period.
 */
export function amountDue(
  subscription: Pick<
    SubscriptionRow,
    'usage' | 'priceMinor' | 'unitsMillionths' | 'freeCreditsMinor' | 'maxSpendingMinor'
  >,
): bigint {
  const { usage, priceMinor, unitsMillionths, freeCreditsMinor, maxSpendingMinor } = subscription
  if (usage === 'LICENSED') return priceMinor
  const used = divideHalfEven((unitsMillionths ?? 0n) * priceMinor, 10n ** BigInt(UNIT_DIGITS))
  const owed = used - (freeCreditsMinor ?? 0n)
  if (owed <= 0n) return 0n
  return maxSpendingMinor !== null && owed > maxSpendingMinor ? maxSpendingMinor : owed
}
