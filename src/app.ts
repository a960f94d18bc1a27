import { type BaseParts, openBase } from './app/base.ts'
import { bookParts } from './app/books.ts'
import { connectedParts } from './app/connected.ts'
import { organizationParts } from './app/organization.ts'
import { salesParts } from './app/sales.ts'
import { addressLimit } from './http/address-limit.ts'
import { type Schedule, untilIdle } from './jobs/schedule.ts'
import { createSchedules } from './jobs/schedules.ts'
import { clockTurning } from './jobs/test-clock.ts'
import { type Clock, systemClock } from './kernel/clock.ts'
import { testClockService } from './organizations/test-clock.ts'
import { PROVIDERS, type Providers } from './providers/providers.ts'

export interface AppParts extends Omit<BaseParts, 'clock'> {
  /** The system's clock where nothing is said. */
  readonly clock?: Clock
  /** Which providers there are, each with its adapter and its simulator; those of the product where nothing is said. */
  readonly providers?: Providers | undefined
}

export type App = Awaited<ReturnType<typeof createApp>>

/** Every part of the house, built once and handed what it needs. */
export async function createApp({ providers = PROVIDERS, clock = systemClock, ...parts }: AppParts) {
  const base = await openBase({ ...parts, clock })
  const { db, log, clocks, stream, access, idempotency, deliveries } = base
  const connected = connectedParts(base, providers, (received) => sales.inbox.receive(received))
  const { simulators, connections, capabilities, faults } = connected
  const { watcher, reset, ...sales } = salesParts(base, connected)
  const books = bookParts(base)
  const organization = organizationParts(base, books.ledger.sealAll)
  const sandbox = { simulators: simulators.byPath, runDue: simulators.runDue, ...reset }

  /** Answers that were kept for repeats are forgotten once they have expired, and what was counted in past windows. */
  async function forgetExpired(): Promise<void> {
    await db.query('idempotency.expired', 'DELETE FROM idempotency_record WHERE expires_at <= now()', [])
    await organization.rateLimits.forgetWindows()
  }

  const schedules = createSchedules({ ...sales, ...books, ...organization, capabilities, sandbox, forgetExpired })
  const turning = clockTurning({ ...base, schedules })
  return {
    providers,
    ...{ db, log, clock, clocks, stream, access, idempotency },
    ...{ connections, capabilities, faults, sandbox },
    ...sales,
    ...books,
    ...organization,
    addressLimit: addressLimit(),
    schedules: [...schedules, { name: 'test clock', everyMs: 1_000, run: () => turning.turnDue() }] as Schedule[],
    testClock: testClockService({ ...base, begin: turning.begin }),
    /** Connects the test tenants that are not connected yet with the simulators. */
    connectSandboxes: () => connections.connectSandboxes(simulators.names, clock.now()),
    forgetExpired,
    async close(): Promise<void> {
      watcher.close()
      await turning.close()
      // A notification that came last may still be being applied.
      const { reconciliation, subscriptions, refunds, payments, inbox } = sales
      const atProviders = [reconciliation.due, subscriptions.due, subscriptions.reporting, refunds.due, refunds.looking]
      const working = [inbox.due, ...atProviders, payments.looking, deliveries]
      await Promise.all(working.map((due) => due.close()))
      await untilIdle(schedules, log)
      await simulators.close()
      await stream.close()
      await db.close()
    },
  }
}
