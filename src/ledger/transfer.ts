import { z } from 'zod'
import type { Currency } from '../kernel/currency.ts'
import { DomainError, type Problem } from '../kernel/errors.ts'
import { newId } from '../kernel/id.ts'
import { id, metadata, moneyText, optional } from '../kernel/input.ts'
import { formatDecimal } from '../kernel/money.ts'
import { isNothing } from './conversion.ts'
import { RATE_DIGITS } from './currencies.ts'
import type { Header, Line } from './statement.ts'

/** A payment from one account to one or many, each a charge of its own. */

const CHARGES_AT_MOST = 100

// Amounts are read once the currencies are known, which are the tenant's.
const charge = z.object({ destinationId: id('Account'), subtotal: moneyText, metadata: optional(metadata) })
const charges = z
  .array(charge)
  .min(1, 'needs at least one charge')
  .max(CHARGES_AT_MOST, `has at most ${CHARGES_AT_MOST} charges`)

export const CreateTransaction = z.object({
  accountId: id('Account'),
  total: moneyText,
  charges,
  metadata: optional(metadata),
})

export const CreateHold = CreateTransaction.extend({ expiresAt: optional(z.date()) })

export const UpdateHold = z.object({
  transactionId: id('LedgerTransaction'),
  total: moneyText,
  charges: optional(charges),
  metadata: optional(metadata),
})

export const FundAccount = z.object({ accountId: id('Account'), total: moneyText, metadata: optional(metadata) })

export const TransactionId = z.object({ transactionId: id('LedgerTransaction'), metadata: optional(metadata) })

export const RefundTransaction = z.object({
  transactionId: id('LedgerTransaction'),
  refunds: z
    .array(z.object({ destinationId: id('Account'), subtotal: moneyText }))
    .min(1, 'needs at least one refund')
    .max(CHARGES_AT_MOST, `has at most ${CHARGES_AT_MOST} refunds`),
  metadata: optional(metadata),
})

/** The accounts that a conversion runs over. */
export interface ExchangeAccounts {
  readonly to: Currency
  /** Takes the one currency in. */
  readonly exchangeFrom: string
  /** Gives the other out. */
  readonly exchangeTo: string
  /** Keeps what rounding leaves of the other. */
  readonly roundingGains: string
}

/** What a destination receives of a charge when its currency is another one. */
export interface Conversion extends ExchangeAccounts {
  /** In units of 10^-18. */
  readonly rate: bigint
  /** In minor units of the destination's currency. */
  readonly received: bigint
  /** What rounding leaves of it to the exchange, as a decimal; null for a charge that was rounded half to even. */
  readonly rounding: string | null
}

export interface Charge {
  readonly destinationId: string
  readonly subtotal: bigint
  readonly conversion?: Conversion | undefined
  readonly metadata?: object | undefined
}

export interface Transfer {
  readonly id: string
  readonly accountId: string
  readonly currency: Currency
  readonly total: bigint
  readonly charges: readonly Charge[]
  readonly metadata?: object | undefined
}

/** @throws DomainError TOTALS_MISMATCH when the charges do not add up to the total. */
export function assertTotals(total: bigint, charges: readonly { subtotal: bigint }[], currency: Currency): void {
  const sum = charges.reduce((all, { subtotal }) => all + subtotal, 0n)
  if (sum === total) return
  const said = `${formatDecimal(sum, currency.exponent)} of ${formatDecimal(total, currency.exponent)} ${currency.code}`
  throw new DomainError({ code: 'TOTALS_MISMATCH', message: `the charges add up to ${said}`, field: ['total'] })
}

/** The rows of a transfer: itself, and a part for each charge. */
export function headersOf(
  transfer: Transfer,
  state: 'HELD' | 'COMPLETED',
  more: Pick<Header, 'recipe' | 'expiresAt' | 'referenceId'>,
): Header[] {
  const { id: parentId, accountId, total, currency, metadata } = transfer
  const whole: Header = {
    id: parentId,
    type: 'EXTERNAL',
    state,
    accountId,
    total,
    currency: currency.code,
    ...(metadata && { metadata }),
    ...more,
  }
  return [whole, ...transfer.charges.map((charge) => partOf(transfer, charge, state, more.recipe))]
}

function partOf(transfer: Transfer, charge: Charge, state: 'HELD' | 'COMPLETED', recipe: string): Header {
  const { conversion, destinationId, subtotal, metadata } = charge
  return {
    id: newId(),
    type: 'INTERNAL',
    state,
    recipe,
    parentId: transfer.id,
    accountId: transfer.accountId,
    destinationId,
    total: subtotal,
    currency: transfer.currency.code,
    ...(metadata && { metadata }),
    ...(conversion && {
      converted: conversion.received,
      convertedCurrency: conversion.to.code,
      ...(conversion.rounding !== null && { rounding: conversion.rounding }),
      rate: formatDecimal(conversion.rate, RATE_DIGITS),
    }),
  }
}

/** The lines of a transfer that is paid: the source gives the total at once, each destination gets its charge. */
export function linesOf(transfer: Transfer, releasesHold = false): Line[] {
  const { id: transactionId, accountId, currency, total } = transfer
  const line = (account: string, code: string, amount: bigint, held = 0n): Line => ({
    transactionId,
    accountId: account,
    currency: code,
    amount,
    held,
  })
  return [
    line(accountId, currency.code, -total, releasesHold ? -total : 0n),
    ...transfer.charges.flatMap(({ destinationId, subtotal, conversion }) => {
      if (!conversion) return [line(destinationId, currency.code, subtotal)]
      const { exchangeFrom, to, received } = conversion
      return [
        line(exchangeFrom, currency.code, subtotal),
        ...exchangeLines(transactionId, conversion, -received, conversion.rounding),
        line(destinationId, to.code, received),
      ]
    }),
  ]
}

/**
 * What the exchange gives or takes of the currency that is converted to. What rounding leaves stands before it: whole
 * units of that are booked from the one account to the other as they come together.
 */
export function exchangeLines(
  transactionId: string,
  { to, exchangeTo, roundingGains }: ExchangeAccounts,
  amount: bigint,
  rounding: string | null,
): Line[] {
  const line = { transactionId, currency: to.code, held: 0n }
  const gains =
    rounding === null || isNothing(rounding) ? [] : [{ ...line, accountId: roundingGains, amount: 0n, rounding }]
  return [...gains, { ...line, accountId: exchangeTo, amount }]
}

/** A line that holds more of an account, or less. */
export function holdLine(transfer: Pick<Transfer, 'id' | 'accountId' | 'currency'>, held: bigint): Line {
  const { id: transactionId, accountId, currency } = transfer
  return { transactionId, accountId, currency: currency.code, amount: 0n, held }
}

export function unknownAccount(field: readonly string[]): Problem {
  return { code: 'NOT_FOUND', message: 'Account not found', field }
}
