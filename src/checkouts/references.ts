import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { sendAhead } from '../db/sending-ahead.ts'
import type { Call, Done } from '../kernel/actor.ts'
import { bound } from '../kernel/bound.ts'
import type { Clocks } from '../kernel/clock.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { validate } from '../kernel/validate.ts'
import { hasMoneySql } from '../payments/payment.ts'
import { transactOnce, type Work } from '../work/work.ts'
import { endedUnpaidSql } from './checkout.ts'

/** The merchant's own numbers of checkouts, which one checkout has alone where the merchant wants that. */

const SetUniqueReferences = z.object({ unique: z.boolean() })

interface Parts {
  readonly db: Database
  readonly clocks: Clocks
}

export function checkoutReferences(parts: Parts) {
  return bound(parts, { setUniqueReferences, areReferencesUnique })
}

/** Decides for the checkouts that are created from then on; those that are there keep their references. */
async function setUniqueReferences({ db, clocks }: Parts, call: Call, input: unknown): Promise<Done> {
  const { unique } = validate(SetUniqueReferences, input)
  const { tenantId, organizationId } = call.actor
  const now = await clocks.now(call.actor)
  return transactOnce(db, call, now, organizationId, async (work) => {
    await work.tx.tenant.update({ where: { id: tenantId }, data: { uniqueReferences: unique } })
    const object = { id: encodeId('Organization', organizationId), uniqueReferences: unique }
    work.emit({
      type: 'organization.unique_references_set',
      entityKind: 'Organization',
      entityId: organizationId,
      object,
    })
  })
}

async function areReferencesUnique({ db }: Parts, tenantId: string): Promise<boolean> {
  const tenant = await db.prisma.tenant.findUniqueOrThrow({ where: { id: tenantId } })
  return tenant.uniqueReferences
}

/** Where money is left of what came in for a checkout, its order is paid, whatever the checkout has come to. */
const HAS_MONEY = `EXISTS (SELECT FROM payment p WHERE p.tenant_id = c.tenant_id AND p.checkout_id = c.id
  AND ${hasMoneySql('p')} AND p.refunded_minor < p.amount_minor)`

const IN_USE = `SELECT c.id FROM checkout c JOIN tenant t ON t.id = c.tenant_id AND t.unique_references
  WHERE c.tenant_id = $1::uuid AND c.reference = $2 AND c.user_id IS NOT DISTINCT FROM $3::uuid AND c.id <> $4::uuid
    AND (NOT ${endedUnpaidSql('c')} OR ${HAS_MONEY})
  ORDER BY c.id DESC LIMIT 1`

/**
 * Keeps a reference for the checkout of that id, until the end of the transaction: of several at the same moment
 * each sees those before it. A seller's references and the organization's are apart, so that no seller learns of another's.
 * @throws DomainError ALREADY_EXISTS where it is to be unique, and another checkout has it that did not end without money
 */
export async function takeReference(work: Work, owner: string | null, reference: string, id: string): Promise<void> {
  const name = `checkout ${work.tenantId} ${owner} ${reference}`
  await sendAhead(work.tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', name)
  const [other] = await work.tx.$queryRawUnsafe<{ id: string }[]>(IN_USE, work.tenantId, reference, owner, id)
  if (!other) return
  const checkout = encodeId('Checkout', other.id)
  const message = `The checkout ${checkout} has this reference`
  throw new DomainError({ code: 'ALREADY_EXISTS', message, field: ['reference'], facts: { checkout } })
}
