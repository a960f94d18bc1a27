import type { Transaction } from '../db/database.ts'
import { camelRow } from '../db/exact-rows.ts'
import type { CustomerRow } from '../db/rows.ts'
import { emailKey } from '../kernel/input.ts'

/** Whose a customer is: a seller's, or the organization's own. */
export interface Owner {
  readonly tenantId: string
  readonly userId: string | null
}

/** The one who has the address, or was merged with the one who had it. Those in the archive have none. */
export async function holderOf(
  tx: Transaction,
  owner: Owner,
  email: string | undefined,
): Promise<CustomerRow | undefined> {
  if (email === undefined) return undefined
  const { tenantId, userId } = owner
  const [known] = await tx.$queryRaw<Record<string, unknown>[]>`
    SELECT h.* FROM customer c JOIN customer h ON h.tenant_id = c.tenant_id AND h.id = coalesce(c.merged_into_id, c.id)
    WHERE c.tenant_id = ${tenantId}::uuid AND lower(c.email COLLATE "C") = ${emailKey(email)}
      AND c.user_id IS NOT DISTINCT FROM ${userId}::uuid AND h.deleted_at IS NULL
    ORDER BY c.deleted_at DESC NULLS FIRST LIMIT 1`
  return known && camelRow<CustomerRow>(known)
}
