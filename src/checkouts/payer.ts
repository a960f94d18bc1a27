import { customerFromPage } from '../customers/payer.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'

/** The checkout's customer, or else the one whom the provider found. */
export async function customerOf(
  work: Work,
  checkout: CheckoutRow,
  found: FoundCustomer | undefined,
): Promise<string | null> {
  if (checkout.customerId !== null || !found) return checkout.customerId
  const { tenantId, provider, userId } = checkout
  const link = await work.tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  const there = [{ deletedAt: null }, { mergedIntoId: { not: null } }]
  const linked =
    link && (await work.tx.customer.findFirst({ where: { tenantId, id: link.entityId, userId, OR: there } }))
  return linked?.mergedIntoId ?? linked?.id ?? customerFromPage(work, checkout, found, work.at)
}
