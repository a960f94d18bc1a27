import { badInput } from './refusal.ts'

const FORMATS = new Map<string, Intl.DateTimeFormat>()
const LONGEST_NAME = 64
/** There are some six hundred zones, but each may be written in many mixtures of case. */
const FORMATS_AT_MOST = 1_000

/** A moment as RFC 3339 with the offset that people in a time zone have then: 2026-11-21T05:58:27.000+01:00. */
export function inTimezone(at: Date, timezone: string): string {
  const parts = new Map(
    formatFor(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
  const offset = part('timeZoneName').replace('GMT', '') || '+00:00'
  const date = `${part('year')}-${part('month')}-${part('day')}`
  return `${date}T${part('hour')}:${part('minute')}:${part('second')}.${part('fractionalSecond')}${offset}`
}

export const UNKNOWN_TIMEZONE = 'Unknown time zone; use a name such as Europe/Berlin or Asia/Yangon'

export function isTimezone(timezone: string): boolean {
  return findFormat(timezone) !== undefined
}

/** @throws GraphQLError BAD_USER_INPUT when there is no such time zone. */
export function assertTimezone(timezone: string): void {
  formatFor(timezone)
}

function formatFor(timezone: string): Intl.DateTimeFormat {
  const format = findFormat(timezone)
  if (!format) throw badInput(UNKNOWN_TIMEZONE)
  return format
}

function findFormat(timezone: string): Intl.DateTimeFormat | undefined {
  let format = FORMATS.get(timezone)
  if (format || timezone.length > LONGEST_NAME) return format
  try {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
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
  } catch {
    return undefined
  }
  if (FORMATS.size >= FORMATS_AT_MOST) FORMATS.clear()
  FORMATS.set(timezone, format)
  return format
}
