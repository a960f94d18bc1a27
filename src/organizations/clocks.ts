import type { Database } from '../db/database.ts'
import { aheadOf, type Clock } from '../kernel/clock.ts'

/** The time as each tenant has it: in test mode its test clock may run ahead of ours. */
export interface Clocks {
  now(tenantId: string): Promise<Date>
}

export function clocksOf(db: Database, system: Clock): Clocks {
  return {
    async now(tenantId) {
      const [row] = await db.query<{ clockAheadMs: bigint }>(
        'tenant.clock',
        'SELECT clock_ahead_ms FROM tenant WHERE id = $1',
        [tenantId],
      )
      return aheadOf(system, Number(row?.clockAheadMs ?? 0n)).now()
    },
  }
}
