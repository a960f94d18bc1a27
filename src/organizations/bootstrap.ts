import type { Database } from '../db/database.ts'
import { transact } from '../events/outbox.ts'
import type { Mode } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { newSecret } from './api-key.ts'
import { issue } from './keys.ts'

const LOCK = 7_035_223

/**
 * The first start: a demo organization with an owner, a test and a live tenant. On a database that has an
 * organization it changes nothing.
 * @returns the first test key, once
 */
export async function bootstrap(db: Database, clock: Clock): Promise<{ testKey?: string }> {
  const now = clock.now()
  const testTenant = newId()
  return transact(db, { tenantId: testTenant, at: now }, async (tx, emit) => {
    // Several nodes may start on one empty database at once; the first makes the organization.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
    if (await tx.organization.findFirst()) return {}
    const organization = await tx.organization.create({ data: { id: newId(), name: 'Demo shop', createdAt: now } })
    for (const [id, mode] of [
      [testTenant, 'TEST'],
      [newId(), 'LIVE'],
    ] satisfies [string, Mode][]) {
      await tx.tenant.create({ data: { id, organizationId: organization.id, mode, createdAt: now } })
      await tx.user.create({
        data: {
          tenantId: id,
          id: newId(),
          name: 'Demo',
          lastName: 'Owner',
          email: 'owner@demo.example',
          role: 'OWNER',
          claimedAt: now,
          createdAt: now,
          updatedAt: now,
        },
      })
    }
    const secret = newSecret('TEST')
    const key = { id: newId(), tenantId: testTenant, name: 'First test key', role: 'OWNER', userId: null } as const
    await issue(tx, emit, secret, { ...key, createdAt: now })
    return { testKey: secret.secret }
  })
}
