import type { Database } from '../db/database.ts'
import { StartError } from '../kernel/start-error.ts'
import type { Providers } from '../providers/providers.ts'

/** A program that does not know a provider cannot show its payments: it does not serve the database at all. */
export async function assertKnowsProviders(db: Database, providers: Providers): Promise<void> {
  const connected = await db.prisma.providerConnection.findMany({
    where: { provider: { notIn: Object.keys(providers) } },
    distinct: ['provider'],
  })
  if (connected.length === 0) return
  const names = connected.map(({ provider }) => provider).join(', ')
  throw new StartError(
    `this release does not know a provider that the database has connections with (${names}): start the release that made them`,
  )
}
