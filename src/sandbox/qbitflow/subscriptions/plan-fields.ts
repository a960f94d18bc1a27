import { isObject } from '../../fields.ts'
import { Fields } from '../fields.ts'
import { type Duration, secondsOf, UNITS } from './duration.ts'
import type { Plan } from './plan.ts'

const DAY_SECONDS = 86_400
/** What the contracts on the chains take. */
const MIN_FREQUENCY_DAYS = 7
const MAX_FREQUENCY_DAYS = 365
const MAX_DURATION_SECONDS = 100 * 365 * DAY_SECONDS
/** Values are unsigned numbers of 32 bits. */
const MAX_VALUE = 4_294_967_295
const MAX_PERIODS = 10_000

/** The terms in a session's request. Free credits belong to what is paid as it goes, trials to everything else. */
export function planFrom(fields: Fields, kind: 'subscription' | 'payAsYouGo'): Plan {
  const frequency = frequencyIn(fields)
  const minPeriods = fields.optionalWhole('minPeriods', 0, MAX_PERIODS)
  const terms = { frequency, ...(minPeriods ? { minPeriods } : {}) }
  if (kind === 'payAsYouGo') {
    const freeCredits = fields.optionalAmount('freeCredits')
    return { ...terms, ...(freeCredits ? { freeCredits } : {}) }
  }
  const trialPeriod = durationIn(fields, 'trialPeriod', 0)
  return { ...terms, ...(trialPeriod && trialPeriod.value > 0 ? { trialPeriod } : {}) }
}

/** Stands in for a frequency that was found wrong, until the fields are checked. */
const NO_DURATION: Duration = { value: 1, unit: 'months' }

function frequencyIn(fields: Fields): Duration {
  if (!fields.has('frequency')) return fields.reject('frequency', 'is required', NO_DURATION)
  const frequency = durationIn(fields, 'frequency', 1)
  const days = frequency && secondsOf(frequency) / DAY_SECONDS
  if (days !== undefined && (days < MIN_FREQUENCY_DAYS || days > MAX_FREQUENCY_DAYS)) {
    return fields.reject('frequency', `must be from ${MIN_FREQUENCY_DAYS} to ${MAX_FREQUENCY_DAYS} days`, NO_DURATION)
  }
  return frequency ?? NO_DURATION
}

function durationIn(fields: Fields, key: string, least: number): Duration | undefined {
  if (!fields.has(key)) return undefined
  const given = fields.value(key)
  if (!isObject(given)) return fields.reject(key, 'must be an object of value and unit', undefined)
  const parts = new Fields(given)
  const value = parts.value('value')
  const unit = UNITS.find((candidate) => candidate === parts.value('unit'))
  if (!unit) return fields.reject(key, `must have one of the units ${UNITS.join(', ')}`, undefined)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > MAX_VALUE) {
    return fields.reject(key, `must have a whole value from ${least} to ${MAX_VALUE}`, undefined)
  }
  if (secondsOf({ value, unit }) > MAX_DURATION_SECONDS) return fields.reject(key, 'is out of range', undefined)
  return { value, unit }
}
