import type { ArgBuilder } from '@pothos/core'
import type { ResolvedTypes } from '../builder.ts'
import type { Context } from '../context.ts'
import { inTimezone } from '../timezone.ts'

/** A field that shows a moment to people: in the time zone they ask for, or that of the `Time-Zone` header, or in UTC. */
export function momentField(t: { arg: ArgBuilder<ResolvedTypes> }) {
  return {
    type: 'DateTime' as const,
    args: {
      timezone: t.arg.string({
        description:
          'The time zone of the result, e.g. Asia/Yangon. The default is the Time-Zone header, otherwise UTC.',
      }),
    },
  }
}

export function moment(at: Date, args: { timezone?: string | null | undefined }, context: Context): Date | string {
  const timezone = args.timezone ?? context.timezone
  return timezone ? inTimezone(at, timezone) : at
}

export function momentOrNull(
  at: Date | null,
  args: { timezone?: string | null | undefined },
  context: Context,
): Date | string | null {
  return at && moment(at, args, context)
}
