import { DURATION_UNITS, type Duration, type DurationUnit, secondsOf } from '../../kernel/duration.ts'
import { withNotes } from '../../providers/notes.ts'
import { builder } from '../builder.ts'

const MEANING: Readonly<Record<DurationUnit, string>> = {
  SECONDS: 'Units of one second.',
  MINUTES: 'Minutes of 60 seconds.',
  HOURS: 'Hours of 60 minutes.',
  DAYS: 'Days of 24 hours.',
  WEEKS: 'Weeks of 7 days.',
  MONTHS: withNotes(
    'Months. The test clock counts calendar months: the day of the month stays the same, or becomes the last day of a shorter month.',
    'MONTHS',
  ),
  YEARS: withNotes('Years. The test clock counts calendar years.', 'YEARS'),
}

const DurationUnitEnum = builder.enumType('DurationUnit', {
  description: 'The unit of a length of time.',
  values: Object.fromEntries(DURATION_UNITS.map((unit) => [unit, { description: MEANING[unit] }])) as {
    [Unit in DurationUnit]: { description: string }
  },
})

export const DurationRef = builder.objectRef<Duration>('Duration').implement({
  description: 'A length of time.',
  fields: (t) => ({
    value: t.exposeInt('value', { description: 'The number of units.' }),
    unit: t.expose('unit', { type: DurationUnitEnum, description: 'The unit.' }),
    seconds: t.field({
      type: 'BigInt',
      description: 'The length in seconds, with 30 days for a month and 365 days for a year.',
      resolve: (duration) => BigInt(secondsOf(duration)),
    }),
  }),
})

export const DurationInput = builder.inputType('DurationInput', {
  description: 'A length of time, at most ten years.',
  fields: (t) => ({
    value: t.int({ required: true, description: 'The number of units.' }),
    unit: t.field({ type: DurationUnitEnum, required: true, description: 'The unit.' }),
  }),
})
