import type { Database } from '../db/database.ts'
import { aheadOf, type Clock, type ClockReading, type Clocks } from '../kernel/clock.ts'
import { recent } from '../kernel/recent.ts'

const TENANTS_REMEMBERED = 10_000

/** The tenants' clocks, as their rows have them. */
export function clocksOf(db: Database, system: Clock): Clocks {
  // A tenant stays in its mode, and only a test clock is ever advanced.
  const live = recent<true>(TENANTS_REMEMBERED)
  return {
    async now(whose) {
      const { tenantId, clockAheadMs }: ClockReading = typeof whose === 'string' ? { tenantId: whose } : whose
      if (clockAheadMs !== undefined) return aheadOf(system, clockAheadMs).now()
      if (live.get(tenantId)) return system.now()
      const [row] = await db.query<{ clockAheadMs: bigint; live: boolean }>(
        'tenant.clock',
        `SELECT clock_ahead_ms, mode = 'LIVE' AS live FROM tenant WHERE id = $1`,
        [tenantId],
      )
      if (row?.live) live.set(tenantId, true)
      return aheadOf(system, Number(row?.clockAheadMs ?? 0n)).now()
    },
  }
}
