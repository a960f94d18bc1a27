import type { Currency } from '../../kernel/currency.ts'
import { divideHalfEven, parseDecimal } from '../../kernel/money.ts'
import { ROUNDING_DIGITS, worthOf } from '../conversion.ts'
import { RATE_DIGITS } from '../currencies.ts'
import { add, type HeaderLine, type Note } from './lines.ts'

/** The recipes whose transactions consist of charges. */
const WITH_PARTS = new Set(['transfer', 'funding', 'refund'])

interface Charged {
  readonly whole: HeaderLine
  readonly parts: readonly HeaderLine[]
}

/** The parts of a transaction come to its total, and each is converted at its rate. */
export function checkParts({ whole, parts }: Charged, currencyOf: (code: string) => Currency, note: Note): void {
  if (parts.length === 0 && !WITH_PARTS.has(whole.recipe)) return
  const sum = parts.reduce((all, part) => all + BigInt(part.total), 0n)
  if (sum !== BigInt(whole.total)) note('parts_differ', `its parts come to ${sum} of ${whole.total}`, whole.id)
  for (const { total, currency, converted, convertedCurrency, rate, rounding } of parts) {
    if (converted === undefined || convertedCurrency === undefined || rate === undefined) continue
    const exact = parseDecimal(rate, RATE_DIGITS)
    if (exact === undefined) throw new Error(`${rate} is not a rate`)
    const terms = { from: currencyOf(currency), to: currencyOf(convertedCurrency), rate: exact }
    const { numerator, denominator } = worthOf(BigInt(total), terms)
    // What has its rounding was rounded down, the rest half to even.
    const received = rounding === undefined ? divideHalfEven(numerator, denominator) : numerator / denominator
    const left = (numerator - received * denominator) * (10n ** BigInt(ROUNDING_DIGITS) / denominator)
    if (received === BigInt(converted) && (rounding === undefined || left === roundingOf(rounding))) continue
    const message = `${total} ${currency} at ${rate} are ${received} ${convertedCurrency}, not ${converted}`
    note('conversion_differs', message, whole.id)
  }
}

/** What rounding left, in units of 10^-42 minor units. */
export function roundingOf(rounding: string): bigint {
  const exact = parseDecimal(rounding, ROUNDING_DIGITS)
  if (exact === undefined) throw new Error(`${rounding} is not a decimal`)
  return exact
}

/** Who pays loses the total and every destination gains its charge; a refund comes back to who paid. */
export function checkCharges(
  { whole, parts }: Charged,
  gains: ReadonlyMap<string, bigint>,
  isExchange: (account: string) => boolean,
  note: Note,
): void {
  if (!WITH_PARTS.has(whole.recipe)) return
  const isRefund = whole.recipe === 'refund'
  const total = BigInt(whole.total)
  const expected = new Map([[whole.account, isRefund ? total : -total]])
  if (!isRefund) {
    for (const part of parts) add(expected, part.destination ?? '', BigInt(part.converted ?? part.total))
  }
  for (const account of isRefund ? expected.keys() : new Set([...expected.keys(), ...gains.keys()])) {
    const [wanted, gained] = [expected.get(account) ?? 0n, gains.get(account) ?? 0n]
    if (wanted === gained || isExchange(account)) continue
    note('charges_differ', `account ${account} gains ${gained} by it, its charges say ${wanted}`, whole.id)
  }
}
