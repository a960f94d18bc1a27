import { isDay } from './day.ts'

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const MINUTE_MS = 60_000

export const MOMENT_RULE = 'must be a moment that exists, in the years 1 to 9998, as RFC 3339: 2026-11-21T04:58:27Z'

/**
 * The moment that an RFC 3339 text names, to the millisecond. Undefined where there is none: JavaScript's own reader
 * takes 31 April for 1 May, and a time without an offset for the machine's own.
 */
export function momentFrom(text: string): Date | undefined {
  const [, day, time, fraction = '.0', sign, hours = '0', minutes = '0'] = RFC_3339.exec(text) ?? []
  if (day === undefined || time === undefined || !isDay(day)) return undefined
  if (time >= '24' || Number(hours) > 23 || Number(minutes) > 59) return undefined
  const local = new Date(`${day}T${time}${fraction.slice(0, 4)}Z`).getTime()
  const offset = (Number(hours) * 60 + Number(minutes)) * MINUTE_MS
  const at = new Date(sign === '-' ? local + offset : local - offset)
  return Number.isNaN(local) || at.getUTCFullYear() < 1 ? undefined : at
}
