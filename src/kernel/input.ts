import { z } from 'zod'
import { type Currency, findCurrency } from './currency.ts'
import type { ErrorCode, Problem } from './errors.ts'
import { decodeId, type IdKind } from './id.ts'
import { isStorable, NUMBER_RULE, TEXT_RULE } from './json.ts'
import { MAX_MINOR, type Money, money, parseDecimal } from './money.ts'
import { parseUrl } from './url.ts'

/** The shapes that inputs share. Each refuses with a message that a person can act on. */

/**
 * Text with something in it, at most so many characters. Blanks and invisible characters around it are not kept, and
 * each letter has one spelling (NFC), so that equal texts are equal bytes.
 */
export function text(max: number, min = 1) {
  return z
    .string()
    .overwrite(normalText)
    .min(min, { error: min === 1 ? 'must not be empty' : `must have at least ${min} characters`, abort: true })
    .max(max, { error: `must have at most ${max} characters`, abort: true })
    .refine((value) => !MANY_MARKS.test(value), { error: MARKS_RULE, abort: true })
    .refine(isStorable, { error: TEXT_RULE, abort: true })
}

/** The same on one line, as names and references are: they are printed in the middle of other text. */
export function line(max: number, min = 1) {
  return text(max, min).refine((value) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value), {
    error: 'must not contain line breaks or other control characters',
    abort: true,
  })
}

/** A blank, or a character that shows nothing: a zero-width space, a byte order mark, a mark of direction. */
const INVISIBLE = /^[\s\p{Cf}]$/u

/**
 * More marks on one letter than any language writes. To compose them, each is compared with all others, which a long
 * row of them would make into a computation of minutes.
 */
const MANY_MARKS = /\p{M}{31}/u
const MARKS_RULE = 'must not have more than 30 accents or other marks on one letter'

/** The one spelling in which text is kept and compared. */
export function normalText(value: string): string {
  const text = MANY_MARKS.test(value) ? value : value.normalize('NFC')
  // From both ends inwards: a pattern that looks for the end would try at each blank within a long text.
  let start = 0
  let end = text.length
  while (start < end && INVISIBLE.test(text.charAt(start))) start += 1
  while (end > start && INVISIBLE.test(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

/** Left out and null are the same: not given. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** The product's, customer's … reference: the merchant's own name for it. */
export const reference = line(100)

/** An e-mail address as it was typed. Letters of any script may be in it. */
export const email = text(254)
  .overwrite(normalEmail)
  .refine(isEmail, 'must be an e-mail address, such as ada@example.com')

/**
 * The spelling in which an address is kept. The database folds the case of ASCII letters alone, whatever its locale, so
 * that all others are folded here.
 */
function normalEmail(value: string): string {
  return normalText(value.replace(/[^\p{ASCII}]+/gu, (letters) => letters.toLowerCase()))
}

/** What two spellings of one address have in common. */
export function emailKey(value: string): string {
  return normalEmail(normalText(value)).toLowerCase()
}

const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const DOMAIN_LABEL = /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}-]{0,61}[\p{L}\p{M}\p{N}])?$/u

