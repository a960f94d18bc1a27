import type { Database } from '../db/database.ts'
import type { Emit } from '../events/outbox.ts'
import type { Actor, Call, Done } from '../kernel/actor.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError, invalidState } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { transactOnce } from '../work/work.ts'

const DAYS_BETWEEN = 30
const DAY_MS = 24 * 3_600_000

/** An answer of a mutation, with the moment from which the data are removed. */
type Dated = Done & { readonly dueAt?: Date | undefined }

/** Asking for the removal of a tenant's data, and thinking better of it. */
export function removalService({ db, clocks }: { db: Database; clocks: Clocks }) {
  async function dueAt(tenantId: string): Promise<Date | null> {
    const [row] = await db.query<{ removalDueAt: Date | null }>(
      'removal.due',
      'SELECT removal_due_at FROM tenant WHERE id = $1',
      [tenantId],
    )
    return row?.removalDueAt ?? null
  }

  return {
    /** From when on the tenant's data are removed; null when nobody asked for that. */
    dueAt,

    /**
     * Has the tenant's data removed in 30 days, by its clock.
     * @throws DomainError FORBIDDEN for anybody but an owner, INVALID_STATE when it was asked for already
     */
    async request(call: Call): Promise<Dated> {
      const { actor } = call
      refuseOthers(actor)
      const { tenantId, organizationId } = actor
      const at = await clocks.now(actor)
      const removalDueAt = new Date(at.getTime() + DAYS_BETWEEN * DAY_MS)
      const done = await transactOnce(db, call, at, organizationId, async (work) => {
        const where = { id: tenantId, removalDueAt: null, removedAt: null }
        const { count } = await work.tx.tenant.updateMany({ where, data: { removalDueAt } })
        if (count === 0) throw invalidState('The removal is already scheduled')
        announce(work.emit, 'data_removal.requested', actor, removalDueAt)
      })
      return { ...done, dueAt: removalDueAt }
    },

    /**
     * Keeps the data after all, as long as the removal has not begun.
     * @throws DomainError FORBIDDEN for anybody but an owner, INVALID_STATE when nobody has asked for it
     */
    async cancel(call: Call): Promise<Done> {
      const { actor } = call
      refuseOthers(actor)
      const { tenantId, organizationId } = actor
      return transactOnce(db, call, await clocks.now(actor), organizationId, async (work) => {
        const where = { id: tenantId, removalDueAt: { not: null }, removedAt: null }
        const { count } = await work.tx.tenant.updateMany({ where, data: { removalDueAt: null } })
        if (count === 0) throw invalidState('No removal is scheduled')
        announce(work.emit, 'data_removal.cancelled', actor, null)
      })
    },
  }
}

function refuseOthers({ role }: Actor): void {
  if (role === 'OWNER') return
  throw new DomainError({ code: 'FORBIDDEN', message: 'Only a key with the role OWNER is allowed to do this' })
}

function announce(
  emit: Emit,
  type: 'data_removal.requested' | 'data_removal.cancelled',
  { organizationId, mode }: Actor,
  dueAt: Date | null,
): void {
  const object = { id: encodeId('Organization', organizationId), mode, dueAt: dueAt?.toISOString() ?? null }
  emit({ type, entityKind: 'Organization', entityId: organizationId, object })
}
