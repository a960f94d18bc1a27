import { type FieldProblem, FieldReader } from '../../../../src/sandbox/fields.ts'
import { Refusal } from './refusals.ts'

const AMOUNT = /^[1-9][0-9]{0,11}$/

/** A number that names something. */
export const NUMBER = { max: 64 }

/** The fields of a request, every one of them text. */
export class Fields extends FieldReader {
  /** A whole number of yen above zero, as text; '' when it is missing or wrong: not to be used before `check`. */
  amount(key: string): string {
    return this.text(key, { max: 12, accepts: (text) => AMOUNT.test(text) })
  }

  /** Which page of a list is wanted. */
  page(): { readonly page: number; readonly size: number } {
    const page = this.optionalWhole('page', 1, 1_000) ?? 1
    return { page, size: this.optionalWhole('page_size', 1, 100) ?? 10 }
  }

  protected override number(key: string): number | undefined {
    const value = this.value(key)
    return typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined
  }

  protected override refusal(problems: readonly FieldProblem[]): Error {
    return new Refusal('BAD_FIELD', problems.map(({ key, rule }) => `${key} ${rule}`).join('; '))
  }
}
