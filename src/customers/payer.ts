import type { Transaction } from '../db/database.ts'
import { newId } from '../kernel/id.ts'
import { emailKey } from '../kernel/input.ts'
import { phoneNumber } from '../kernel/phone.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'
import { emitCustomer } from './service.ts'

/** Whose a customer is: a seller's, or the organization's own. */
interface Owner {
  readonly tenantId: string
  readonly userId: string | null
}

/** The customer whom a hosted page asked for: found by e-mail among those of the owner, or made. */
export async function customerFromPage(work: Work, owner: Owner, found: FoundCustomer, at: Date): Promise<string> {
  const { tenantId, userId } = owner
  const known = await findByEmail(work.tx, owner, found.email)
  if (known) return known
  const { name, lastName, email } = found
  // What a provider tells is kept in any case.
  const phone = found.phone && (phoneNumber(found.phone) ?? found.phone)
  const data = { tenantId, id: newId(), name, lastName, email, phone, userId, createdAt: at, updatedAt: at }
  const [made] = await work.tx.customer.createManyAndReturn({ data: [data], skipDuplicates: true })
  if (made) {
    emitCustomer(work.emit, 'customer.created', made)
    return made.id
  }
  // Another checkout that they pay at the same moment was first.
  const first = await findByEmail(work.tx, owner, found.email)
  if (!first) throw new Error('the customer could be neither created nor found')
  return first
}

/** The one who has the address, or had it until they were merged. */
async function findByEmail(tx: Transaction, owner: Owner, email: string | undefined): Promise<string | undefined> {
  if (email === undefined) return undefined
  const { tenantId, userId } = owner
  const [known] = await tx.$queryRaw<{ id: string }[]>`
    SELECT coalesce(merged_into_id, id) AS id FROM customer
    WHERE tenant_id = ${tenantId}::uuid AND lower(email COLLATE "C") = ${emailKey(email)}
      AND user_id IS NOT DISTINCT FROM ${userId}::uuid AND (deleted_at IS NULL OR merged_into_id IS NOT NULL)
    ORDER BY deleted_at DESC NULLS FIRST LIMIT 1`
  return known?.id
}
