import { text } from './input.ts'

/** A language tag of BCP 47 in its canonical form: `de-AT` for `DE-at`. */
export const language = text(35).transform((value, context) => {
  try {
    return Intl.getCanonicalLocales(value)[0] ?? value
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a language tag, such as en or de-AT', input: value })
    return value
  }
})
