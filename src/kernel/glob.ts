/**
 * Whether a text has the form of a pattern, in which `*` stands for any characters, also for none. The time it takes
 * grows with the length of the text and never with the number of ways to fit it.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return text === pattern
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return text.length - from >= last.length && text.endsWith(last)
}
