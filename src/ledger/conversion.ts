import type { Currency } from '../kernel/currency.ts'
import { DomainError } from '../kernel/errors.ts'
import { formatDecimal, MAX_MINOR, parseDecimal } from '../kernel/money.ts'
import { RATE_DIGITS } from './currencies.ts'

/**
 * Conversions are rounded so that they never favour whoever splits an amount or gives it back: a destination receives
 * the exact value rounded down, and gives back its share rounded up. The difference to the exact value is the
 * exchange's, and is kept to the last digit.
 */

/** What rounding leaves has at most this many decimal places: those of a rate and of the finest currency. */
export const ROUNDING_DIGITS = 42

/** From which currency to which, and at what rate. */
export interface Terms {
  readonly from: Currency
  readonly to: Currency
  /** In units of 10^-18. */
  readonly rate: bigint
}

export interface Converted {
  /** What the destination receives, in minor units of its currency. */
  readonly received: bigint
  /** What rounding leaves to the exchange, in minor units of the same currency: a decimal from 0 to less than 1. */
  readonly rounding: string
}

/** What an amount is worth before any rounding, as a fraction, in minor units of the currency that it is converted to. */
export function worthOf(minor: bigint, { from, to, rate }: Terms): { numerator: bigint; denominator: bigint } {
  const denominator = 10n ** BigInt(RATE_DIGITS + from.exponent)
  return { numerator: minor * rate * 10n ** BigInt(to.exponent), denominator }
}

/**
 * What a destination of another currency receives of a charge.
 * @throws DomainError AMOUNT_TOO_SMALL when it would receive nothing, OUT_OF_RANGE when it would receive too much
 */
export function convert(minor: bigint, terms: Terms, field: readonly string[]): Converted {
  const { from, to, rate } = terms
  const { numerator, denominator } = worthOf(minor, terms)
  const received = numerator / denominator
  if (received > MAX_MINOR) {
    throw new DomainError({ code: 'OUT_OF_RANGE', message: `is too large in ${to.code}`, field })
  }
  if (received > 0n) return { received, rounding: formatDecimal(numerator % denominator, RATE_DIGITS + from.exponent) }
  const smallest = divideUp(denominator, rate * 10n ** BigInt(to.exponent))
  const least = `${formatDecimal(1n, to.exponent)} ${to.code}`
  throw new DomainError({
    code: 'AMOUNT_TOO_SMALL',
    message: `converts to less than ${least} at the rate ${formatRate(rate)}; the smallest amount that can be converted is ${formatDecimal(smallest, from.exponent)} ${from.code}`,
    field,
    facts: { smallest: { minor: smallest, currency: from.code } },
  })
}

/** A charge that was converted, and how much of it was given back before. */
export interface ConvertedCharge {
  readonly total: bigint
  readonly refunded: bigint
  readonly received: bigint
}

/**
 * What a destination gives back for an amount of the source: its share of what it received, rounded up over all that is
 * given back, so that the last unit of the charge brings back the last unit received.
 */
export function giveBack({ total, refunded, received }: ConvertedCharge, minor: bigint): bigint {
  const upTo = (given: bigint) => divideUp(received * given, total)
  return upTo(refunded + minor) - upTo(refunded)
}

/** What the exchange gains by taking `back` for an amount, or loses below zero, in minor units: an exact decimal. */
export function roundingOfReturn(back: bigint, minor: bigint, terms: Terms): string {
  const { numerator, denominator } = worthOf(minor, terms)
  return formatDecimal(back * denominator - numerator, RATE_DIGITS + terms.from.exponent)
}

/** The sum of what rounding left of several charges, below zero. */
export function takenBack(roundings: readonly { toFixed(places: number): string }[]): string {
  const exact = roundings.map((rounding) => parseDecimal(rounding.toFixed(ROUNDING_DIGITS), ROUNDING_DIGITS) ?? 0n)
  return formatDecimal(-exact.reduce((sum, one) => sum + one, 0n), ROUNDING_DIGITS)
}

/** Whether a decimal that `convert` or another function here made is zero. */
export function isNothing(rounding: string): boolean {
  return /^-?0(\.0*)?$/.test(rounding)
}

function formatRate(rate: bigint): string {
  return formatDecimal(rate, RATE_DIGITS).replace(/\.?0+$/, '')
}

function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator
}
