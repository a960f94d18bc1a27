/** Sums, and divisions of whole numbers that say which way they round. */

export const DIGITS: Readonly<Record<string, bigint>> = { USD: 2n, EUR: 2n, JPY: 0n }

/** The decimal places of a currency of the model. */
export function digits(currency: string): bigint {
  return DIGITS[currency] ?? 0n
}

export function sum(parts: readonly { readonly amount: bigint }[]): bigint {
  return parts.reduce((all, { amount }) => all + amount, 0n)
}

export function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator
}

export function divideDown(numerator: bigint, denominator: bigint): bigint {
  return numerator < 0n ? -divideUp(-numerator, denominator) : numerator / denominator
}
