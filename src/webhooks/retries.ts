/** When a delivery that came to nothing is tried again. */

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** After the first try, the second and so on; from then on the last of them again and again. */
const WAITS_MS = [5, 15, 30, 60].map((minutes) => minutes * MINUTE_MS)

export interface Try {
  /** The try that has just been made: 1 for the first. */
  readonly number: number
  readonly at: Date
  /** 24 hours after the first try. */
  readonly givesUpAt: Date
  /** How long the receiver asks to be left alone, in milliseconds. */
  readonly wanted?: number | undefined
}

export function givesUpAt(firstTryAt: Date): Date {
  return new Date(firstTryAt.getTime() + DAY_MS)
}

/** When the next try is due; undefined when it would be too late. */
export function nextTryAt({ number, at, givesUpAt, wanted }: Try): Date | undefined {
  if (wanted === undefined) {
    const next = new Date(at.getTime() + (WAITS_MS[number - 1] ?? 60 * MINUTE_MS))
    return next <= givesUpAt ? next : undefined
  }
  // A receiver that asks for a moment each time is given a longer one each time.
  const wait = Math.max(wanted, number ** 2 * 1_000)
  if (at >= givesUpAt) return undefined
  return new Date(Math.min(at.getTime() + wait, givesUpAt.getTime()))
}

/** What `Retry-After` asks for, in milliseconds from now: seconds or a date. */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000
  // Every date of HTTP ends so; without it the parser takes almost anything for a date.
  const date = header.endsWith('GMT') ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime())
}
