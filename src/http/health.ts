import { type DatabaseFault, faultOf } from '../db/health.ts'
import { within } from '../kernel/within.ts'
import type { Log } from './log.ts'

/** Why the gateway takes no requests. */
export interface Unready {
  readonly reason: 'stopping' | DatabaseFault | 'schedules'
  /** The schedules that do not run, where that is the reason. */
  readonly schedules?: readonly string[]
}

export interface Readiness {
  isStopping(): boolean
  /** Settles when the database carries the schema of this build and takes a write; rejects otherwise. */
  askDatabase(): Promise<unknown>
  /** The schedules whose last success was too long ago. */
  lateSchedules(): readonly string[]
  /** How long an answer of the database is waited for. */
  readonly patienceMs: number
  readonly log: Log
}

/** However often it is asked, the database is asked once in this time. */
const ASKED_EVERY_MS = 1_000

/** Tells whether requests can be served at this moment, and why not. */
export function readinessCheck({ isStopping, askDatabase, lateSchedules, patienceMs, log }: Readiness) {
  let asked: { readonly until: number; readonly fault: Promise<DatabaseFault | undefined> } | undefined

  async function findFault(): Promise<DatabaseFault | undefined> {
    try {
      await within(patienceMs, askDatabase())
      return undefined
    } catch (error) {
      log.warn({ err: error }, 'the database takes no writes')
      return faultOf(error)
    }
  }

  function fault(): Promise<DatabaseFault | undefined> {
    const now = performance.now()
    if (!asked || asked.until <= now) asked = { until: now + ASKED_EVERY_MS, fault: findFault() }
    return asked.fault
  }

  return async function findUnready(): Promise<Unready | undefined> {
    if (isStopping()) return { reason: 'stopping' }
    const reason = await fault()
    if (reason) return { reason }
    const schedules = lateSchedules()
    return schedules.length > 0 ? { reason: 'schedules', schedules } : undefined
  }
}
