import type { Currency } from './currency.ts'

/** An exact amount: minor units of one currency. */
export interface Money {
  readonly minor: bigint
  readonly currency: Currency
}

/** The largest amount that the database holds: 38 digits. */
export const MAX_MINOR = 10n ** 38n - 1n

/** One basis point is 1/10000. */
export const BPS = 10_000n

export function money(minor: bigint, currency: Currency): Money {
  return { minor, currency }
}

const DECIMAL = /^([+-]?)(\d{1,40})(?:\.(\d{1,42}))?$/

/**
 * Reads a decimal in major units ("99.99") as minor units.
 * Undefined when the text is no decimal, or has more digits than the exponent keeps.
 */
export function parseDecimal(text: string, exponent: number): bigint | undefined {
  const match = DECIMAL.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = ''] = match
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > exponent) return undefined
  const minor = BigInt(whole + kept.padEnd(exponent, '0'))
  return sign === '-' ? -minor : minor
}

/** Writes minor units as a decimal in major units, with all the digits of the exponent. */
export function formatDecimal(minor: bigint, exponent: number): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, '0')
  const whole = digits.slice(0, digits.length - exponent)
  const text = exponent === 0 ? whole : `${whole}.${digits.slice(digits.length - exponent)}`
  return minor < 0n ? `-${text}` : text
}

/** Divides, rounding half to even. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator === 0n) throw new Error('division by zero')
  if (denominator < 0n) return divideHalfEven(-numerator, -denominator)
  const negative = numerator < 0n
  const magnitude = negative ? -numerator : numerator
  let quotient = magnitude / denominator
  const twice = (magnitude % denominator) * 2n
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n
  return negative ? -quotient : quotient
}

/** A share of an amount in basis points, rounded half to even. */
export function shareOf(minor: bigint, bps: number): bigint {
  return divideHalfEven(minor * BigInt(bps), BPS)
}

/**
 * Splits an amount by weights with the largest remainder, so that the parts always add up to it.
 * Equal remainders go to the earlier part.
 */
export function allocate(minor: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n)
  if (total <= 0n || weights.some((weight) => weight < 0n)) throw new Error('weights must be positive')
  if (minor < 0n) return allocate(-minor, weights).map((part) => -part)
  const parts = weights.map((weight) => (minor * weight) / total)
  const order = weights
    .map((weight, index) => ({ index, remainder: (minor * weight) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1))
  let left = minor - parts.reduce((sum, part) => sum + part, 0n)
  for (const { index } of order) {
    if (left === 0n) break
    parts[index] = (parts[index] ?? 0n) + 1n
    left -= 1n
  }
  return parts
}
