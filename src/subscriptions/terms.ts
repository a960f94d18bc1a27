import { z } from 'zod'
import type { CheckoutRow } from '../db/rows.ts'
import { type Currency, currency } from '../kernel/currency.ts'
import { DURATION_UNITS, type Duration, secondsOf } from '../kernel/duration.ts'
import { DomainError } from '../kernel/errors.ts'
import { decimalRule, optional, refuse } from '../kernel/input.ts'
import { MAX_MINOR, money, parseDecimal } from '../kernel/money.ts'
import type { RecurringTerms } from '../providers/port/subscriptions.ts'

/** What is agreed when something recurring begins. */

const LONGEST_SECONDS = 10 * 365 * 86_400
const PERIODS_AT_MOST = 1_200
const DECIMAL = /^\d{1,38}(\.\d{1,38})?$/

function duration(least: 0 | 1) {
  return z
    .object({
      value: z.int().min(least),
      unit: z.enum(DURATION_UNITS),
    })
    .superRefine((value, context) => {
      if (secondsOf(value) > LONGEST_SECONDS) refuse(context, 'OUT_OF_RANGE', 'must be at most ten years', ['value'])
    })
}

export const TERMS = {
  frequency: optional(duration(1)),
  trialPeriod: optional(duration(0)),
  minPeriods: optional(z.int().min(0).max(PERIODS_AT_MOST)),
  freeCredits: optional(z.string().regex(DECIMAL, 'must be a decimal of zero or more, such as 12.50')),
}

const Terms = z.object(TERMS)
type TermsInput = z.output<typeof Terms>
type Kind = CheckoutRow['kind']

/** Which terms belong to which kind of checkout. */
export function checkTerms(context: z.core.$RefinementCtx, { kind, ...terms }: TermsInput & { kind: Kind }): void {
  const recurs = kind === 'SUBSCRIPTION' || kind === 'PAY_AS_YOU_GO'
  if (recurs && !terms.frequency) refuse(context, 'REQUIRED', 'is required for a subscription', ['frequency'])
  const notAllowed: Readonly<Record<keyof TermsInput, boolean>> = {
    frequency: !recurs,
    trialPeriod: kind !== 'SUBSCRIPTION',
    minPeriods: !recurs,
    freeCredits: kind !== 'PAY_AS_YOU_GO',
  }
  for (const name of Object.keys(notAllowed) as (keyof TermsInput)[]) {
    if (notAllowed[name] && terms[name] !== undefined) refuse(context, 'INVALID', `is not allowed for ${kind}`, [name])
  }
}

/** The terms as a checkout's row keeps them, in the currency of its price. @throws DomainError on free credits finer than its minor unit. */
export function termsData(
  { frequency, trialPeriod, minPeriods, freeCredits }: TermsInput,
  { code, exponent }: Currency,
) {
  const credits = freeCredits === undefined ? 0n : parseDecimal(freeCredits, exponent)
  if (credits === undefined || credits > MAX_MINOR) {
    const message = credits === undefined ? decimalRule(freeCredits ?? '', exponent, ` in ${code}`) : 'is too large'
    throw new DomainError({ code: 'INVALID', message, field: ['freeCredits'] })
  }
  return {
    frequencyValue: frequency?.value,
    frequencyUnit: frequency?.unit,
    ...(trialPeriod && trialPeriod.value > 0 && { trialValue: trialPeriod.value, trialUnit: trialPeriod.unit }),
    ...(minPeriods && { minPeriods }),
    ...(credits > 0n && { freeCreditsMinor: credits.toString() }),
  }
}

/** The terms of a checkout; undefined where nothing recurs. */
export function termsOf(checkout: CheckoutRow): RecurringTerms | undefined {
  const frequency = durationOf(checkout.frequencyValue, checkout.frequencyUnit)
  if (!frequency) return undefined
  const trialPeriod = durationOf(checkout.trialValue, checkout.trialUnit)
  const { minPeriods, freeCreditsMinor } = checkout
  return {
    frequency,
    ...(trialPeriod && { trialPeriod }),
    ...(minPeriods !== null && { minPeriods }),
    ...(freeCreditsMinor !== null && { freeCredits: money(freeCreditsMinor, currency(checkout.currency)) }),
  }
}

/** The terms as events and webhooks show them. */
export function termsObject(checkout: CheckoutRow) {
  const terms = termsOf(checkout)
  if (!terms) return {}
  const { frequency, trialPeriod = null, minPeriods = null, freeCredits } = terms
  const credits = freeCredits && { minor: freeCredits.minor.toString(), currency: freeCredits.currency.code }
  return { frequency, trialPeriod, minPeriods, freeCredits: credits ?? null }
}

export function durationOf(value: number | null, unit: Duration['unit'] | null): Duration | undefined {
  return value === null || unit === null ? undefined : { value, unit }
}
