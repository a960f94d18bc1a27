export const UNITS = ['seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'years'] as const

export interface Duration {
  readonly value: number
  readonly unit: (typeof UNITS)[number]
}

const SECONDS = {
  seconds: 1,
  minutes: 60,
  hours: 3_600,
  days: 86_400,
  weeks: 7 * 86_400,
  months: 30 * 86_400,
  years: 365 * 86_400,
} as const

const MONTHS: Partial<Record<Duration['unit'], number>> = { months: 1, years: 12 }

const LAST_YEAR = 9_999

/** The length as the wire tells it: a month is 30 days and a year 365. */
export function secondsOf({ value, unit }: Duration): number {
  return value * SECONDS[unit]
}

/**
 * The moment that lies so many durations after the anchor.
 *
 * Months and years step through the calendar and keep the anchor's day, shortened where a month has no such day, since
 * that is what people mean by "monthly": 31 January is followed by 28 February and 31 March. Steps of 30 days, which
 * the seconds on the wire suggest, would bill the thirteenth time within a year. Every step is counted from the anchor
 * and not from the step before it, or a short month would pull all later dates to its last day.
 */
export function after(anchor: Date, { value, unit }: Duration, times: number): Date {
  const months = MONTHS[unit]
  if (months === undefined) return clamp(new Date(anchor.getTime() + value * SECONDS[unit] * 1_000 * times))
  return monthsAfter(anchor, value * months * times)
}

function monthsAfter(anchor: Date, months: number): Date {
  const month = anchor.getUTCMonth() + months
  const year = anchor.getUTCFullYear() + Math.floor(month / 12)
  if (year > LAST_YEAR) return clamp(new Date(Number.NaN))
  const lastDay = new Date(Date.UTC(year, (month % 12) + 1, 0)).getUTCDate()
  const date = new Date(anchor)
  date.setUTCFullYear(year, month % 12, Math.min(anchor.getUTCDate(), lastDay))
  return date
}

/** A date that no clock reaches stands for one that cannot be written. */
function clamp(date: Date): Date {
  const end = new Date(Date.UTC(LAST_YEAR, 11, 31))
  return date <= end ? date : end
}

/** `1 month`, `3 weeks`. */
export function lengthText({ value, unit }: Duration): string {
  return value === 1 ? `1 ${unit.slice(0, -1)}` : `${value} ${unit}`
}

/** `month`, `3 weeks`: what comes after "every". */
export function durationText({ value, unit }: Duration): string {
  return value === 1 ? unit.slice(0, -1) : `${value} ${unit}`
}
