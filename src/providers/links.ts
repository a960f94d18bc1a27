import type { Database } from '../db/database.ts'
import type { ProviderLinkRow } from '../db/rows.ts'
import { newId } from '../kernel/id.ts'
import type { Reference } from './port/facts.ts'
import type { Connected } from './registry.ts'

/** One of our objects, and how to make or change its copy at a provider. */
export interface Linked {
  readonly kind: 'Product' | 'Customer'
  readonly id: string
  /** The seller whose it is; null for the organization's own. */
  readonly userId: string | null
  readonly updatedAt: Date
  create(): Promise<Reference>
  update(reference: Reference): Promise<void>
}

/**
 * What the provider calls the object, after making its copy there or bringing it up to date. `syncedAt` is the
 * `updatedAt` of the version that was sent, so that a change made meanwhile is sent the next time. Undefined when the
 * provider keeps that copy for another owner, whose data it is.
 */
export async function linkedReference(
  db: Database,
  provider: Connected,
  object: Linked,
): Promise<Reference | undefined> {
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
  const taken = await db.prisma.providerLink.findFirst({ where: outdated })
  if (taken && (await isOthers(db, taken, object))) return undefined
  // A copy found there may have been that of an object which is gone or has changed; it is this one's now.
  const { count } = await db.prisma.providerLink.deleteMany({ where: outdated })
  if (count > 0) await object.update(externalId)
  // Another request may have linked the object meanwhile; at the provider both found the same copy.
  await db.prisma.providerLink.createMany({ data: [data], skipDuplicates: true })
  return externalId
}

/** Whether a copy at the provider is that of something which is there and belongs to another owner. */
async function isOthers(db: Database, { tenantId, entityId }: ProviderLinkRow, object: Linked): Promise<boolean> {
  const where = { tenantId, id: entityId, deletedAt: null }
  const owned =
    object.kind === 'Product'
      ? await db.prisma.product.findFirst({ where, select: { userId: true } })
      : await db.prisma.customer.findFirst({ where, select: { userId: true } })
  return owned !== null && owned.userId !== object.userId
}
