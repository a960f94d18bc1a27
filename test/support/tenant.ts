import type { Database } from '../../src/db/database.ts'
import type { Actor, Mode } from '../../src/kernel/actor.ts'
import { newId } from '../../src/kernel/id.ts'
import { newSecret } from '../../src/organizations/api-key.ts'

/** A new organization's tenant, with nothing in it, and its owner's key. */
export async function newTenant(db: Database, mode: Mode = 'TEST'): Promise<Actor> {
  const [tenantId, organizationId] = [newId(), newId()]
  await db.prisma.organization.create({ data: { id: organizationId, name: 'Shop' } })
  await db.prisma.tenant.create({ data: { id: tenantId, organizationId, mode } })
  return {
    tenantId,
    organizationId,
    mode,
    role: 'OWNER',
    userId: null,
    apiKeyId: await ownersKey(db, tenantId),
    requestId: 'test',
  }
}

/** A key that nobody holds, for an actor that comes through no door. */
export async function ownersKey({ prisma }: Database, tenantId: string): Promise<string> {
  const { hash, prefix, last4 } = newSecret('TEST', Buffer.from(tenantId.replaceAll('-', ''), 'hex'))
  const row = { tenantId, id: tenantId, name: 'Of a test', role: 'OWNER' as const, hash, prefix, last4 }
  await prisma.apiKey.createMany({ data: [row], skipDuplicates: true })
  return tenantId
}
