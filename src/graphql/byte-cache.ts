/** What a parsed and compiled document weighs, by itself and for each character of its text. Measured, rounded up. */
const BYTES_PER_DOCUMENT = 50_000
const BYTES_PER_CHARACTER = 200

/**
 * Keeps what was made of a text, up to so many bytes, and forgets what was used longest ago. A count alone is no bound:
 * a thousand large documents are half a gigabyte.
 */
export function byteCache<Value>(bytesAtMost: number) {
  const kept = new Map<string, Value>()
  let bytes = 0
  const weigh = (text: string) => BYTES_PER_DOCUMENT + text.length * BYTES_PER_CHARACTER
  return {
    get(text: string): Value | undefined {
      const value = kept.get(text)
      if (value === undefined) return undefined
      kept.delete(text)
      kept.set(text, value)
      return value
    },
    set(text: string, value: Value): void {
      if (!kept.has(text)) bytes += weigh(text)
      kept.set(text, value)
      for (const oldest of kept.keys()) {
        if (bytes <= bytesAtMost) break
        kept.delete(oldest)
        bytes -= weigh(oldest)
      }
    },
  }
}
