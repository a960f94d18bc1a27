import type { AccountSpec } from './account.ts'

/** One leg of a posting: what an account gains (or, below zero, gives), in minor units of its currency. */
export interface Leg {
  readonly account: AccountSpec
  readonly amount: bigint
}

/** What a posting is made for; one cause has at most one posting by the same recipe. */
export interface Cause {
  readonly kind: 'Payment' | 'PaymentMovement' | 'Refund' | 'ClaimFunds'
  readonly id: string
}

/** A balanced set of legs, ready to be posted. */
export interface Posting {
  readonly recipe: string
  readonly cause: Cause
  /** The account that pays: the first leg. */
  readonly legs: readonly [Leg, ...Leg[]]
}

/** Makes a posting; legs of nothing are left out, and an unbalanced set is a bug. */
export function posting(recipe: string, cause: Cause, [source, ...others]: readonly [Leg, ...Leg[]]): Posting {
  const legs: readonly [Leg, ...Leg[]] = [source, ...others.filter((leg) => leg.amount !== 0n)]
  if (legs.length < 2) throw new Error('a posting needs two legs')
  assertBalanced(legs.map((leg) => ({ currency: leg.account.currency.code, amount: leg.amount })))
  return { recipe, cause, legs }
}

/** @throws when the amounts do not sum to zero in each currency. */
export function assertBalanced(legs: readonly { currency: string; amount: bigint }[]): void {
  const sums = new Map<string, bigint>()
  for (const { currency, amount } of legs) sums.set(currency, (sums.get(currency) ?? 0n) + amount)
  for (const [currency, sum] of sums) {
    if (sum !== 0n) throw new Error(`a posting is out of balance by ${sum} ${currency}`)
  }
}
