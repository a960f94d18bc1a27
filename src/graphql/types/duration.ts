import { DURATION_UNITS, type Duration, type DurationUnit, secondsOf } from '../../kernel/duration.ts'
import { builder } from '../builder.ts'

const MEANING: Readonly<Record<DurationUnit, string>> = {
  SECONDS: 'Seconds.',
  MINUTES: 'Minutes.',
  HOURS: 'Hours.',
  DAYS: 'Days of 24 hours.',
  WEEKS: 'Weeks.',
  MONTHS:
    'Months. At QBITFLOW one is 30 days; the test clock goes by the calendar, where the day of the month stays, or is the last that the month has.',
  YEARS: 'Years. At QBITFLOW one is 365 days; the test clock goes by the calendar.',
}

const DurationUnitEnum = builder.enumType('DurationUnit', {
  description: 'What a length of time is counted in.',
  values: Object.fromEntries(DURATION_UNITS.map((unit) => [unit, { description: MEANING[unit] }])) as {
    [Unit in DurationUnit]: { description: string }
  },
})

export const DurationRef = builder.objectRef<Duration>('Duration').implement({
  description: 'A length of time.',
  fields: (t) => ({
    value: t.exposeInt('value', { description: 'How many.' }),
    unit: t.expose('unit', { type: DurationUnitEnum, description: 'Of what.' }),
    seconds: t.field({
      type: 'BigInt',
      description: 'How long it is in seconds, a month taken as 30 days and a year as 365.',
      resolve: (duration) => BigInt(secondsOf(duration)),
    }),
  }),
})

export const DurationInput = builder.inputType('DurationInput', {
  description: 'A length of time, up to ten years.',
  fields: (t) => ({
    value: t.int({ required: true, description: 'How many.' }),
    unit: t.field({ type: DurationUnitEnum, required: true, description: 'Of what.' }),
  }),
})
