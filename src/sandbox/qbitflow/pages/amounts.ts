import { formatDecimal } from '../../../kernel/money.ts'
import type { Coin } from '../currencies.ts'
import { groupThousands } from './summary.ts'

/** Whole coins, with as many decimals as the coin's quotes show. */
export function coinAmount(minUnits: string, coin: Coin): string {
  const step = 10n ** BigInt(coin.decimals - coin.quoteDecimals)
  return formatDecimal(BigInt(minUnits) / step, coin.quoteDecimals)
}

/** The same as people read it: `1,250.019051`. What is copied into a wallet has no grouping. */
export function shownAmount(amount: string): string {
  const [whole = '', fraction] = amount.split('.')
  return fraction === undefined ? groupThousands(whole) : `${groupThousands(whole)}.${fraction}`
}

/** A rate in 10⁻⁸ USD as people read it: cents for a dear coin, four decimals for one that is worth about a dollar. */
export function rateText(rate: string): string {
  const decimals = BigInt(rate) >= 10n ** 9n ? 2 : 4
  const [whole = '', fraction] = formatDecimal(BigInt(rate) / 10n ** BigInt(8 - decimals), decimals).split('.')
  return `$${groupThousands(whole)}.${fraction}`
}
