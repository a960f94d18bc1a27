import { z } from 'zod'
import { type Currency, currency, findCurrency } from '../kernel/currency.ts'
import { DAY_RULE, isDay } from '../kernel/day.ts'
import { type Metadata, optional } from '../kernel/input.ts'
import { allocate, divideHalfEven, formatDecimal, type Money, money, parseDecimal } from '../kernel/money.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { TIMEZONE_RULE, timezoneNamed } from '../kernel/timezone.ts'
import type { ChainFacts } from '../providers/port/facts.ts'

/**
 * What accounting tells of one payment or refund, from our own rows. What a payment brought stands above zero, what a
 * refund took below, so that the sums of a period are what its ledger says.
 */

/** A row of accounting_event. */
export interface AccountingRow {
  readonly tenantId: string
  /** Of the payment, of a further arrival of its money, an acceptance or a fee that was told later, or of the refund. */
  readonly id: string
  readonly kind: 'PAYMENT' | 'ACCEPTANCE' | 'FEE' | 'REFUND'
  readonly type: 'one_time' | 'subscription' | 'acceptance' | 'fee' | 'refund'
  readonly at: Date
  readonly paymentId: string
  readonly provider: ProviderName
  readonly userId: string | null
  readonly customerId: string | null
  readonly productId: string | null
  readonly description: string
  readonly itemDescription: string | null
  readonly chain: ChainFacts | null
  readonly transactionHash: string | null
  readonly fromAddress: string | null
  readonly toAddress: string | null
  readonly currency: string
  readonly grossMinor: bigint
  readonly providerFeeMinor: bigint
  readonly organizationFeeMinor: bigint
  readonly settledMinor: bigint | null
  readonly settledCurrency: string | null
  readonly networkFeeMinor: bigint | null
  readonly networkFeeCurrency: string | null
  /** Null where the provider did not tell it. */
  readonly providerFeeBps: number | null
  readonly organizationFeeBps: number | null
  readonly checkoutId: string | null
  readonly customerEmail: string | null
  /** What the row's own posting moved onto the suspense account; below zero what it took from there. */
  readonly suspenseMinor: bigint
  /** The merchant's own words on the payment, and on the refund where the row is one. */
  readonly reference: string | null
  readonly metadata: Metadata
  readonly refundReference: string | null
  readonly refundMetadata: Metadata | null
}

/** One amount and what becomes of it, in minor units. The parts add up to the whole. */
export interface Shares {
  readonly currency: Currency
  readonly gross: bigint
  readonly platformFee: bigint
  readonly organizationFee: bigint
  readonly net: bigint
}

export interface Figures {
  /** In the currency of the price: what the ledger has. */
  readonly priced: Shares
  /** In the currency that the customer paid with; in that of the price where it is the same or none that we keep. */
  readonly paid: Shares
  /** The rates that the fees were taken at; where they are not known, what the amounts come to. */
  readonly platformFeeBps: bigint
  readonly organizationFeeBps: bigint
  readonly networkFee: Money | undefined
  /** In cents, where the provider told what the coin was worth. */
  readonly networkFeeUsd: bigint | undefined
}

const USD = currency('USD')
const PRICE_DIGITS = 24

export function figuresOf(row: AccountingRow): Figures {
  const { grossMinor: gross, providerFeeMinor: platformFee, organizationFeeMinor: organizationFee } = row
  const net = gross - platformFee - organizationFee
  const priced = { currency: currency(row.currency), gross, platformFee, organizationFee, net }
  const coin = row.settledCurrency === null ? undefined : findCurrency(row.settledCurrency)
  const networkCoin = row.networkFeeCurrency === null ? undefined : findCurrency(row.networkFeeCurrency)
  const networkFee = networkCoin && money(row.networkFeeMinor ?? 0n, networkCoin)
  return {
    priced,
    paid: coin && row.settledMinor !== null ? split(row.settledMinor, coin, priced) : priced,
    platformFeeBps: row.providerFeeBps === null ? bpsOf(platformFee, gross) : BigInt(row.providerFeeBps),
    organizationFeeBps:
      row.organizationFeeBps === null ? bpsOf(organizationFee, gross) : BigInt(row.organizationFeeBps),
    networkFee,
    networkFeeUsd: networkFee && inUsd(networkFee, row.chain?.coinPriceUsd),
  }
}

/** The amount in the customer's currency, in the same shares. */
function split(minor: bigint, coin: Currency, { platformFee, organizationFee, net, gross }: Shares): Shares {
  const sign = gross < 0n ? -1n : 1n
  const [platform = 0n, organization = 0n, rest = 0n] = allocate(minor, [platformFee, organizationFee, sign * net])
  return { currency: coin, gross: minor, platformFee: platform, organizationFee: organization, net: rest }
}

function bpsOf(part: bigint, whole: bigint): bigint {
  return whole === 0n ? 0n : divideHalfEven(part * 10_000n, whole)
}

function inUsd({ minor, currency: { exponent } }: Money, price: string | undefined): bigint | undefined {
  const rate = price === undefined ? undefined : parseDecimal(price, PRICE_DIGITS)
  if (rate === undefined) return undefined
  return divideHalfEven(minor * rate * 10n ** BigInt(USD.exponent), 10n ** BigInt(PRICE_DIGITS + exponent))
}

/** An amount of a share as decimal text in major units. */
export function decimal(shares: Shares, minor: bigint): string {
  return formatDecimal(minor, shares.currency.exponent)
}

/** The same where the currency of the price is USD. */
export function decimalUsd({ currency: { code } }: Shares, minor: bigint): string | null {
  return code === USD.code ? formatDecimal(minor, USD.exponent) : null
}

/** Basis points as a percentage: 1.5 for 150. */
export function percent(bps: bigint): string {
  return formatDecimal(bps, 2).replace(/\.?0+$/, '')
}

export const Period = z
  .object({
    from: z.string().refine(isDay, DAY_RULE),
    to: z.string().refine(isDay, DAY_RULE),
    timezone: optional(z.string().refine((name) => timezoneNamed(name) !== undefined, TIMEZONE_RULE)),
  })
  .refine(({ from, to }) => !isDay(from) || !isDay(to) || from <= to, {
    path: ['to'],
    error: 'must not be before `from`',
  })

/** The days of a period, both of them in it, as a time zone has them; UTC when none is given. */
export type Period = z.output<typeof Period>
