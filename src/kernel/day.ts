/** Days as people in a time zone have them. A day is text: 2026-11-21. */

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const DAY_RULE = 'must be a day that exists, in the years 1 to 9998, such as 2026-11-21'

/** Whether it is a day of the calendar, from the year 1 to 9998, so that each day has a next one. */
export function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(text) : undefined
  if (at === undefined || Number.isNaN(at.getTime()) || !at.toISOString().startsWith(text)) return false
  return text >= '0001-01-01' && text < '9999'
}

/** The first moment of a day in a time zone, also where its clocks skip midnight. */
export function startOfDay(day: string, timezone: string): Date {
  const format = formatOf(timezone)
  const midnight = new Date(day).getTime()
  let at = midnight
  // The offset at a moment near the one sought is that of the moment itself, unless the clocks change between them.
  for (let round = 0; round < 2; round++) at = midnight - offsetAt(new Date(at), format)
  return new Date(localTime(new Date(at), format) < midnight ? at + HOUR_MS : at)
}

export function dayAfter(day: string): string {
  return new Date(new Date(day).getTime() + DAY_MS).toISOString().slice(0, 10)
}

function offsetAt(at: Date, format: Intl.DateTimeFormat): number {
  return localTime(at, format) - Math.floor(at.getTime() / 1_000) * 1_000
}

/** What the clocks on the wall show, as the milliseconds at which they would show it in UTC. */
function localTime(at: Date, format: Intl.DateTimeFormat): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
}
