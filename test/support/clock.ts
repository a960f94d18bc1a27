import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that runs with the system's and can be turned forward. */
export interface TurnableClock extends Clock {
  turn(by: { hours?: number; minutes?: number; seconds?: number }): void
}

export function turnableClock(): TurnableClock {
  let aheadMs = 0
  return {
    now: () => new Date(Date.now() + aheadMs),
    turn({ hours = 0, minutes = 0, seconds = 0 }) {
      aheadMs += ((hours * 60 + minutes) * 60 + seconds) * 1_000
    },
  }
}
