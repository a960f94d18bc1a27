import { addFromPage, customerFromPage } from '../customers/payer.ts'
import type { CheckoutRow, CustomerRow } from '../db/rows.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'

/** The checkout's customer, or else the one whom the provider found. What the page has asked them is added to what is known. */
export async function customerOf(
  work: Work,
  checkout: CheckoutRow,
  found: FoundCustomer | undefined,
): Promise<string | null> {
  const { tenantId, customerId } = checkout
  if (!found) return customerId
  const known = customerId
    ? await work.tx.customer.findUnique({ where: { tenantId_id: { tenantId, id: customerId } } })
    : await linkedTo(work, checkout, found)
  if (!known) return customerId ?? customerFromPage(work, checkout, found, work.at)
  await addFromPage(work, known, found)
  return known.id
}

/** The customer whose copy at the provider it is. */
async function linkedTo(work: Work, checkout: CheckoutRow, found: FoundCustomer): Promise<CustomerRow | null> {
  const { tenantId, provider, userId } = checkout
  const link = await work.tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  if (!link) return null
  const there = [{ deletedAt: null }, { mergedIntoId: { not: null } }]
  const linked = await work.tx.customer.findFirst({ where: { tenantId, id: link.entityId, userId, OR: there } })
  if (!linked?.mergedIntoId) return linked
  return work.tx.customer.findUnique({ where: { tenantId_id: { tenantId, id: linked.mergedIntoId } } })
}
