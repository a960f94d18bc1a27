import type { Mode } from '../kernel/actor.ts'
import { newId } from '../kernel/id.ts'
import type { Work } from '../work/work.ts'
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
export async function openOrganization(work: Work, { name, owner, testTenantId, at }: Wanted) {
  const { id } = await work.tx.organization.create({ data: { id: newId(), name, createdAt: at } })
  for (const [tenantId, mode] of [
    [testTenantId, 'TEST'],
    [newId(), 'LIVE'],
  ] satisfies [string, Mode][]) {
    await work.tx.tenant.create({ data: { id: tenantId, organizationId: id, mode, createdAt: at } })
    if (!owner) continue
    const dates = { claimedAt: at, createdAt: at, updatedAt: at }
    await work.tx.user.create({ data: { tenantId, id: newId(), ...owner, role: 'OWNER', ...dates } })
  }
  const secret = newSecret('TEST')
  const key = { tenantId: testTenantId, name: 'First test key', role: 'OWNER', userId: null } as const
  await issue(work, secret, { id: newId(), ...key, createdAt: at })
  return { id, testKey: secret.secret }
}
