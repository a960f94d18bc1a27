import { parseJson, TooDeep } from '../../kernel/json.ts'
import { badRequest, type FieldError, fieldName, invalidFields } from './errors.ts'
import { usdFrom } from './usd.ts'

interface TextRule {
  readonly min?: number
  readonly max: number
  accepts?(text: string): boolean
}

/** Letters of any script, digits, blanks and `-_'.`, as names are written. */
export function nameRule(min: number): TextRule {
  return { min, max: 100, accepts: (text) => /^[\p{L}\p{Nd} \-_'.]+$/u.test(text) }
}

export function productTextRule(max: number): TextRule {
  return {
    min: 2,
    max,
    accepts: (text) => text.trim() !== '' && !/[<>{}[\]`\\|;"~^]|(?![\n\r\t])\p{Cc}/u.test(text),
  }
}

export const EMAIL_RULE: TextRule = { max: 254, accepts: (text) => /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(text) }
export const URL_RULE: TextRule = { max: 2_000, accepts: isWebAddress }
export const UUID_RULE: TextRule = { max: 36, accepts: isUuid }

export const REFERENCE_RULE: TextRule = { max: 255 }
export const FREE_TEXT_RULE: TextRule = { max: 500 }

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return (protocol === 'https:' || protocol === 'http:') && hostname !== ''
}

/** Reads a request's fields one by one and remembers every one that is wrong; `check` then reports them together. */
export class Fields {
  readonly #body: Readonly<Record<string, unknown>>
  readonly #names: ReadonlyMap<string, string>
  readonly #errors: FieldError[] = []

  constructor(body: Readonly<Record<string, unknown>>) {
    this.#body = body
    this.#names = new Map(Object.keys(body).map((name) => [name.toLowerCase(), name]))
  }

  /** @throws ApiError naming all the fields that were read and found wrong. */
  check(): void {
    if (this.#errors.length > 0) throw invalidFields(this.#errors)
  }

  /** Null and the empty string count as not provided. */
  has(key: string): boolean {
    const value = this.value(key)
    return value !== undefined && value !== null && value !== ''
  }

  /** The text, or '' when it is missing or wrong: not to be used before `check`. */
  text(key: string, rule: TextRule): string {
    if (!this.has(key)) return this.reject(key, 'is required', '')
    return this.optionalText(key, rule) ?? ''
  }

  optionalText(key: string, { min = 1, max, accepts }: TextRule): string | undefined {
    if (!this.has(key)) return undefined
    const value = this.value(key)
    if (typeof value !== 'string') return this.reject(key, 'must be a string', undefined)
    const length = [...value].length
    if (length < min) return this.reject(key, 'is too short', undefined)
    if (length > max) return this.reject(key, 'is too long', undefined)
    if (accepts && !accepts(value)) return this.reject(key, 'is invalid', undefined)
    return value
  }

  /** A price in USD as decimal text; '' when it is missing or wrong. */
  price(key: string): string {
    if (!this.has(key)) return this.reject(key, 'is required', '')
    return this.optionalPrice(key) ?? ''
  }

  optionalPrice(key: string): string | undefined {
    if (!this.has(key)) return undefined
    const value = this.value(key)
    if (typeof value !== 'number') return this.reject(key, 'must be a number', undefined)
    if (value <= 0) return this.reject(key, 'must be greater than 0', undefined)
    return usdFrom(value) ?? this.reject(key, 'is out of range', undefined)
  }

  /** An amount in USD as decimal text; undefined when it is 0 or not provided. */
  optionalAmount(key: string): string | undefined {
    return this.value(key) === 0 ? undefined : this.optionalPrice(key)
  }

  /** A whole number from 0 to `max`. */
  optionalCount(key: string, max: number): number | undefined {
    if (!this.has(key)) return undefined
    const value = this.value(key)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value
    return this.reject(key, `must be a whole number from 0 to ${max}`, undefined)
  }

  optionalFlag(key: string): boolean | undefined {
    if (!this.has(key)) return undefined
    const value = this.value(key)
    return typeof value === 'boolean' ? value : this.reject(key, 'must be true or false', undefined)
  }

  /** As it was given. A name is matched as Go's encoding/json does it: exactly, or else whatever its case. */
  value(key: string): unknown {
    const name = Object.hasOwn(this.#body, key) ? key : this.#names.get(key.toLowerCase())
    return name === undefined ? undefined : this.#body[name]
  }

  /** A numeric id; 0 is how the server's own language spells "none". */
  optionalId(key: string): number | undefined {
    const value = this.value(key)
    if (!this.has(key) || value === 0) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
    return this.reject(key, 'must be a positive whole number', undefined)
  }

  /** One of the choices; the first of them when it is wrong: not to be used before `check`. */
  oneOf<const T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const value = this.value(key)
    const found = choices.find((choice) => choice === value)
    return found ?? this.reject(key, `must be one of ${choices.join(', ')}`, choices[0])
  }

  reject<T>(key: string, complaint: string, instead: T): T {
    const field = fieldName(key)
    this.#errors.push({ field, message: `${field} ${complaint}` })
    return instead
  }
}

/** The JSON object in a request's body. An empty body is an empty object. */
export function parseObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw badRequest(
      error instanceof TooDeep ? `the request body ${error.message}` : 'the request body is not valid JSON',
    )
  }
  if (!isObject(value)) throw badRequest('the request body must be a JSON object')
  return value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a request says anew; what it leaves out stays as it was. */
export function withoutAbsent<T extends object>(patch: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Partial<{
    [K in keyof T]: NonNullable<T[K]>
  }>
}
