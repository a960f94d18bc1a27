import { parseUrl } from '../kernel/url.ts'
export interface TextRule {
  readonly min?: number
  readonly max: number
  accepts?(text: string): boolean
}

export const EMAIL_RULE: TextRule = { max: 254, accepts: (text) => /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(text) }
export const URL_RULE: TextRule = { max: 2_000, accepts: isWebAddress }
export const UUID_RULE: TextRule = { max: 36, accepts: isUuid }

export interface FieldProblem {
  /** The field as the request has it. */
  readonly key: string
  /** What the field must be: `is required`. */
  readonly rule: string
}

/** Reads a request's fields one by one and remembers every one that is wrong; `check` then reports them together. */
export abstract class FieldReader {
  protected readonly body: Readonly<Record<string, unknown>>
  readonly #problems: FieldProblem[] = []

  constructor(body: Readonly<Record<string, unknown>>) {
    this.body = body
  }

  /** How the provider refuses a request with these fields. */
  protected abstract refusal(problems: readonly FieldProblem[]): Error

  /** @throws the provider's refusal, naming all the fields that were read and found wrong. */
  check(): void {
    if (this.#problems.length > 0) throw this.refusal(this.#problems)
  }

  /** As it was given. */
  value(key: string): unknown {
    return Object.hasOwn(this.body, key) ? this.body[key] : undefined
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

  optionalWhole(key: string, least: number, most: number): number | undefined {
    if (!this.has(key)) return undefined
    const value = this.number(key)
    if (value !== undefined && Number.isSafeInteger(value) && value >= least && value <= most) return value
    return this.reject(key, `must be a whole number from ${least} to ${most}`, undefined)
  }

  optionalFlag(key: string): boolean | undefined {
    if (!this.has(key)) return undefined
    const value = this.value(key)
    return typeof value === 'boolean' ? value : this.reject(key, 'must be true or false', undefined)
  }

  /** One of the choices; the first of them when it is wrong: not to be used before `check`. */
  oneOf<const T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const value = this.value(key)
    const found = choices.find((choice) => choice === value)
    return found ?? this.reject(key, `must be one of ${choices.join(', ')}`, choices[0])
  }

  reject<T>(key: string, rule: string, instead: T): T {
    this.#problems.push({ key, rule })
    return instead
  }

  /** The value as a number; undefined where it is none. Where every value is text, this reads the text. */
  protected number(key: string): number | undefined {
    const value = this.value(key)
    return typeof value === 'number' ? value : undefined
  }
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
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

function isWebAddress(text: string): boolean {
  const url = parseUrl(text)
  return url !== undefined && /^https?:$/.test(url.protocol) && url.hostname !== ''
}
