import type { Database } from '../db/database.ts'
import { newId } from '../kernel/id.ts'
import type { Reference } from './port.ts'
import type { Connected } from './registry.ts'

/** One of our objects, and how to make or change its copy at a provider. */
export interface Linked {
  readonly kind: 'Product' | 'Customer'
  readonly id: string
  readonly updatedAt: Date
  create(): Promise<Reference>
  update(reference: Reference): Promise<void>
}

/**
 * What the provider calls the object, after making its copy there or bringing it up to date. `syncedAt` is the
 * `updatedAt` of the version that was sent, so that a change made meanwhile is sent the next time.
 */
export async function linkedReference(db: Database, provider: Connected, object: Linked): Promise<Reference> {
  const { tenantId, name } = provider
  const key = { tenantId_provider_entityId: { tenantId, provider: name, entityId: object.id } }
  const link = await db.prisma.providerLink.findUnique({ where: key })
  if (link && link.syncedAt >= object.updatedAt) return link.externalId
  if (link) {
    await object.update(link.externalId)
    await db.prisma.providerLink.update({ where: key, data: { syncedAt: object.updatedAt } })
    return link.externalId
  }
  const externalId = await object.create()
  const data = {
    tenantId,
    id: newId(),
    provider: name,
    entityKind: object.kind,
    entityId: object.id,
    externalId,
    syncedAt: object.updatedAt,
  }
  const { entityKind, entityId } = data
  const outdated = { tenantId, provider: name, entityKind, externalId, entityId: { not: entityId } }
  // A copy found there may have been that of an object which is gone or has changed; it is this one's now.
  const { count } = await db.prisma.providerLink.deleteMany({ where: outdated })
  if (count > 0) await object.update(externalId)
  // Another request may have linked the object meanwhile; at the provider both found the same copy.
  await db.prisma.providerLink.createMany({ data: [data], skipDuplicates: true })
  return externalId
}
