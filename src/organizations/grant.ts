import type { Database } from '../db/database.ts'
import type { Mode, Role } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { DomainError, invalidState, notFound } from '../kernel/errors.ts'
import { decodeId, encodeId, type IdKind, newId } from '../kernel/id.ts'
import { transact } from '../work/work.ts'
import { newSecret } from './api-key.ts'
import { issue } from './keys.ts'

export interface GrantedKey {
  readonly mode: Mode
  readonly role: Role
  readonly name: string
  /** Needed where there are several organizations. */
  readonly organizationId?: string | undefined
  /** How many requests it may make in a quarter of an hour: as many as every other key without it. */
  readonly rateLimit?: number | undefined
  /** Whom a key of the role USER acts for; the demo seller, who is made when first wanted, without it. */
  readonly userId?: string | undefined
}

/**
 * Makes a key for whoever holds the machine, and so needs no other key.
 * @throws DomainError NOT_FOUND, INVALID_STATE, or REQUIRED where only a name can tell which organization is meant.
 */
export async function grantKey(db: Database, clock: Clock, wanted: GrantedKey): Promise<string> {
  const { mode, role, name, rateLimit } = wanted
  const tenant = await findTenant(db, mode, wanted.organizationId)
  if (tenant.removedAt) throw invalidState('The data of this tenant were removed')
  const userId = role === 'USER' ? await findUser(db, clock, tenant.id, wanted.userId) : null
  const secret = newSecret(mode)
  const at = clock.now()
  await transact(db, { tenantId: tenant.id, at }, (work) =>
    issue(work, secret, { id: newId(), tenantId: tenant.id, name, role, userId, rateLimit, createdAt: at }),
  )
  return secret.secret
}

/** @throws DomainError NOT_FOUND, or REQUIRED where only a name can tell which organization is meant. */
export async function findTenant(db: Database, mode: Mode, organizationId: string | undefined) {
  const organization = organizationId === undefined ? {} : { organizationId: uuidOf('Organization', organizationId) }
  const tenants = await db.prisma.tenant.findMany({ where: { mode, ...organization }, orderBy: { createdAt: 'asc' } })
  const [tenant, ...others] = tenants
  if (!tenant) throw notFound('Organization', ['organization'])
  if (others.length === 0) return tenant
  const ids = tenants.map((each) => encodeId('Organization', each.organizationId)).join(', ')
  throw new DomainError({
    code: 'REQUIRED',
    message: `there are several organizations; choose one with --organization <id>: ${ids}`,
  })
}

async function findUser(db: Database, clock: Clock, tenantId: string, userId: string | undefined): Promise<string> {
  if (userId !== undefined) {
    const id = uuidOf('User', userId)
    const user = await db.prisma.user.findFirst({ where: { tenantId, id, deletedAt: null } })
    if (!user) throw notFound('User', ['user'])
    return id
  }
  const now = clock.now()
  const email = 'seller@demo.example'
  const names = { name: 'Demo', lastName: 'Seller', email, role: 'USER' as const }
  const data = { tenantId, id: newId(), ...names, createdAt: now, updatedAt: now }
  // Another process may make it at the same moment.
  await db.prisma.user.createMany({ data: [data], skipDuplicates: true })
  const seller = await db.prisma.user.findFirstOrThrow({ where: { tenantId, email, deletedAt: null } })
  return seller.id
}

function uuidOf(kind: IdKind, text: string): string {
  const decoded = decodeId(text)
  if (decoded?.kind !== kind) throw notFound(kind, [kind.toLowerCase()])
  return decoded.uuid
}
