import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import type { Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { after, DURATION_UNITS } from '../kernel/duration.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { optional } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { transactOnce } from '../work/work.ts'

/** How long whoever turns the clock waits; the rest of the way is then gone without them. */
const PATIENCE_MS = 20_000
const LOOKS_EVERY_MS = 50
/** Further than any plan reaches; a clock that was turned too far by mistake cannot be turned back. */
const LATEST_MS = Date.UTC(2100, 0)

const AdvanceTestClock = z
  .object({
    to: optional(z.date()),
    by: optional(z.object({ value: z.int().min(1, 'must be at least 1'), unit: z.enum(DURATION_UNITS) })),
  })
  .superRefine(({ to, by }, context) => {
    if ((to === undefined) !== (by === undefined)) return
    const message = to === undefined ? '`to` or `by` is required' : '`to` and `by` cannot be combined'
    context.addIssue({ code: 'custom', message, params: { code: 'REQUIRED' }, path: ['to'] })
  })

/** Where a test clock stands, and where it is going. */
export interface TestClock {
  readonly now: Date
  /** Null once it has arrived. */
  readonly target: Date | null
}

interface Deps {
  readonly db: Database
  readonly clocks: Clocks
  /** Begins to turn a tenant's clock towards its target. */
  readonly begin: (tenantId: string) => Promise<void>
}

export function testClockService({ db, clocks, begin }: Deps) {
  async function read(tenantId: string): Promise<TestClock> {
    const now = await clocks.now(tenantId)
    const text = 'SELECT clock_target_at AS target FROM tenant WHERE id = $1'
    const [row] = await db.query<{ target: Date | null }>('clock.target', text, [tenantId])
    return { now, target: row?.target ?? null }
  }

  /** Waits until the clock has passed a moment with all that was due by it. */
  async function arrival(tenantId: string, at: Date): Promise<void> {
    const until = performance.now() + PATIENCE_MS
    while (performance.now() < until) {
      const { now, target } = await read(tenantId)
      if (target === null || (target > at && now > at)) return
      await sleep(LOOKS_EVERY_MS)
    }
  }

  return {
    read,

    /**
     * Turns the tenant's test clock forward, to a moment or by a duration: what falls due on the way is done in its
     * order, each thing at its moment. A long way goes on after the answer.
     * @throws DomainError UNSUPPORTED in live mode, OUT_OF_RANGE for a moment that is not ahead or later than the year 2099
     */
    async advance(call: Call, input: unknown): Promise<Done> {
      const { to, by } = validate(AdvanceTestClock, input)
      const { tenantId, organizationId, mode } = call.actor
      if (mode !== 'TEST') throw new DomainError({ code: 'UNSUPPORTED', message: 'Live mode has no test clock' })
      const now = await clocks.now(tenantId)
      const target = to ?? after(now, by ?? { value: 0, unit: 'SECONDS' })
      const done = await transactOnce(db, call, now, organizationId, async (work) => {
        refuseOutOfRange(target, now, to ? 'to' : 'by')
        await work.tx.$executeRaw`
          UPDATE tenant SET clock_target_at = greatest(clock_target_at, ${target}) WHERE id = ${tenantId}::uuid`
        const id = encodeId('Organization', organizationId)
        const object = { id, from: now.toISOString(), to: target.toISOString() }
        work.emit({ type: 'test_clock.advanced', entityKind: 'Organization', entityId: organizationId, object })
      })
      begin(tenantId)
      // A repeat may come long after; by then there is nothing to wait for.
      await arrival(tenantId, target)
      return done
    },
  }
}

function refuseOutOfRange(target: Date, now: Date, field: 'to' | 'by'): void {
  const out = (message: string) => new DomainError({ code: 'OUT_OF_RANGE', message, field: [field] })
  if (target <= now) throw out(`must be later than the test clock, which is at ${now.toISOString()}`)
  // A duration may lead beyond the moments that there are.
  if (!(target.getTime() <= LATEST_MS)) throw out('must not lead beyond 2099-12-31')
}
