import { describe, expect, test } from 'vitest'
import { givesUpAt, nextTryAt, retryAfterMs } from '../../src/webhooks/retries.ts'

const START = new Date('2026-03-01T12:00:00Z')
const minutes = (date: Date) => (date.getTime() - START.getTime()) / 60_000

/** The minutes at which a receiver is tried that always asks for this long. */
function tries(wanted?: number): number[] {
  const until = givesUpAt(START)
  const made = [0]
  for (let at: Date | undefined = START; at; ) {
    at = nextTryAt({ number: made.length, at, givesUpAt: until, wanted })
    if (at) made.push(minutes(at))
  }
  return made
}

describe('tries', () => {
  test('are made at once, after 5, 15, 30 and 60 minutes, and hourly until 24 hours have passed', () => {
    expect(tries().slice(0, 7)).toEqual([0, 5, 20, 50, 110, 170, 230])
    expect(tries()).toHaveLength(27)
    expect(tries().at(-1)).toBe(1_430)
  })

  test('that a receiver puts off are made when it says, the last at the end of the day', () => {
    expect(nextTryAt({ number: 1, at: START, givesUpAt: givesUpAt(START), wanted: 90_000 })).toEqual(
      new Date(START.getTime() + 90_000),
    )
    expect(tries(7 * 3_600_000)).toEqual([0, 420, 840, 1_260, 1_440])
    expect(tries(999_999_999_000)).toEqual([0, 1_440])
  })

  test('of one that always asks for no time at all come ever more rarely', () => {
    const made = tries(0)
    expect(made.slice(0, 4)).toEqual([0, 1 / 60, 5 / 60, 14 / 60])
    expect(made.length).toBeLessThan(70)
    expect(made.at(-1)).toBe(1_440)
  })
})

describe('Retry-After', () => {
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['99999999999999999999', undefined],
    ['', undefined],
    [null, undefined],
  ])('%s is read as it is meant', (header, expected) => {
    expect(retryAfterMs(header, START)).toBe(expected)
  })
})
