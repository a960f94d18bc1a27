import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { restMs, startTicker } from '../../src/jobs/ticker.ts'
import { metrics } from '../../src/kernel/metrics.ts'

const lines: string[] = []
const log = pino({ level: 'error' }, { write: (line) => void lines.push(line) })

/** A run that the test ends by hand. */
function heldRun() {
  let release: () => void = () => {}
  const run = vi.fn(() => new Promise<void>((resolve) => (release = resolve)))
  return { run, release: () => release() }
}

describe('the ticker', () => {
  beforeEach(() => {
    lines.length = 0
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('runs each schedule on its own beat', async () => {
    const quick = vi.fn(async () => {})
    const slow = vi.fn(async () => {})
    const ticker = startTicker(
      [
        { name: 'quick', everyMs: 100, run: quick },
        { name: 'slow', everyMs: 1_000, run: slow },
      ],
      log,
    )
    await vi.advanceTimersByTimeAsync(1_000)
    expect(quick).toHaveBeenCalledTimes(10)
    expect(slow).toHaveBeenCalledTimes(1)
    await ticker.stop()
  })

  test('never runs a schedule beside itself', async () => {
    const held = heldRun()
    const ticker = startTicker([{ name: 'held', everyMs: 100, run: held.run }], log)
    await vi.advanceTimersByTimeAsync(1_000)
    ticker.wake('held')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(held.run).toHaveBeenCalledTimes(1)
    held.release()
    await vi.advanceTimersByTimeAsync(0)
    expect(held.run).toHaveBeenCalledTimes(2)
    held.release()
    await ticker.stop()
  })

  test('a wake-up runs an idle schedule at once, and any number during a run make one more run', async () => {
    const held = heldRun()
    const ticker = startTicker([{ name: 'held', everyMs: 60_000, run: held.run }], log)
    ticker.wake('held')
    expect(held.run).toHaveBeenCalledTimes(1)
    ticker.wake('held')
    ticker.wake('held')
    held.release()
    await vi.advanceTimersByTimeAsync(0)
    held.release()
    await vi.advanceTimersByTimeAsync(1)
    expect(held.run).toHaveBeenCalledTimes(2)
    await ticker.stop()
  })

  test('a failure is logged, the next run goes on, and rests grow while it keeps failing', async () => {
    const failing = vi.fn(async () => {
      throw new Error('the provider is away')
    })
    const healthy = vi.fn(async () => {})
    const ticker = startTicker(
      [
        { name: 'failing', everyMs: 1_000, run: failing },
        { name: 'healthy', everyMs: 1_000, run: healthy },
      ],
      log,
    )
    await vi.advanceTimersByTimeAsync(15_000)
    expect(failing).toHaveBeenCalledTimes(4)
    expect(healthy).toHaveBeenCalledTimes(15)
    expect(lines).toHaveLength(4)
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ schedule: 'failing', failures: 4 })
    await ticker.stop()
  })

  test('a rest has a ceiling, but is never shorter than the beat', () => {
    expect(restMs(1_000, 0)).toBe(1_000)
    expect(restMs(1_000, 3)).toBe(8_000)
    expect(restMs(1_000, 1_000)).toBe(10_000)
    expect(restMs(3_600_000, 5)).toBe(3_600_000)
  })

  test('a run that does not end is given up and reported, and the next one runs', async () => {
    const held = heldRun()
    const ticker = startTicker([{ name: 'held', everyMs: 1_000, patienceMs: 5_000, run: held.run }], log)
    await vi.advanceTimersByTimeAsync(5_999)
    expect(held.run).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2_100)
    expect(held.run).toHaveBeenCalledTimes(2)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ schedule: 'held', patienceMs: 5_000 }])
    expect(await metrics.metrics()).toContain('tollgate_schedule_runs_given_up_total{schedule="held"} 1')
    held.release()
    await ticker.stop()
  })

  test('a schedule that has had no success for long is late, whether its runs hang or fail, and no other is', async () => {
    let away = true
    const whileAway = async () => {
      if (away) throw new Error('the database is away')
    }
    const ticker = startTicker(
      [
        { name: 'hanging', everyMs: 1_000, run: () => (away ? new Promise(() => {}) : Promise.resolve()) },
        { name: 'failing', everyMs: 1_000, run: whileAway },
        { name: 'healthy', everyMs: 1_000, run: async () => {} },
        { name: 'hourly', everyMs: 3_600_000, run: whileAway },
      ],
      log,
    )
    await vi.advanceTimersByTimeAsync(30_000)
    expect(ticker.late()).toEqual([])
    await vi.advanceTimersByTimeAsync(30_000)
    expect(ticker.late()).toEqual(['hanging', 'failing'])
    away = false
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ticker.late()).toEqual([])
    await ticker.stop()
  })

  test('a schedule that throws before it returns a promise is a failure like any other', async () => {
    const run = vi.fn(() => {
      throw new Error('at once')
    })
    const ticker = startTicker([{ name: 'rash', everyMs: 100, run }], log)
    await vi.advanceTimersByTimeAsync(300)
    expect(run).toHaveBeenCalledTimes(2)
    await ticker.stop()
  })

  test('an unknown name is a mistake of ours', async () => {
    const ticker = startTicker([], log)
    expect(() => ticker.wake('nothing')).toThrow('no schedule is named nothing')
  })
})

test('stop waits for what is running, and nothing starts after it', async () => {
  const finished: string[] = []
  const run = vi.fn(async () => {
    await sleep(30)
    finished.push('run')
  })
  const ticker = startTicker([{ name: 'slow', everyMs: 5, run }], log)
  ticker.wake('slow')
  ticker.wake('slow')
  await ticker.stop()
  expect(finished).toEqual(['run'])
  ticker.wake('slow')
  await sleep(30)
  expect(run).toHaveBeenCalledTimes(1)
})
