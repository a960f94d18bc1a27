import type { Database } from '../../src/db/database.ts'
import type { Actor, Mode } from '../../src/kernel/actor.ts'
import { newId } from '../../src/kernel/id.ts'

/** A new organization's tenant, with nothing in it, and its owner's key. */
export async function newTenant(db: Database, mode: Mode = 'TEST'): Promise<Actor> {
  const [tenantId, organizationId] = [newId(), newId()]
  await db.prisma.organization.create({ data: { id: organizationId, name: 'Shop' } })
  await db.prisma.tenant.create({ data: { id: tenantId, organizationId, mode } })
  return { tenantId, organizationId, mode, role: 'OWNER', userId: null, apiKeyId: tenantId, requestId: 'test' }
}