function isEmail(value: string): boolean {
  const [local = '', domain = '', ...more] = value.split('@')
  const labels = domain.split('.')
  if (more.length > 0 || local.length > 64 || labels.length < 2) return false
  return (
    LOCAL_PART.test(local) && labels.every((label) => DOMAIN_LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  )
}

const URL_LENGTH = 2048

/** An absolute http or https URL without user name and password, in the form in which browsers write it. */
export const webUrl = text(URL_LENGTH).transform((value, context) => {
  const problem = urlProblem(value)
  if (problem === undefined) return normalUrl(value)
  context.addIssue({ code: 'custom', message: problem, input: value })
  return z.NEVER
})

function urlProblem(value: string): string | undefined {
  // A parser of URLs drops or turns these in silence, so that two programs would read two addresses.
  if (/[\p{Cc}\p{Zl}\p{Zp}\s\\]/u.test(value))
    return 'must not contain blanks, line breaks, control characters or backslashes'
  const url = parseUrl(value)
  if (!/^https?:\/\/./i.test(value) || !url) return 'must be an absolute http or https URL'
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password'
  if (/%7b%7b|\{\{/i.test(url.host)) return 'must not have a placeholder in its host'
  return normalUrl(value).length > URL_LENGTH ? `must have at most ${URL_LENGTH} characters when encoded` : undefined
}

/** Placeholders such as `{{UUID}}` stay readable for whoever fills them in. */
function normalUrl(value: string): string {
  return new URL(value).href.replace(/%7B%7B(\w+)%7D%7D/g, '{{$1}}')
}

/** An id of ours, as its UUID. An id of another kind is an unknown id. */
export function id(kind: IdKind) {
  return z.string().transform((value, context) => {
    const decoded = decodeId(value)
    if (decoded?.kind === kind) return decoded.uuid
    refuse(context, 'NOT_FOUND', `${kind} not found`)
    return z.NEVER
  })
}

/** An amount as it is sent: `{ amount: "99.99", currency: "USD" }`. */
export const moneyText = z.object({
  amount: z.string(),
  currency: z.string(),
})
export type MoneyText = z.output<typeof moneyText>

/** An amount above zero, in a currency that everybody has. */
export const price = moneyText.transform((value, context) => moneyFrom(value, context, minorAboveZero))

/** An amount of zero or more, in a currency that everybody has. */
export const amount = moneyText.transform((value, context) => moneyFrom(value, context, minorFromZero))

function moneyFrom(value: MoneyText, context: z.core.$RefinementCtx, read: typeof minorAboveZero): Money {
  const currency = findCurrency(value.currency)
  if (!currency) {
    refuse(context, 'INVALID', `unknown currency ${value.currency.slice(0, 12)}`, ['currency'])
    return z.NEVER
  }
  const minor = read(value.amount, currency)
  if (typeof minor === 'bigint') return money(minor, currency)
  refuse(context, minor.code, minor.message, ['amount'])
  return z.NEVER
}

type MinorOrProblem = bigint | Pick<Problem, 'code' | 'message'>

/** An amount above zero in minor units, or what is wrong with it. */
export function minorAboveZero(amount: string, currency: Currency): MinorOrProblem {
  const minor = minorFrom(amount, currency)
  return typeof minor === 'bigint' && minor <= 0n ? { code: 'OUT_OF_RANGE', message: 'must be above zero' } : minor
}

function minorFromZero(amount: string, currency: Currency): MinorOrProblem {
  const minor = minorFrom(amount, currency)
  return typeof minor === 'bigint' && minor < 0n ? { code: 'OUT_OF_RANGE', message: 'must not be negative' } : minor
}

function minorFrom(amount: string, { code, exponent }: Currency): MinorOrProblem {
  const minor = parseDecimal(amount, exponent)
  if (minor === undefined) {
    return { code: 'INVALID', message: decimalRule(amount, exponent, ` in ${code}`) }
  }
  if (minor > MAX_MINOR) return { code: 'OUT_OF_RANGE', message: 'is too large' }
  return minor
}

/** Which rule a text breaks that is no decimal with at most so many decimal places. */
export function decimalRule(text: string, digits: number, where = ''): string {
  if (/^[+-]?[\d.]+e[+-]?\d+$/i.test(text)) return 'must be written as a decimal, such as 12.50, without an exponent'
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return 'must be a decimal, such as 12.50'
  const [whole = '', fraction = ''] = text.split('.')
  if (whole.length > 40) return 'is too large'
  if (digits > 0 || fraction === '') return `must have at most ${digits} decimal places${where}`
  return `must be a whole number${where}`
}

export const METADATA_KEYS = 24
const METADATA_KEY = /^[A-Za-z0-9_-]{1,100}$/
const METADATA_VALUE_LENGTH = 500

/** A value under this key would be lost: JavaScript takes it for what an object inherits. */
const LOST_KEY = '__proto__'

/** At most 24 keys of up to 100 characters; values are text, numbers or booleans of up to 500 characters. */
export const metadata = z
  .unknown()
  .refine(
    (value) => typeof value !== 'object' || value === null || !Object.hasOwn(value, LOST_KEY),
    `must not have the key ${LOST_KEY}`,
  )
  .pipe(
    z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()], 'must be text, a number or a boolean'))
      .superRefine(checkMetadata),
  )

function checkMetadata(
  value: Readonly<Record<string, string | number | boolean>>,
  context: z.core.$RefinementCtx,
): void {
  const entries = Object.entries(value)
  if (entries.length > METADATA_KEYS) refuse(context, 'TOO_LONG', `must have at most ${METADATA_KEYS} keys`)
  for (const [key, item] of entries) {
    if (!METADATA_KEY.test(key)) {
      refuse(context, 'INVALID', 'keys have 1 to 100 letters, digits, _ or -', [key.slice(0, 100)])
    } else if (String(item).length > METADATA_VALUE_LENGTH) {
      refuse(context, 'TOO_LONG', `must have at most ${METADATA_VALUE_LENGTH} characters`, [key])
    } else if (!isStorable(String(item))) {
      refuse(context, 'INVALID', TEXT_RULE, [key])
    } else if (typeof item === 'number' && Math.abs(item) > Number.MAX_SAFE_INTEGER) {
      refuse(context, 'INVALID', NUMBER_RULE, [key])
    }
  }
}

/** What a merchant may say of a thing: their own number of it, and what else they keep of it. */
export const OWN_WORDS = { reference: optional(reference), metadata: optional(metadata) }

export type Metadata = z.output<typeof metadata>

/** Reports a problem under a code of ours. */
export function refuse(
  context: z.core.$RefinementCtx,
  code: ErrorCode,
  message: string,
  path: readonly string[] = [],
): void {
  context.addIssue({ code: 'custom', message, params: { code }, path: [...path] })
}
