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
  ACCOUNT: { value: 'account', description: 'Groups by account.' },
  CURRENCY: { value: 'currency', description: 'Groups by currency.' },
  DAY: { value: 'day', description: 'Groups by day, in the requested time zone.' },
  MONTH: { value: 'month', description: 'Groups by month, in the requested time zone.' },
} as const

export const BY_METADATA = {
  value: 'metadata',
  description: 'Groups by the value of `metadataKey` in the metadata.',
} as const

export function metadataKeyArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return { metadataKey: t.arg.string({ description: 'The metadata key to group by. Required for METADATA.' }) }
}

export function timezoneArg(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return {
    timezone: t.arg.string({
      description:
        'The time zone of the days and months, e.g. Asia/Yangon. The default is the Time-Zone header, otherwise UTC.',
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
