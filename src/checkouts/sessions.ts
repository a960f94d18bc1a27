import type { Database } from '../db/database.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { Reference } from '../providers/port/facts.ts'
import type { Account } from '../providers/registry.ts'

/** The checkout that a provider calls so, by its present page or by one that it had, with that page as its own. */
export async function checkoutNamed(
  { prisma }: Pick<Database, 'prisma'>,
  { tenantId, provider }: Account,
  externalId: Reference,
): Promise<CheckoutRow | null> {
  const where = { tenantId_provider_externalId: { tenantId, provider, externalId } }
  const checkout = await prisma.checkout.findUnique({ where })
  if (checkout) return checkout
  const session = await prisma.checkoutSession.findUnique({ where, include: { checkout: true } })
  return session && { ...session.checkout, externalId }
}

/** A checkout as each of the pages that it had before its present one. */
export async function earlierPages(
  { prisma }: Pick<Database, 'prisma'>,
  checkout: CheckoutRow,
): Promise<CheckoutRow[]> {
  if (checkout.session === 1) return []
  const { tenantId, id: checkoutId } = checkout
  const sessions = await prisma.checkoutSession.findMany({
    where: { tenantId, checkoutId },
    orderBy: { number: 'asc' },
  })
  return sessions.map(({ externalId }) => ({ ...checkout, externalId }))
}
