/** A unit of account. One major unit is 10^exponent minor units: USD 2, JPY 0, USDC 6, ETH 18. */
export interface Currency {
  readonly code: string
  readonly exponent: number
}

const EXPONENTS: Readonly<Record<string, number>> = {
  AED: 2,
  AUD: 2,
  BRL: 2,
  BTC: 8,
  CAD: 2,
  CHF: 2,
  CNY: 2,
  DKK: 2,
  ETH: 18,
  EUR: 2,
  GBP: 2,
  HKD: 2,
  IDR: 2,
  INR: 2,
  JPY: 0,
  KRW: 0,
  MMK: 2,
  MXN: 2,
  MYR: 2,
  NOK: 2,
  NZD: 2,
  PHP: 2,
  PLN: 2,
  SEK: 2,
  SGD: 2,
  SOL: 9,
  THB: 2,
  USD: 2,
  USDC: 6,
  USDT: 6,
  ZAR: 2,
}

const KNOWN = new Map(
  Object.entries(EXPONENTS).map(([code, exponent]) => [code, Object.freeze({ code, exponent })] as const),
)

/** The currencies that everybody has. */
export const CURRENCIES: readonly Currency[] = [...KNOWN.values()]

/** The currency with this code, or undefined. Codes are upper case. */
export function findCurrency(code: string): Currency | undefined {
  return KNOWN.get(code)
}

/** The currency with this code; an unknown code is a programming error here, never a user's. */
export function currency(code: string): Currency {
  const found = KNOWN.get(code)
  if (!found) throw new Error(`unknown currency ${code}`)
  return found
}
