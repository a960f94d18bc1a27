import { setTimeout as sleep } from 'node:timers/promises'
import { asStartError } from '../kernel/start-error.ts'
import { unavailable } from '../kernel/unavailable.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 500

/**
 * Starts, and starts again from the beginning where the database went away meanwhile. All starts together wait as long
 * as a single one may; `start` is told what is left of that.
 */
export async function untilStarted<T>(
  start: (patienceMs: number) => Promise<T>,
  onWait: (what: string) => void,
): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await start(Math.max(0, deadline - performance.now()))
    } catch (error) {
      if (!unavailable(error)) throw error
      const failure = asStartError(error)
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw failure
      onWait(`${failure.message}; starting again, for ${Math.round(leftMs / 1_000)} s at most`)
      await sleep(PAUSE_MS)
    }
  }
}
