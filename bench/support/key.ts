import type { Database } from '../../src/db/database.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { MAX_RATE_LIMIT } from '../../src/organizations/api-key.ts'
import { grantKey } from '../../src/organizations/grant.ts'

/** An owner's test key that may ask as often as a benchmark does. */
export function grantBenchKey(db: Database): Promise<string> {
  return grantKey(db, systemClock, { mode: 'TEST', role: 'OWNER', name: 'bench', rateLimit: MAX_RATE_LIMIT })
}
