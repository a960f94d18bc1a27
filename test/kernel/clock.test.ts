import { expect, test } from 'vitest'
import { aheadOf, type Clock, systemClock } from '../../src/kernel/clock.ts'

test('a clock that runs ahead keeps its distance', () => {
  let now = Date.parse('2026-03-31T12:00:00Z')
  const base: Clock = { now: () => new Date(now) }
  const ahead = aheadOf(base, 90_000)
  expect(ahead.now().toISOString()).toBe('2026-03-31T12:01:30.000Z')
  now += 1_000
  expect(ahead.now().toISOString()).toBe('2026-03-31T12:01:31.000Z')
})

test('the system clock is the time', () => {
  const before = Date.now()
  const now = systemClock.now().getTime()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
})
