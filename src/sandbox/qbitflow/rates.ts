import { createHash } from 'node:crypto'
import type { Coin } from './currencies.ts'

/** Rates are USD for one coin, in 10⁻⁸ USD. */
const RATE_SCALE = 10n ** 8n

interface Market {
  readonly base: bigint
  /** How far the rate strays from its base, in parts per million. */
  readonly swingPpm: bigint
}

const MARKETS: Readonly<Record<string, Market>> = {
  ETH: { base: 3_240n * RATE_SCALE, swingPpm: 30_000n },
  SOL: { base: 158n * RATE_SCALE, swingPpm: 40_000n },
  USDC: { base: RATE_SCALE, swingPpm: 400n },
  USDT: { base: RATE_SCALE, swingPpm: 700n },
}

const HOUR_SECONDS = 3_600n

/** The rate at a moment: each hour has its level, and the rate moves in a straight line from one to the next. */
export function rateAt(symbol: string, at: Date, seed: string): bigint {
  const market = MARKETS[symbol]
  if (!market) throw new Error(`no market for ${symbol}`)
  const seconds = BigInt(Math.floor(at.getTime() / 1_000))
  const hour = seconds / HOUR_SECONDS
  const passed = seconds % HOUR_SECONDS
  const from = level(symbol, hour, seed, market)
  const to = level(symbol, hour + 1n, seed, market)
  return from + ((to - from) * passed) / HOUR_SECONDS
}

function level(symbol: string, hour: bigint, seed: string, market: Market): bigint {
  const noise = createHash('sha256').update(`${seed}:${symbol}:${hour}`).digest().readUInt32BE(0)
  const ppm = (BigInt(noise) * market.swingPpm * 2n) / 2n ** 32n - market.swingPpm
  return market.base + (market.base * ppm) / 1_000_000n
}

/** What a price in cents costs in a coin's minor units, rounded up to the decimals that its quotes show. */
export function minUnitsFor(cents: bigint, coin: Coin, rate: bigint): bigint {
  const step = 10n ** BigInt(coin.decimals - coin.quoteDecimals)
  const numerator = cents * 10n ** BigInt(coin.decimals) * (RATE_SCALE / 100n)
  const steps = divideUp(numerator, rate * step)
  return steps * step
}

function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator
}
