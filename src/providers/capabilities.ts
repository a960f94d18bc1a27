import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { CheckoutKind } from '../db/generated/enums.ts'
import { bound } from '../kernel/bound.ts'
import type { Clock } from '../kernel/clock.ts'
import type { ProviderName } from '../kernel/provider-name.ts'
import { sideBySide } from '../kernel/side-by-side.ts'
import { SANDBOX } from './connections.ts'
import { ProviderLacks } from './errors.ts'
import { CAPABILITY_NAMES, type CapabilityName } from './port/routes.ts'
import type { Connected, Registry } from './registry.ts'

/** What the server of a connection can do is found out by asking it, and kept on the connection. */

const BATCH = 16
const AT_ONCE = 8
const EACH_SECONDS = 86_400
const EACH_SECONDS_WHILE_MISSING = 3_600

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly log: Logger
}

export type CapabilityService = ReturnType<typeof capabilityService>

interface Parts extends Deps {
  /** The questions that are under way, by their connection. */
  readonly underWay: Map<string, Promise<readonly CapabilityName[]>>
}

export function capabilityService(deps: Deps) {
  const parts: Parts = { ...deps, underWay: new Map() }
  return {
    ...bound(parts, { lacks, review, reviewDue }),

    lacksNow,

    /** Does work at a provider. Where a route turns out to be missing, it is found out what else its server lacks. */
    async reviewing<T>(tenantId: string, provider: ProviderName, work: () => Promise<T>): Promise<T> {
      try {
        return await work()
      } catch (error) {
        if (error instanceof ProviderLacks) await review(parts, tenantId, provider)
        throw error
      }
    },
  }
}

/**
 * Whether the server lacks what is about to be used. What it may lack it is asked for, so that the answer is that of
 * this moment; the rest is taken to be there, as it was when the server was last asked.
 */
async function lacks(parts: Parts, connected: Connected, name: CapabilityName): Promise<boolean> {
  const known = connected.missing.includes(name)
  if (!known && !connected.routes?.differing.includes(name)) return false
  const found = await lacksNow(connected, name)
  if (found !== known) await askOnce(parts, connected)
  return found
}

/** Whether the server lacks it at this moment. For answers that a server without the route gives as well. */
async function lacksNow({ routes }: Connected, name: CapabilityName): Promise<boolean> {
  return (await routes?.missing([name]))?.includes(name) ?? false
}

/** Finds out all that a server lacks, after one of its routes turned out to be missing. */
async function review(parts: Parts, tenantId: string, provider: ProviderName): Promise<void> {
  await askOnce(parts, await parts.registry.connected(tenantId, provider))
}

/** Asks the servers that were not asked for long; a simulator is not of another version. Answers how many. */
async function reviewDue(parts: Parts): Promise<number> {
  const { db, clock, registry, log } = parts
  const due = await db.query<{ tenantId: string; provider: ProviderName }>(
    'capabilities.review',
    `WITH due AS MATERIALIZED (
       SELECT tenant_id, id FROM provider_connection
       WHERE base_url <> $2 AND (
         capabilities_checked_at IS NULL OR capabilities_checked_at <= $1::timestamptz - interval '1 second'
           * CASE WHEN missing_capabilities = '{}' THEN ${EACH_SECONDS} ELSE ${EACH_SECONDS_WHILE_MISSING} END)
       ORDER BY capabilities_checked_at NULLS FIRST LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
     )
     UPDATE provider_connection c SET capabilities_checked_at = $1
     FROM due WHERE c.tenant_id = due.tenant_id AND c.id = due.id
     RETURNING c.tenant_id, c.provider`,
    [clock.now(), SANDBOX],
  )
  await sideBySide(due, AT_ONCE, async ({ tenantId, provider }) =>
    registry
      .connected(tenantId, provider)
      .then((connected) => askOnce(parts, connected))
      .then(
        () => undefined,
        (error) => log.warn({ err: error, tenantId, provider }, "a provider's capabilities were not read"),
      ),
  )
  return due.length
}

/** However many want to know at the same moment, the server is asked once. */
function askOnce(parts: Parts, connected: Connected): Promise<readonly CapabilityName[]> {
  const { underWay } = parts
  const { connectionId } = connected
  const asked = underWay.get(connectionId) ?? ask(parts, connected).finally(() => underWay.delete(connectionId))
  underWay.set(connectionId, asked)
  return asked
}

/** Asks the server and keeps its answer, unless the connection was made or asked anew meanwhile. */
async function ask(
  { db, clock }: Parts,
  { routes, tenantId, connectionId: id, capabilitiesCheckedAt }: Connected,
): Promise<readonly CapabilityName[]> {
  const missing = (await routes?.missing(CAPABILITY_NAMES)) ?? []
  await db.prisma.providerConnection.updateMany({
    where: { tenantId, id, capabilitiesCheckedAt },
    data: { missingCapabilities: [...missing], capabilitiesCheckedAt: clock.now() },
  })
  return missing
}

const NEEDED: Readonly<Partial<Record<CheckoutKind, CapabilityName>>> = {
  PAYMENT: 'CHECKOUTS',
  SUBSCRIPTION: 'SUBSCRIPTIONS',
  PAY_AS_YOU_GO: 'PAY_AS_YOU_GO',
}

/** What a checkout of a kind needs; undefined for a kind that no provider opens by routes of its own. */
export function capabilityFor(kind: CheckoutKind): CapabilityName | undefined {
  return NEEDED[kind]
}
