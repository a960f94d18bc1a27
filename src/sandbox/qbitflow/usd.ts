import { allocate, BPS, divideHalfEven, formatDecimal, parseDecimal } from '../../kernel/money.ts'

/** Prices may be finer than a cent, since a unit of usage can cost less than one. */
const PRICE_EXPONENT = 6
const CENTS_EXPONENT = 2
const MAX_PRICE = 1_000_000_000

/** The wire's float as exact decimal text; undefined when it is out of range. */
export function usdFrom(float: number): string | undefined {
  if (!Number.isFinite(float) || float > MAX_PRICE) return undefined
  const text = float.toFixed(PRICE_EXPONENT)
  return Number(text) > 0 ? trim(text) : undefined
}

export function centsOf(usd: string): bigint {
  const parsed = parseDecimal(usd, PRICE_EXPONENT)
  if (parsed === undefined) throw new Error(`${usd} is no price`)
  return divideHalfEven(parsed, 10n ** BigInt(PRICE_EXPONENT - CENTS_EXPONENT))
}

export function usdOf(cents: bigint): string {
  return formatDecimal(cents, CENTS_EXPONENT)
}

export interface Shares {
  readonly platform: bigint
  readonly organization: bigint
  readonly merchant: bigint
}

/** Splits an amount, in cents or in a coin's minor units, between those who get a part of it. */
export function splitFees(amount: bigint, platformBps: number, organizationBps: number): Shares {
  const [platform = 0n, organization = 0n, merchant = 0n] = allocate(amount, [
    BigInt(platformBps),
    BigInt(organizationBps),
    BPS - BigInt(platformBps + organizationBps),
  ])
  return { platform, organization, merchant }
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, '')
}
