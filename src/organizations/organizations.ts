import { z } from 'zod'
import type { Database } from '../db/database.ts'
import type { Mode } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { notFound } from '../kernel/errors.ts'
import { decodeId, encodeId, newId } from '../kernel/id.ts'
import { email, line, optional } from '../kernel/input.ts'
import { validate } from '../kernel/validate.ts'
import { transact } from '../work/work.ts'
import { clocksOf } from './clocks.ts'
import { grantKey } from './grant.ts'
import { openOrganization } from './opening.ts'

/** What whoever runs the installation does with its organizations. */

const Create = z.object({ name: line(100), email: optional(email) })
const Rename = z.object({ name: line(100) })

export interface MadeOrganization {
  /** org_… */
  readonly id: string
  /** The keys, which are shown this once. */
  readonly testKey: string
  readonly liveKey: string
}

/**
 * Makes an organization with a test and a live tenant, a key of the role OWNER for each, and a member who owns it where
 * an e-mail address is given.
 * @throws DomainError for a bad name or address
 */
export async function createOrganization(db: Database, clock: Clock, input: unknown): Promise<MadeOrganization> {
  const { name, email } = validate(Create, input)
  const at = clock.now()
  const testTenantId = newId()
  const owner = email === undefined ? undefined : { name: 'Shop', lastName: 'Owner', email }
  const opened = await transact(db, { tenantId: testTenantId, at }, (work) =>
    openOrganization(work, { name, owner, testTenantId, at }),
  )
  const id = encodeId('Organization', opened.id)
  const live = { mode: 'LIVE', role: 'OWNER', name: 'First live key', organizationId: id } as const
  return { id, testKey: opened.testKey, liveKey: await grantKey(db, clock, live) }
}

/**
 * Gives an organization another name, which its members and those whom it invites see.
 * @throws DomainError NOT_FOUND, or for a bad name
 */
export async function renameOrganization(db: Database, clock: Clock, id: string, input: unknown): Promise<void> {
  const { name } = validate(Rename, input)
  const decoded = decodeId(id)
  if (decoded?.kind !== 'Organization') throw notFound('Organization', ['organization'])
  const organizationId = decoded.uuid
  const tenants = await db.prisma.tenant.findMany({ where: { organizationId }, orderBy: { mode: 'asc' } })
  if (tenants.length === 0) throw notFound('Organization', ['organization'])
  for (const { id: tenantId, removedAt } of tenants) {
    const change = { tenantId, at: await clocksOf(db, clock).now(tenantId) }
    await transact(db, change, async (work) => {
      await work.tx.organization.update({ where: { id: organizationId }, data: { name } })
      if (removedAt !== null) return
      const object = { id, name }
      work.emit({ type: 'organization.renamed', entityKind: 'Organization', entityId: organizationId, object })
    })
  }
}

/** One organization in one mode, as whoever runs the installation sees it. */
export interface OrganizationView {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly mode: Mode
  /** How many keys open it, members it has, and payments there are. */
  readonly keys: number
  readonly users: number
  readonly payments: number
  readonly providers: readonly string[]
  /** When one of its keys was last used, by the system's clock and to within minutes; null when none ever was. */
  readonly lastUsedAt: Date | null
  /** When its data are or were removed; null when nobody asked for that. */
  readonly removalAt: Date | null
}

/** Every organization, oldest first, each with its test and its live mode. */
export async function listOrganizations(db: Database, clock: Clock): Promise<OrganizationView[]> {
  const rows = await db.query<OrganizationView>(
    'organizations.list',
    `SELECT o.id, o.name, o.created_at, t.mode, coalesce(t.removed_at, t.removal_due_at) AS removal_at,
       (SELECT count(*)::int FROM api_key k WHERE k.tenant_id = t.id AND k.deleted_at IS NULL
         AND (k.expires_at IS NULL OR k.expires_at > $1)) AS keys,
       (SELECT count(*)::int FROM app_user u WHERE u.tenant_id = t.id AND u.deleted_at IS NULL) AS users,
       (SELECT count(*)::int FROM payment p WHERE p.tenant_id = t.id) AS payments,
       (SELECT coalesce(array_agg(c.provider::text ORDER BY c.provider), '{}') FROM provider_connection c
         WHERE c.tenant_id = t.id) AS providers,
       (SELECT max(k.last_used_at) FROM api_key k WHERE k.tenant_id = t.id) AS last_used_at
     FROM organization o JOIN tenant t ON t.organization_id = o.id
     ORDER BY o.created_at, o.id, t.mode`,
    [clock.now()],
  )
  return rows.map((row) => ({ ...row, id: encodeId('Organization', row.id) }))
}
