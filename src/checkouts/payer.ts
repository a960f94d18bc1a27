import { addFromPage, customerFromPage } from '../customers/payer.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { FoundCustomer } from '../providers/port/facts.ts'
import type { Work } from '../work/work.ts'

/** The checkout's customer, or else the one whom the provider found. What the page has asked them is added to what is known. */
export async function customerOf(
  work: Work,
  checkout: CheckoutRow,
  found: FoundCustomer | undefined,
): Promise<string | null> {
  if (!found) return checkout.customerId
  const known = checkout.customerId ?? (await linkedTo(work, checkout, found))
  if (known === undefined) return customerFromPage(work, checkout, found, work.at)
  await addFromPage(work, known, found)
  return known
}

/** The customer whose copy at the provider it is. */
async function linkedTo(work: Work, checkout: CheckoutRow, found: FoundCustomer): Promise<string | undefined> {
  const { tenantId, provider, userId } = checkout
  const link = await work.tx.providerLink.findFirst({
    where: { tenantId, provider, entityKind: 'Customer', externalId: found.reference },
  })
  const there = [{ deletedAt: null }, { mergedIntoId: { not: null } }]
  const linked =
    link && (await work.tx.customer.findFirst({ where: { tenantId, id: link.entityId, userId, OR: there } }))
  return linked?.mergedIntoId ?? linked?.id
}
