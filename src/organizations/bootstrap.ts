import type { Database } from '../db/database.ts'
import { transact } from '../events/outbox.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
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
  return transact(db, { tenantId: testTenantId, at }, async (tx, emit) => {
    // Several nodes may start on one empty database at once; the first makes the organization.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
    if (await tx.organization.findFirst()) return {}
    const { testKey } = await openOrganization(tx, emit, { name: 'Demo shop', owner: OWNER, testTenantId, at })
    return { testKey }
  })
}
