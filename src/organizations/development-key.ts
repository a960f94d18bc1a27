import { hkdfSync } from 'node:crypto'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { transact } from '../work/work.ts'
import { newSecret, SECRET_BYTES } from './api-key.ts'
import { issue } from './keys.ts'

/** What the key is called. It is renewed each hour, so that its end is no news. */
export const DEVELOPMENT_KEY = 'GraphiQL in development'
const LIFETIME_HOURS = 24
const LOCK = 7_035_224

/**
 * A test key that GraphiQL has filled in on a developer's machine. It follows from the installation's secret key, so
 * that it is the same after a restart although keys are kept only as hashes, and it lapses a day after it was last
 * asked for. Undefined when there is no test tenant, or when somebody deleted it.
 */
export async function developmentKey(db: Database, clock: Clock, secretKey: Uint8Array): Promise<string | undefined> {
  const bytes = Buffer.from(hkdfSync('sha256', secretKey, '', 'tollgate development key', SECRET_BYTES))
  const secret = newSecret('TEST', bytes)
  const at = clock.now()
  const expiresAt = new Date(at.getTime() + LIFETIME_HOURS * 3_600_000)
  const tenant = await db.prisma.tenant.findFirst({
    where: { mode: 'TEST', removedAt: null },
    orderBy: { createdAt: 'asc' },
  })
  if (!tenant) return undefined
  const key = {
    id: newId(),
    tenantId: tenant.id,
    name: DEVELOPMENT_KEY,
    role: 'OWNER',
    userId: null,
  } as const
  return transact(db, { tenantId: tenant.id, at }, async (work) => {
    // Several nodes that share a secret key make this key at once.
    await work.tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`
    const known = await work.tx.apiKey.findUnique({ where: { hash: secret.hash } })
    if (known?.deletedAt) return undefined
    if (known) await work.tx.apiKey.update({ where: { hash: secret.hash }, data: { expiresAt } })
    else await issue(work, secret, { ...key, expiresAt, createdAt: at })
    return secret.secret
  })
}
