import { describe, expect, test } from 'vitest'
import { isDay } from '../../src/kernel/day.ts'
import { momentFrom } from '../../src/kernel/moment.ts'

describe('a moment', () => {
  test.each([
    ['2026-11-21T04:58:27Z', '2026-11-21T04:58:27.000Z'],
    ['2026-11-21t04:58:27.5z', '2026-11-21T04:58:27.500Z'],
    ['2026-11-21 04:58:27.123456789Z', '2026-11-21T04:58:27.123Z'],
    ['2026-11-21T04:58:27+05:30', '2026-11-20T23:28:27.000Z'],
    ['2026-11-21T04:58:27-03:00', '2026-11-21T07:58:27.000Z'],
    ['2028-02-29T23:59:59Z', '2028-02-29T23:59:59.000Z'],
    ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00.000Z'],
  ])('%s is read as %s', (text, moment) => {
    expect(momentFrom(text)?.toISOString()).toBe(moment)
  })

  test.each([
    ['of 31 April', '2027-04-31T00:00:00Z'],
    ['of 30 February', '2028-02-30T00:00:00Z'],
    ['of 29 February in a year without one', '2027-02-29T00:00:00Z'],
    ['of month 13', '2027-13-01T00:00:00Z'],
    ['of day 0', '2027-01-00T00:00:00Z'],
    ['of the year 0', '0000-01-01T00:00:00Z'],
    ['before the year 1 by its offset', '0001-01-01T00:00:00+01:00'],
    ['of the hour 24', '2027-01-01T24:00:00Z'],
    ['of the minute 60', '2027-01-01T00:60:00Z'],
    ['of a leap second', '2016-12-31T23:59:60Z'],
    ['with an offset of 24 hours', '2027-01-01T00:00:00+24:00'],
    ['with an offset of 60 minutes', '2027-01-01T00:00:00+01:60'],
    ['without an offset', '2027-01-01T00:00:00'],
    ['without a time', '2027-01-01'],
    ['with five digits in its year', '12027-01-01T00:00:00Z'],
    ['with something behind it', '2027-01-01T00:00:00Z '],
    ['in words', 'tomorrow'],
    ['that is empty', ''],
  ])('%s is none', (_, text) => {
    expect(momentFrom(text)).toBeUndefined()
  })
})

test('a day that has no next one, or is before the year 1, is none', () => {
  expect(['0001-01-01', '9998-12-31'].every(isDay)).toBe(true)
  expect(['0000-12-31', '9999-01-01'].some(isDay)).toBe(false)
})
