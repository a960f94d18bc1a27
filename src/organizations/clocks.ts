import type { Database } from '../db/database.ts'
import { aheadOf, type Clock, type ClockReading, type Clocks } from '../kernel/clock.ts'

/** The tenants' clocks, as their rows have them. */
export function clocksOf(db: Database, system: Clock): Clocks {
  return {
    async now(whose) {
      const { tenantId, clockAheadMs }: ClockReading = typeof whose === 'string' ? { tenantId: whose } : whose
      if (clockAheadMs !== undefined) return aheadOf(system, clockAheadMs).now()
      const [row] = await db.query<{ clockAheadMs: bigint }>(
        'tenant.clock',
        'SELECT clock_ahead_ms FROM tenant WHERE id = $1',
        [tenantId],
      )
      return aheadOf(system, Number(row?.clockAheadMs ?? 0n)).now()
    },
  }
}
