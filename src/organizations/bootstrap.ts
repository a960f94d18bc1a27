import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { transact } from '../work/work.ts'
import { openOrganization } from './opening.ts'

const LOCK = 7_035_223
const OWNER = { name: 'Demo', lastName: 'Owner', email: 'owner@demo.example' }

/**
 * The first start: a demo organization with an owner, a test and a live tenant. On a database that has an
 * organization it changes nothing.
 * @returns the first test key, once
 */
export async function bootstrap(db: Database, clock: Clock): Promise<{ testKey?: string }> {
  const at = clock.now()
  const testTenantId = newId()
  return transact(db, { tenantId: testTenantId, at }, async (work) => {
    // Several nodes may start on one empty database at once; the first makes the organization.
    await work.tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
    if (await work.tx.organization.findFirst()) return {}
    const { testKey } = await openOrganization(work, { name: 'Demo shop', owner: OWNER, testTenantId, at })
    return { testKey }
  })
}
