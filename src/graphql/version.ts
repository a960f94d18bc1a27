import { isDay } from '../kernel/day.ts'

export const NEWEST_VERSION = '2026-11-21'

/** The versions of the API by the day of their release, oldest first. */
const VERSIONS: readonly string[] = [NEWEST_VERSION]

/**
 * The version that was in force on a day; undefined for what is no day, for one before the first release and for one
 * that has not come yet, of which nobody can say what will be in force.
 */
export function versionOn(day: string, now: Date): string | undefined {
  if (!isDay(day) || day > now.toISOString().slice(0, 10)) return undefined
  return VERSIONS.findLast((version) => version <= day)
}
