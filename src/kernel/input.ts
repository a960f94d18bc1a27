import { z } from 'zod'
import { type Currency, findCurrency } from './currency.ts'
import type { ErrorCode, Problem } from './errors.ts'
import { decodeId, type IdKind } from './id.ts'
import { MAX_MINOR, type Money, money, parseDecimal } from './money.ts'

/** The shapes that inputs share. Each refuses with a message that a person can act on. */

/** Text with something in it, at most so many characters. Surrounding blanks are not kept. */
export function text(max: number, min = 1) {
  return z
    .string({ error: requiredOr('must be text') })
    .trim()
    .min(min, { error: min === 1 ? 'must not be empty' : `must have at least ${min} characters`, abort: true })
    .max(max, { error: `must have at most ${max} characters`, abort: true })
    .refine(isStorable, { error: UNSTORABLE, abort: true })
}

function requiredOr(otherwise: string) {
  return (issue: { readonly input?: unknown }) => (issue.input == null ? 'is required' : otherwise)
}

const UNSTORABLE = 'must not contain NUL or half a character'

/** PostgreSQL keeps neither a NUL nor a lone surrogate in its text and JSON. */
function isStorable(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0')
}

/** Left out and null are the same: not given. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** The product's, customer's … reference: the merchant's own name for it. */
export const reference = text(100)

export const email = text(254).regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address')

/** An absolute http(s) address without credentials in it. */
export const webUrl = text(2048).refine(isWebUrl, 'must be an absolute http or https URL')

function isWebUrl(value: string): boolean {
  try {
    const url = new URL(value)
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === ''
  } catch {
    return false
  }
}

/** An id of ours, as its UUID. An id of another kind is an unknown id. */
export function id(kind: IdKind) {
  return z.string({ error: 'is required' }).transform((value, context) => {
    const decoded = decodeId(value)
    if (decoded?.kind === kind) return decoded.uuid
    refuse(context, 'NOT_FOUND', `${kind} not found`)
    return z.NEVER
  })
}

/** An amount as it is sent: `{ amount: "99.99", currency: "USD" }`. */
export const moneyText = z.object({
  amount: z.string({ error: requiredOr('must be a decimal, as text') }),
  currency: z.string({ error: requiredOr('must be the code of a currency') }),
})
export type MoneyText = z.output<typeof moneyText>

/** An amount above zero, in a currency that everybody has. */
export const price = moneyText.transform((value, context): Money => {
  const currency = findCurrency(value.currency)
  if (!currency) {
    refuse(context, 'INVALID', `unknown currency ${value.currency.slice(0, 12)}`, ['currency'])
    return z.NEVER
  }
  const minor = minorAboveZero(value.amount, currency)
  if (typeof minor === 'bigint') return money(minor, currency)
  refuse(context, minor.code, minor.message, ['amount'])
  return z.NEVER
})

/** An amount above zero in minor units, or what is wrong with it. */
export function minorAboveZero(
  amount: string,
  { code, exponent }: Currency,
): bigint | Pick<Problem, 'code' | 'message'> {
  const minor = parseDecimal(amount, exponent)
  if (minor === undefined) {
    return { code: 'INVALID', message: `must be a decimal with at most ${exponent} digits after the point in ${code}` }
  }
  if (minor <= 0n) return { code: 'OUT_OF_RANGE', message: 'must be above zero' }
  if (minor > MAX_MINOR) return { code: 'OUT_OF_RANGE', message: 'is too large' }
  return minor
}

const METADATA_KEYS = 24
const METADATA_KEY = /^[A-Za-z0-9_-]{1,100}$/
const METADATA_VALUE_LENGTH = 500

/** At most 24 keys of up to 100 characters; values are text, numbers or booleans of up to 500 characters. */
export const metadata = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()], 'must be text, a number or a boolean'))
  .superRefine((value, context) => {
    const entries = Object.entries(value)
    if (entries.length > METADATA_KEYS) refuse(context, 'TOO_LONG', `must have at most ${METADATA_KEYS} keys`)
    for (const [key, item] of entries) {
      if (!METADATA_KEY.test(key)) {
        refuse(context, 'INVALID', 'keys have 1 to 100 letters, digits, _ or -', [key.slice(0, 100)])
      } else if (String(item).length > METADATA_VALUE_LENGTH) {
        refuse(context, 'TOO_LONG', `must have at most ${METADATA_VALUE_LENGTH} characters`, [key])
      } else if (!isStorable(String(item))) {
        refuse(context, 'INVALID', UNSTORABLE, [key])
      }
    }
  })

/** Reports a problem under a code of ours. */
export function refuse(
  context: z.core.$RefinementCtx,
  code: ErrorCode,
  message: string,
  path: readonly string[] = [],
): void {
  context.addIssue({ code: 'custom', message, params: { code }, path: [...path] })
}
