import { jsonObject } from '../bodies.ts'
import { type FieldProblem, FieldReader, type TextRule } from '../fields.ts'
import { badRequest, fieldName, invalidFields } from './errors.ts'
import { usdFrom } from './usd.ts'

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

export const REFERENCE_RULE: TextRule = { max: 255 }
export const FREE_TEXT_RULE: TextRule = { max: 500 }

/** The fields of a request. A name is matched as Go's encoding/json does it: exactly, or else whatever its case. */
export class Fields extends FieldReader {
  readonly #names: ReadonlyMap<string, string>

  constructor(body: Readonly<Record<string, unknown>>) {
    super(body)
    this.#names = new Map(Object.keys(body).map((name) => [name.toLowerCase(), name]))
  }

  override value(key: string): unknown {
    const name = Object.hasOwn(this.body, key) ? key : this.#names.get(key.toLowerCase())
    return name === undefined ? undefined : this.body[name]
  }

  /** A price in USD as decimal text; '' when it is missing or wrong. */
  price(key: string): string {
    if (!this.has(key)) return this.reject(key, 'is required', '')
    return this.optionalPrice(key) ?? ''
  }

  optionalPrice(key: string): string | undefined {
    if (!this.has(key)) return undefined
    const value = this.number(key)
    if (value === undefined) return this.reject(key, 'must be a number', undefined)
    if (value <= 0) return this.reject(key, 'must be greater than 0', undefined)
    return usdFrom(value) ?? this.reject(key, 'is out of range', undefined)
  }

  /** An amount in USD as decimal text; undefined when it is 0 or not provided. */
  optionalAmount(key: string): string | undefined {
    return this.value(key) === 0 ? undefined : this.optionalPrice(key)
  }

  /** A numeric id; 0 is how the server's own language spells "none". */
  optionalId(key: string): number | undefined {
    if (!this.has(key) || this.value(key) === 0) return undefined
    const value = this.number(key)
    if (value !== undefined && Number.isSafeInteger(value) && value > 0) return value
    return this.reject(key, 'must be a positive whole number', undefined)
  }

  protected override refusal(problems: readonly FieldProblem[]): Error {
    return invalidFields(
      problems.map(({ key, rule }) => {
        const field = fieldName(key)
        return { field, message: `${field} ${rule}` }
      }),
    )
  }
}

/** The JSON object in a request's body. @throws ApiError 400 */
export function parseObject(text: string): Record<string, unknown> {
  return jsonObject(text, badRequest)
}
