import { type FieldProblem, FieldReader } from '../../../../src/sandbox/fields.ts'
import { Refusal } from './refusals.ts'

const AMOUNT = /^[1-9][0-9]{0,11}$/

/** The fields of a request, every one of them text. */
export class Fields extends FieldReader {
  /** A whole number of yen above zero, as text; '' when it is missing or wrong: not to be used before `check`. */
  amount(key: string): string {
    return this.text(key, { max: 12, accepts: (text) => AMOUNT.test(text) })
  }

  protected override number(key: string): number | undefined {
    const value = this.value(key)
    return typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined
  }

  protected override refusal(problems: readonly FieldProblem[]): Error {
    return new Refusal('BAD_FIELD', problems.map(({ key, rule }) => `${key} ${rule}`).join('; '))
  }
}
