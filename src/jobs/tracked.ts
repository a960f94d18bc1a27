import type { Logger } from 'pino'
import { within } from '../kernel/within.ts'

/** Work that does not end is left to its leases. */
const STOP_PATIENCE_MS = 10_000

/** Work that several may begin at once. */
export interface Tracked {
  run(): Promise<unknown>
  /** Waits for the runs that are under way, whoever began them and however they end. */
  quiet(): Promise<void>
}

export function tracked(work: () => Promise<unknown>): Tracked {
  const running = new Set<Promise<unknown>>()
  return {
    run() {
      const run = work()
      running.add(run)
      const forget = () => void running.delete(run)
      run.then(forget, forget)
      return run
    },
    async quiet() {
      await Promise.allSettled(running)
    },
  }
}

/** Waits at a stop for what is under way, for a while. */
export async function untilQuiet(work: readonly Tracked[], log: Logger): Promise<void> {
  await within(STOP_PATIENCE_MS, Promise.all(work.map(({ quiet }) => quiet()))).catch((error) =>
    log.warn({ err: error }, 'work was still running at the stop'),
  )
}
