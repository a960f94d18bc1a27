/** Lengths of time as people agree on them: a month is a month, however long it is. */

export const DURATION_UNITS = ['SECONDS', 'MINUTES', 'HOURS', 'DAYS', 'WEEKS', 'MONTHS', 'YEARS'] as const

export type DurationUnit = (typeof DURATION_UNITS)[number]

export interface Duration {
  readonly value: number
  readonly unit: DurationUnit
}

const SECONDS: Readonly<Record<DurationUnit, number>> = {
  SECONDS: 1,
  MINUTES: 60,
  HOURS: 3_600,
  DAYS: 86_400,
  WEEKS: 604_800,
  MONTHS: 2_592_000,
  YEARS: 31_536_000,
}

/** How long it is in seconds, a month taken as 30 days and a year as 365. */
export function secondsOf({ value, unit }: Duration): number {
  return value * SECONDS[unit]
}

/**
 * The moment that lies so many durations after another. Months and years keep the day of the month they began on, or
 * the last that there is: 31 January, 28 February, 31 March. Days are UTC's.
 */
export function after(at: Date, { value, unit }: Duration, times = 1): Date {
  const steps = value * times
  if (unit === 'MONTHS') return monthsAfter(at, steps)
  if (unit === 'YEARS') return monthsAfter(at, steps * 12)
  return new Date(at.getTime() + steps * SECONDS[unit] * 1_000)
}

/** The same where every period is equally long: a month is 30 days and a year 365. */
export function afterFixed(at: Date, duration: Duration, times = 1): Date {
  return new Date(at.getTime() + secondsOf(duration) * 1_000 * times)
}

function monthsAfter(at: Date, months: number): Date {
  const moved = new Date(at)
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate()
  moved.setUTCDate(Math.min(at.getUTCDate(), lastDay))
  return moved
}
