import type { Transaction } from '../db/database.ts'
import type { CustomerRow } from '../db/rows.ts'
import { invalidState } from '../kernel/errors.ts'
import { encodeId } from '../kernel/id.ts'
import { METADATA_KEYS, type Metadata } from '../kernel/input.ts'
import type { Work } from '../work/work.ts'

interface Merged {
  readonly from: CustomerRow
  readonly into: CustomerRow
}

/** What customers have, in the order in which such rows are locked. */
const TABLES = ['checkout', 'subscription', 'payment', 'refund'] as const

/**
 * Gives one customer what another had: their checkouts, subscriptions, payments and refunds, their copies at providers, and
 * what is known of them where nothing is known of the one. Undefined where that was done before.
 * @throws DomainError INVALID_STATE
 */
export async function merge(work: Work, fromId: string, intoId: string): Promise<Merged | undefined> {
  const { tx, tenantId } = work
  // Whoever writes such a row locks it before its customer. So most are moved before the customers are locked, and then those
  // that came in meanwhile. What comes after that waits, and goes to the right customer by itself.
  await moveAll(work, fromId, intoId)
  const { from, into } = await locked(tx, tenantId, fromId, intoId)
  if (from.mergedIntoId === intoId) return undefined
  refuseOthers(from, into)
  await moveAll(work, fromId, intoId)
  await moveLinks(tx, tenantId, fromId, intoId)
  await tx.customer.updateMany({ where: { tenantId, mergedIntoId: fromId }, data: { mergedIntoId: intoId } })
  const gone = { mergedIntoId: intoId, deletedAt: from.deletedAt ?? work.at, updatedAt: work.at }
  return {
    from: await tx.customer.update({ where: { tenantId_id: { tenantId, id: fromId } }, data: gone }),
    into: await tx.customer.update({
      where: { tenantId_id: { tenantId, id: intoId } },
      data: { ...filled(from, into), updatedAt: work.at },
    }),
  }
}

async function moveAll({ tx, tenantId, at }: Work, fromId: string, intoId: string): Promise<void> {
  for (const table of TABLES) {
    const text = `UPDATE ${table} SET customer_id = $3::uuid, updated_at = $4 WHERE tenant_id = $1::uuid AND customer_id = $2::uuid`
    await tx.$executeRawUnsafe(text, tenantId, fromId, intoId, at)
  }
}

/** Both, kept from whoever wants to point to them. */
async function locked(tx: Transaction, tenantId: string, fromId: string, intoId: string): Promise<Merged> {
  await tx.$queryRaw`
    SELECT id FROM customer WHERE tenant_id = ${tenantId}::uuid AND id IN (${fromId}::uuid, ${intoId}::uuid)
    ORDER BY id FOR UPDATE`
  const find = (id: string) => tx.customer.findUniqueOrThrow({ where: { tenantId_id: { tenantId, id } } })
  return { from: await find(fromId), into: await find(intoId) }
}

function refuseOthers(from: CustomerRow, into: CustomerRow): void {
  if (from.mergedIntoId !== null) throw mergedBefore(from.mergedIntoId, 'fromId')
  if (into.mergedIntoId !== null) throw mergedBefore(into.mergedIntoId, 'intoId')
  if (into.deletedAt !== null) throw invalidState('The customer is archived: restore them first', ['intoId'])
  if (from.userId !== into.userId) throw invalidState('Both customers must be of the same seller', ['intoId'])
}

function mergedBefore(intoId: string, field: string): Error {
  return invalidState(`The customer was merged into ${encodeId('Customer', intoId)}`, [field])
}

/**
 * Where a provider has a copy of both, each keeps its own, and what the provider tells of either is told of the one who is
 * left. A copy that changes hands is brought up to date the next time that it is needed.
 */
async function moveLinks(tx: Transaction, tenantId: string, fromId: string, intoId: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE provider_link l SET entity_id = ${intoId}::uuid, synced_at = 'epoch'
    WHERE l.tenant_id = ${tenantId}::uuid AND l.entity_kind = 'Customer' AND l.entity_id = ${fromId}::uuid
      AND NOT EXISTS (SELECT FROM provider_link o
                      WHERE o.tenant_id = l.tenant_id AND o.provider = l.provider AND o.entity_id = ${intoId}::uuid)`
}

/** What is known of both. A name and a tax id are not put together from two. */
function filled(from: CustomerRow, into: CustomerRow) {
  const named = into.name !== '' || into.lastName !== null ? into : from
  const taxed = into.taxId !== null ? into : from
  const [ours, theirs] = [into.metadata as Metadata, from.metadata as Metadata]
  const metadata = Object.entries({ ...ours, ...theirs, ...ours }).slice(0, METADATA_KEYS)
  return {
    name: named.name,
    lastName: named.lastName,
    taxId: taxed.taxId,
    taxIdCountry: taxed.taxIdCountry,
    reference: into.reference ?? from.reference,
    email: into.email ?? from.email,
    phone: into.phone ?? from.phone,
    language: into.language ?? from.language,
    ...(into.address === null && from.address !== null && { address: from.address }),
    metadata: Object.fromEntries(metadata),
  }
}
