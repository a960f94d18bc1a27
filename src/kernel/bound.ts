/** Functions that begin with the same parts, as they are called by those who need not know the parts. */
type Bound<Parts, Verbs> = {
  readonly [Name in keyof Verbs]: Verbs[Name] extends (parts: Parts, ...given: infer Given) => infer Answer
    ? (...given: Given) => Answer
    : never
}

/** Gives functions that take the same parts first those parts, so that they are called with the rest alone. */
export function bound<Parts, Verbs extends Readonly<Record<string, (parts: Parts, ...given: never[]) => unknown>>>(
  parts: Parts,
  verbs: Verbs,
): Bound<Parts, Verbs> {
  const entries = Object.entries(verbs).map(([name, verb]) => [name, verb.bind(null, parts)])
  return Object.fromEntries(entries)
}
