import type { Transaction } from '../store.ts'
import { nextNumber } from '../store.ts'
import type { Context } from './context.ts'
import { apiKeys, organizations, THE_ORGANIZATION, users } from './documents.ts'
import { apiKeyOf, hashOf, webhookSecretOf } from './keys.ts'

export type Credentials = Readonly<Record<'apiKey' | 'webhookSecret', string>>

/** Opens an account for a realm: an organization, its owner and the owner's key. Asking again gives the same ones. */
export async function provision(context: Context, realm: string, organizationName: string): Promise<Credentials> {
  const apiKey = apiKeyOf(context.secret, realm)
  const createdAt = (await context.clockOf(realm)).toISOString()
  await context.transaction(realm, async (world) => {
    // Two at once would open two organizations: the second waits here and finds the first one's.
    await world.db.query(`SELECT pg_advisory_xact_lock(hashtextextended('sandbox:qbitflow:' || $1, 0))`, [realm])
    if (await apiKeys.findBy(world, 'hash', hashOf(apiKey))) return
    await open(world, apiKey, organizationName, createdAt)
  })
  return { apiKey, webhookSecret: webhookSecretOf(context.secret, realm) }
}

async function open(world: Transaction, apiKey: string, name: string, createdAt: string): Promise<void> {
  let organization = await organizations.find(world, THE_ORGANIZATION)
  if (!organization) {
    organization = { id: await nextNumber(world), name, webhookStatuses: 'all' }
    await organizations.insert(world, THE_ORGANIZATION, organization)
  }
  const owner = await findOrMakeOwner(world, organization.id, createdAt)
  const id = await nextNumber(world)
  await apiKeys.insert(world, String(id), {
    id,
    name: 'First key',
    hash: hashOf(apiKey),
    role: 'owner',
    userId: owner.id,
    organizationId: organization.id,
    createdAt,
    expiresAt: null,
  })
}

async function findOrMakeOwner(world: Transaction, organizationId: number, createdAt: string): Promise<{ id: number }> {
  const email = 'owner@shop.example'
  const found = await users.findBy(world, 'email', email)
  if (found) return found
  const owner = {
    id: await nextNumber(world),
    name: 'Olivia',
    lastName: 'Owner',
    email,
    role: 'owner' as const,
    organizationFeeBps: 0,
    organizationId,
    createdAt,
    updatedAt: createdAt,
    claimedAt: createdAt,
  }
  await users.insert(world, String(owner.id), owner)
  return owner
}
