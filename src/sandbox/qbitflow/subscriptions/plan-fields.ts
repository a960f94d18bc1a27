import { type Fields, isObject } from '../fields.ts'
import { type Duration, secondsOf, UNITS } from './duration.ts'
import type { Plan } from './plan.ts'

const MAX_DURATION_SECONDS = 100 * 365 * 86_400
const MAX_PERIODS = 10_000

/** The terms in a session's request. Free credits belong to what is paid as it goes, trials to everything else. */
export function planFrom(fields: Fields, kind: 'subscription' | 'payAsYouGo'): Plan {
  const frequency = durationIn(fields, 'frequency', 1) ?? NO_DURATION
  if (!fields.has('frequency')) fields.reject('frequency', 'is required', undefined)
  const minPeriods = fields.optionalCount('minPeriods', MAX_PERIODS)
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

function durationIn(fields: Fields, key: string, least: number): Duration | undefined {
  if (!fields.has(key)) return undefined
  const given = fields.value(key)
  if (!isObject(given)) return fields.reject(key, 'must be an object of value and unit', undefined)
  const { value } = given
  const unit = UNITS.find((candidate) => candidate === given.unit)
  if (!unit) return fields.reject(key, `must have one of the units ${UNITS.join(', ')}`, undefined)
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    return fields.reject(key, `must have a whole value of at least ${least}`, undefined)
  }
  if (secondsOf({ value, unit }) > MAX_DURATION_SECONDS) return fields.reject(key, 'is out of range', undefined)
  return { value, unit }
}
