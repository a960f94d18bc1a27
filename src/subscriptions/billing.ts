import type { SubscriptionRow } from '../db/rows.ts'
import { divideHalfEven } from '../kernel/money.ts'
import { UNIT_DIGITS } from './subscription.ts'

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
