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

const LAST_DATE = new Date(Date.UTC(9_999, 11, 31))

/** How long it is: a month is 30 days and a year 365, on the wire and on the chains. */
export function secondsOf({ value, unit }: Duration): number {
  return value * SECONDS[unit]
}

/** The moment that lies so many durations after another: every period of a subscription is equally long. */
export function after(at: Date, duration: Duration, times: number): Date {
  const date = new Date(at.getTime() + secondsOf(duration) * 1_000 * times)
  // A date that no clock reaches stands for one that cannot be written.
  return date <= LAST_DATE ? date : LAST_DATE
}

/** `1 month`, `3 weeks`. */
export function lengthText({ value, unit }: Duration): string {
  return value === 1 ? `1 ${unit.slice(0, -1)}` : `${value} ${unit}`
}

/** `month`, `3 weeks`: what comes after "every". */
export function durationText({ value, unit }: Duration): string {
  return value === 1 ? unit.slice(0, -1) : `${value} ${unit}`
}
