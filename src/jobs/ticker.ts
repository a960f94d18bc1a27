import type { Logger } from 'pino'

/** Work that is looked for again and again. */
export interface Schedule {
  readonly name: string
  readonly everyMs: number
  run(): Promise<unknown>
}

export interface Ticker {
  /** Runs the schedule of this name now, or once more after its present run. */
  wake(name: string): void
  /** Starts nothing any more and waits for what is running. */
  stop(): Promise<void>
}

/** The longest rest after failures in a row, unless the schedule itself is slower. */
const LONGEST_REST_MS = 60_000

/**
 * Runs every schedule on its own beat. A schedule never overlaps itself on this node; a failure is logged, and the
 * next run comes after a rest that doubles with each failure in a row.
 */
export function startTicker(schedules: readonly Schedule[], log: Logger): Ticker {
  const beats = new Map(schedules.map((schedule) => [schedule.name, startBeat(schedule, log)]))
  return {
    wake(name) {
      const beat = beats.get(name)
      if (!beat) throw new Error(`no schedule is named ${name}`)
      beat.wake()
    },
    async stop() {
      await Promise.all([...beats.values()].map((beat) => beat.stop()))
    },
  }
}

interface Beat {
  wake(): void
  stop(): Promise<void>
}

function startBeat(schedule: Schedule, log: Logger): Beat {
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let wokenMeanwhile = false
  let stopped = false
  let failures = 0

  async function run(): Promise<void> {
    try {
      await schedule.run()
      failures = 0
    } catch (error) {
      failures += 1
      log.error({ err: error, schedule: schedule.name, failures }, 'a scheduled run failed')
    }
  }

  function start(): void {
    clearTimeout(timer)
    wokenMeanwhile = false
    running = run().finally(() => {
      running = undefined
      if (stopped) return
      if (wokenMeanwhile) start()
      else rest()
    })
  }

  function rest(): void {
    timer = setTimeout(start, restMs(schedule.everyMs, failures))
  }

  rest()
  return {
    wake() {
      if (stopped) return
      if (running) wokenMeanwhile = true
      else start()
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}

/** How long to wait before the next run, after so many failures in a row. */
export function restMs(everyMs: number, failures: number): number {
  return Math.min(everyMs * 2 ** failures, Math.max(everyMs, LONGEST_REST_MS))
}
