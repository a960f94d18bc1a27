import type { Logger } from 'pino'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import type { Database } from '../db/database.ts'
import type { Provider } from '../db/generated/enums.ts'
import type { InboxMessageRow } from '../db/rows.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { isFinal } from '../payments/payment.ts'
import { ForgedNotification } from '../providers/errors.ts'
import type { Notification } from '../providers/port.ts'
import type { Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'

/** What providers tell us: proven, stored once, answered, and applied after that. */

export interface Received {
  readonly provider: string
  readonly connectionId: string
  readonly headers: Headers
  readonly rawBody: string
  readonly requestId: string
}

const LEASE_SECONDS = 30
const RETRY_AT_MOST_SECONDS = 3_600
/** Seven waits up to an hour, then one an hour for the rest of a day. */
const ATTEMPTS_AT_MOST = 30
const BATCH = 50
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A proven message that no later attempt would make anything of. */
class Meaningless extends Error {
  override readonly name = 'Meaningless'
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly progress: CheckoutProgress
  readonly subscriptions: SubscriptionProgress
  readonly refunds: { hear(tenantId: string, provider: Provider, refund: string): Promise<void> }
  readonly log: Logger
}

/** What a provider calls something of ours. */
interface Named {
  readonly tenantId: string
  readonly provider: Provider
  readonly externalId: string
}

export function inboxService({ db, clock, registry, progress, subscriptions, refunds, log }: Deps) {
  async function apply({ tenantId, provider, body }: InboxMessageRow): Promise<void> {
    const { notifications } = await registry.connected(tenantId, provider)
    const notification = notifications?.read(body)
    if (!notification) throw new Meaningless('it is about nothing of ours')
    if (notification.refund !== undefined) return refunds.hear(tenantId, provider, notification.refund)
    const externalId = notification.subscription ?? notification.checkout
    if (externalId === undefined) throw new Meaningless('it names nothing')
    const named = { tenantId, provider, externalId }
    const subscription = notification.subscription && (await db.prisma.subscription.findFirst({ where: named }))
    // What we know only as a checkout yet has its subscription once that is read.
    if (subscription) await subscriptions.refresh(subscription)
    else await applyToCheckout(named, notification)
  }

  async function applyToCheckout(named: Named, { status, managementUrl }: Notification): Promise<void> {
    const checkout = await db.prisma.checkout.findFirst({ where: named })
    // The page of an opening whose answer was lost ends one day as it began: nobody ever had its link.
    if (!checkout && (status?.state === 'EXPIRED' || status?.state === 'CANCELLED')) return
    // A checkout that we do not know yet may be one whose opening is still to be recorded: it is tried again.
    if (!checkout) throw new Error(`no checkout is called ${named.externalId} at ${named.provider}`)
    // A step on the way can be taken from a proven notification; the end is read from the provider itself.
    if (status && !isFinal(status.state)) await progress.observe(checkout, status)
    else await progress.refresh(checkout)
    if (managementUrl) await db.prisma.subscription.updateMany({ where: named, data: { managementUrl } })
  }

  return {
    /** Stores a notification. The answer is for the provider: 200 when it is kept, 4xx when it is not its own. */
    async receive(received: Received): Promise<{ status: number; body: object }> {
      const { connectionId, requestId } = received
      const provider = UUID.test(connectionId) ? await registry.byConnection(connectionId) : undefined
      if (provider?.name.toLowerCase() !== received.provider || !provider.notifications) {
        return { status: 404, body: { error: 'unknown inbox' } }
      }
      const { tenantId, name } = provider
      try {
        const dedupeKey = provider.notifications.prove(received.headers, received.rawBody, clock.now())
        await db.prisma.inboxMessage.createMany({
          data: [
            { tenantId, id: newId(), provider: name, dedupeKey, body: received.rawBody, nextAttemptAt: clock.now() },
          ],
          skipDuplicates: true,
        })
        return { status: 200, body: { received: true } }
      } catch (error) {
        if (!(error instanceof ForgedNotification)) throw error
        log.warn({ requestId, tenantId, provider: name, reason: error.message }, 'a forged notification was refused')
        return { status: 400, body: { error: error.message } }
      }
    },

    /**
     * Applies what is due; a message that fails is tried again, later and later, for a day. Answers how many were
     * applied.
     */
    async applyDue(): Promise<number> {
      const messages = await db.query<InboxMessageRow>(
        'inbox.lease',
        `WITH due AS MATERIALIZED (
           SELECT tenant_id, id FROM inbox_message WHERE next_attempt_at <= $1
           ORDER BY received_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
         )
         UPDATE inbox_message m
         SET attempts = m.attempts + 1,
             next_attempt_at = $1::timestamptz + least($2 * power(2, least(m.attempts, 10)), $3) * interval '1 second'
         FROM due
         WHERE m.tenant_id = due.tenant_id AND m.id = due.id
         RETURNING m.*`,
        [clock.now(), LEASE_SECONDS, RETRY_AT_MOST_SECONDS],
      )
      let applied = 0
      for (const message of messages.sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())) {
        const where = { tenantId_id: { tenantId: message.tenantId, id: message.id } }
        try {
          await apply(message)
          await db.prisma.inboxMessage.update({
            where,
            data: { appliedAt: clock.now(), nextAttemptAt: null, error: null },
          })
          applied += 1
        } catch (error) {
          log.warn({ err: error, messageId: message.id, tenantId: message.tenantId }, 'a notification waits')
          const givenUp = error instanceof Meaningless || message.attempts >= ATTEMPTS_AT_MOST
          const data = { error: String(error).slice(0, 500), ...(givenUp && { nextAttemptAt: null }) }
          await db.prisma.inboxMessage.update({ where, data })
        }
      }
      return applied
    },
  }
}
