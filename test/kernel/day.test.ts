import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayAfter, isDay, startOfDay } from '../../src/kernel/day.ts'

const ZONES = [
  'UTC',
  'Asia/Yangon',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Beirut',
  'America/Santiago',
  'Pacific/Apia',
]

describe('a day', () => {
  test.each([
    ['2026-11-21', 'UTC', '2026-11-21T00:00:00.000Z'],
    ['2026-11-21', 'Asia/Yangon', '2026-11-20T17:30:00.000Z'],
    ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
    // The night on which the clocks change.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z'],
    // There was no midnight: the clocks went from 0:00 to 1:00.
    ['2022-03-27', 'Asia/Beirut', '2022-03-26T22:00:00.000Z'],
  ])('%s begins in %s at %s', (day, timezone, moment) => {
    expect(startOfDay(day, timezone).toISOString()).toBe(moment)
  })

  test('begins at a moment that is of the day, and a moment before it is not', () => {
    const days = fc
      .date({ min: new Date('2000-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
    fc.assert(
      fc.property(days, fc.constantFrom(...ZONES), (day, timeZone) => {
        // Samoa skipped a whole day.
        fc.pre(day !== '2011-12-30')
        const local = (at: Date) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(at)
        const start = startOfDay(day, timeZone)
        expect(local(start)).toBe(day)
        expect(local(new Date(start.getTime() - 1)) < day).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('is one that the calendar has', () => {
    expect(['2026-02-28', '2024-02-29'].every(isDay)).toBe(true)
    expect(['2026-02-29', '2026-13-01', '2026-1-1', '', '21.11.2026'].some(isDay)).toBe(false)
    expect([dayAfter('2026-02-28'), dayAfter('2024-12-31')]).toEqual(['2026-03-01', '2025-01-01'])
  })
})
