import type { Transaction } from '../db/database.ts'
import type { Emit } from '../events/outbox.ts'
import type { Mode } from '../kernel/actor.ts'
import { newId } from '../kernel/id.ts'
import { newSecret } from './api-key.ts'
import { issue } from './keys.ts'

export interface Owner {
  readonly name: string
  readonly lastName: string
  readonly email: string
}

interface Wanted {
  readonly name: string
  /** The member who owns it, in both modes. */
  readonly owner?: Owner | undefined
  readonly testTenantId: string
  readonly at: Date
}

/**
 * An organization with a test and a live tenant and its first test key, in a transaction whose events are those of the
 * test tenant.
 * @returns its id, and the key, which is shown this once
 */
export async function openOrganization(tx: Transaction, emit: Emit, { name, owner, testTenantId, at }: Wanted) {
  const { id } = await tx.organization.create({ data: { id: newId(), name, createdAt: at } })
  for (const [tenantId, mode] of [
    [testTenantId, 'TEST'],
    [newId(), 'LIVE'],
  ] satisfies [string, Mode][]) {
    await tx.tenant.create({ data: { id: tenantId, organizationId: id, mode, createdAt: at } })
    if (!owner) continue
    const dates = { claimedAt: at, createdAt: at, updatedAt: at }
    await tx.user.create({ data: { tenantId, id: newId(), ...owner, role: 'OWNER', ...dates } })
  }
  const secret = newSecret('TEST')
  const key = { tenantId: testTenantId, name: 'First test key', role: 'OWNER', userId: null } as const
  await issue(tx, emit, secret, { id: newId(), ...key, createdAt: at })
  return { id, testKey: secret.secret }
}
