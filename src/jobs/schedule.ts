import type { Logger } from 'pino'
import { within } from '../kernel/within.ts'

/** Work that is looked for again and again. */
export interface Schedule {
  readonly name: string
  readonly everyMs: number
  /** How long a run may take before it is given up; half a minute when left out. */
  readonly patienceMs?: number
  /** The rows that its work is on, where it has a due time. */
  readonly due?: DueRows
  run(): Promise<unknown>
}

/** Where the due time of rows stands, and on whose clock it is read. */
export interface DueRows {
  readonly table: string
  readonly column: string
  readonly clock: 'system' | 'tenant'
  /** Which of the rows somebody waits for, as SQL over the table; all of them when left out. */
  readonly where?: string
}

/** A schedule whose runs can be waited for. */
export interface Job extends Schedule {
  /** Ends when no run is under way on this node, whoever began it and however it ends. */
  idle(): Promise<void>
}

/** Work that does not end in time is left to its leases. */
const STOP_PATIENCE_MS = 10_000

/** A schedule as a job: the runs that were begun are kept until they end. */
export function jobOf(schedule: Schedule): Job {
  const running = new Set<Promise<unknown>>()
  return {
    ...schedule,
    run() {
      const run = schedule.run()
      running.add(run)
      const forget = () => void running.delete(run)
      run.then(forget, forget)
      return run
    },
    async idle() {
      await Promise.allSettled(running)
    },
  }
}

/** Waits at a stop for the runs that are under way, for a while. */
export async function untilIdle(jobs: readonly Job[], log: Logger): Promise<void> {
  await within(STOP_PATIENCE_MS, Promise.all(jobs.map(({ idle }) => idle()))).catch((error) =>
    log.warn({ err: error }, 'work was still running at the stop'),
  )
}
