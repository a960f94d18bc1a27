import type { Logger } from 'pino'
import { Counter, Gauge } from 'prom-client'
import { systemClock } from '../kernel/clock.ts'
import { metrics } from '../kernel/metrics.ts'
import { Overdue, within } from '../kernel/within.ts'
import type { Schedule } from './schedule.ts'

export interface Ticker {
  /** Runs the schedule of this name now, or once more after its present run. */
  wake(name: string): void
  /** The schedules whose last successful run ended too long ago, by name. */
  late(): string[]
  /** Starts nothing any more and waits for what is running, as long as a run may take. */
  stop(): Promise<void>
}

const PATIENCE_MS = 30_000
/** The longest rest after failures in a row, unless the schedule itself is slower. */
const LONGEST_REST_MS = 10_000
/** Beyond two beats and the patience with a run, a schedule without a success is late. */
const LATE_MS = 15_000

const overdueRuns = new Counter({
  name: 'tollgate_schedule_runs_given_up_total',
  help: 'Runs of a schedule that did not end in time, so that the next one ran beside them.',
  labelNames: ['schedule'],
  registers: [metrics],
})
const sinceSuccess = new Gauge({
  name: 'tollgate_schedule_last_success_timestamp_seconds',
  help: 'When a run of the schedule last succeeded.',
  labelNames: ['schedule'],
  registers: [metrics],
})

/**
 * Runs every schedule on its own beat. A schedule does not overlap itself on this node, but for a run that does not
 * end: that is reported and given up, and the next one runs. What such a run still does must be harmless, which
 * leases see to. A failure is logged, and the next run comes after a rest that doubles with each failure in a row.
 */
export function startTicker(schedules: readonly Schedule[], log: Logger): Ticker {
  const beats = new Map(schedules.map((schedule) => [schedule.name, startBeat(schedule, log)]))
  return {
    wake(name) {
      const beat = beats.get(name)
      if (!beat) throw new Error(`no schedule is named ${name}`)
      beat.wake()
    },
    late: () => [...beats].flatMap(([name, beat]) => (beat.isLate() ? [name] : [])),
    async stop() {
      await Promise.all([...beats.values()].map((beat) => beat.stop()))
    },
  }
}

interface Beat {
  wake(): void
  isLate(): boolean
  stop(): Promise<void>
}

function startBeat(schedule: Schedule, log: Logger): Beat {
  const { name, everyMs, patienceMs = PATIENCE_MS } = schedule
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let wokenMeanwhile = false
  let stopped = false
  let failures = 0
  let succeededAt = performance.now()

  async function run(): Promise<void> {
    try {
      await within(patienceMs, schedule.run())
      failures = 0
      succeededAt = performance.now()
      sinceSuccess.set({ schedule: name }, systemClock.now().getTime() / 1_000)
    } catch (error) {
      failures += 1
      if (error instanceof Overdue) giveUp()
      else log.error({ err: error, schedule: name, failures }, 'a scheduled run failed')
    }
  }

  function giveUp(): void {
    overdueRuns.inc({ schedule: name })
    log.error({ schedule: name, failures, patienceMs }, 'a scheduled run did not end in time and was given up')
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
    timer = setTimeout(start, restMs(everyMs, failures))
  }

  rest()
  return {
    wake() {
      if (stopped) return
      if (running) wokenMeanwhile = true
      else start()
    },
    isLate: () => performance.now() - succeededAt > 2 * everyMs + patienceMs + LATE_MS,
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
