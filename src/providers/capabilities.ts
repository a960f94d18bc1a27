import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { CheckoutKind } from '../db/generated/enums.ts'
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

export function capabilityService({ db, clock, registry, log }: Deps) {
  const underWay = new Map<string, Promise<readonly CapabilityName[]>>()

  /** Asks the server and keeps its answer, unless the connection was made or asked anew meanwhile. */
  async function ask({ routes, tenantId, connectionId: id, capabilitiesCheckedAt }: Connected) {
    const missing = (await routes?.missing(CAPABILITY_NAMES)) ?? []
    await db.prisma.providerConnection.updateMany({
      where: { tenantId, id, capabilitiesCheckedAt },
      data: { missingCapabilities: [...missing], capabilitiesCheckedAt: clock.now() },
    })
    return missing
  }

  /** However many want to know at the same moment, the server is asked once. */
  function askOnce(connected: Connected): Promise<readonly CapabilityName[]> {
    const { connectionId } = connected
    const asked = underWay.get(connectionId) ?? ask(connected).finally(() => underWay.delete(connectionId))
    underWay.set(connectionId, asked)
    return asked
  }

  /** Whether the server lacks it at this moment. For answers that a server without the route gives as well. */
  async function lacksNow({ routes }: Connected, name: CapabilityName): Promise<boolean> {
    return (await routes?.missing([name]))?.includes(name) ?? false
  }

  /** Finds out all that a server lacks, after one of its routes turned out to be missing. */
  async function review(tenantId: string, provider: ProviderName): Promise<void> {
    await askOnce(await registry.connected(tenantId, provider))
  }

  return {
    /**
     * Whether the server lacks what is about to be used. What it may lack it is asked for, so that the answer is that of
     * this moment; the rest is taken to be there, as it was when the server was last asked.
     */
    async lacks(connected: Connected, name: CapabilityName): Promise<boolean> {
      const known = connected.missing.includes(name)
      if (!known && !connected.routes?.differing.includes(name)) return false
      const found = await lacksNow(connected, name)
      if (found !== known) await askOnce(connected)
      return found
    },

    lacksNow,
    review,

    /** Does work at a provider. Where a route turns out to be missing, it is found out what else its server lacks. */
    async reviewing<T>(tenantId: string, provider: ProviderName, work: () => Promise<T>): Promise<T> {
      try {
        return await work()
      } catch (error) {
        if (error instanceof ProviderLacks) await review(tenantId, provider)
        throw error
      }
    },

    /** Asks the servers that were not asked for long; a simulator is not of another version. Answers how many. */
    async reviewDue(): Promise<number> {
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
          .then(askOnce)
          .then(
            () => undefined,
            (error) => log.warn({ err: error, tenantId, provider }, "a provider's capabilities were not read"),
          ),
      )
      return due.length
    },
  }
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
