import type { ArgBuilder } from '@pothos/core'
import type { Sum } from '../../db/groups.ts'
import type { ResolvedTypes } from '../builder.ts'
import type { Context } from '../context.ts'
import { knownTimezone } from '../timezone.ts'
import { amount } from './money.ts'

/** What counts and sums of groups have in common. A group tells nothing of what its rows were not grouped by. */

/** A statistic reads every row that it is about. */
export const STATS_COST = 500

export const BY = {
  ACCOUNT: { value: 'account', description: 'By account.' },
  CURRENCY: { value: 'currency', description: 'By currency.' },
  DAY: { value: 'day', description: 'By day, in the time zone that is asked for.' },
  MONTH: { value: 'month', description: 'By month, in the time zone that is asked for.' },
} as const

export const BY_METADATA = {
  value: 'metadata',
  description: 'By the value of `metadataKey` in their own data.',
} as const

export function metadataKeyArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return { metadataKey: t.arg.string({ description: 'Which of the own data METADATA means; required with it.' }) }
}

export function timezoneArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return {
    timezone: t.arg.string({
      description:
        'The time zone whose days are meant, e.g. Asia/Yangon; the Time-Zone header is its default, else UTC.',
    }),
  }
}

export function zoneOf(timezone: string | null | undefined, context: Context): string | undefined {
  const zone = timezone ?? context.timezone
  return zone === undefined ? undefined : knownTimezone(zone)
}

export function amounts(sums: readonly Sum[]) {
  return sums.map(({ minor, currency }) => amount(minor, currency))
}

export function textOf(value: string | boolean | null | undefined): string | null {
  return typeof value === 'string' ? value : null
}
