import { TIMEZONE_RULE, timezoneNamed } from '../kernel/timezone.ts'
import { badInput } from './refusal.ts'

/** One for each zone that was asked for: as many as there are zones at most. */
const FORMATS = new Map<string, Intl.DateTimeFormat>()

export const UNKNOWN_TIMEZONE = `Unknown time zone: it ${TIMEZONE_RULE}`

/** A moment as RFC 3339 with the offset that people in a time zone have then: 2026-11-21T05:58:27.000+01:00. */
export function inTimezone(at: Date, timezone: string): string {
  const parts = new Map(
    formatFor(knownTimezone(timezone))
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00'
  const date = `${part('year')}-${part('month')}-${part('day')}`
  return `${date}T${part('hour')}:${part('minute')}:${part('second')}.${part('fractionalSecond')}${offset}`
}

/** @throws GraphQLError BAD_USER_INPUT when there is no such time zone. */
export function knownTimezone(timezone: string): string {
  const name = timezoneNamed(timezone)
  if (name === undefined) throw badInput(UNKNOWN_TIMEZONE)
  return name
}

function formatFor(name: string): Intl.DateTimeFormat {
  let format = FORMATS.get(name)
  if (format) return format
  format = new Intl.DateTimeFormat('en-CA', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    timeZoneName: 'longOffset',
  })
  FORMATS.set(name, format)
  return format
}
