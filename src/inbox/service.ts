import type { Logger } from 'pino'
import type { CheckoutProgress } from '../checkouts/progress.ts'
import type { Database } from '../db/database.ts'
import type { Provider } from '../db/generated/enums.ts'
import { onBehalfOf } from '../db/requester.ts'
import type { InboxMessageRow } from '../db/rows.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { recent } from '../kernel/recent.ts'
import { bringsMoney, isAbandoned, isFinal } from '../payments/payment.ts'
import type { UnclaimedPayments } from '../payments/unclaimed.ts'
import { ForgedNotification } from '../providers/errors.ts'
import type { ProviderStatus } from '../providers/port/facts.ts'
import type { Notification, Notifications } from '../providers/port/notifications.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import type { SubscriptionProgress } from '../subscriptions/progress.ts'
import { applying, Meaningless } from './applying.ts'

/** What providers tell us: proven, stored once, answered, and applied after that. */

export interface Received {
  readonly provider: string
  readonly connectionId: string
  readonly headers: Headers
  readonly rawBody: string
  readonly requestId: string
}

/** So many inboxes are remembered, some 150 bytes each. */
const KNOWN_AT_MOST = 10_000
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly progress: CheckoutProgress
  readonly subscriptions: SubscriptionProgress
  readonly unclaimed: UnclaimedPayments
  readonly refunds: { hear(tenantId: string, provider: Provider, refund: string): Promise<void> }
  readonly log: Logger
}

/** What a provider calls something of ours. */
interface Named {
  readonly tenantId: string
  readonly provider: Provider
  readonly externalId: string
}

export function inboxService({ db, clock, registry, progress, subscriptions, unclaimed, refunds, log }: Deps) {
  async function apply({ tenantId, provider, body }: InboxMessageRow): Promise<void> {
    const { notifications } = await registry.connected(tenantId, provider)
    const notification = notifications?.read(body)
    if (!notification) throw new Meaningless('it is about no object of this gateway')
    if (notification.refund !== undefined) return refunds.hear(tenantId, provider, notification.refund)
    const externalId = notification.subscription ?? notification.checkout
    if (externalId === undefined) throw new Meaningless('it names no object')
    const named = { tenantId, provider, externalId }
    const subscription = notification.subscription && (await db.prisma.subscription.findFirst({ where: named }))
    // What we know only as a checkout yet has its subscription once that is read.
    if (subscription) await subscriptions.refresh(subscription)
    else await applyToCheckout(named, notification)
  }

  async function applyToCheckout(named: Named, { status, managementUrl }: Notification): Promise<void> {
    const checkout = await db.prisma.checkout.findFirst({ where: named })
    // The page of an opening whose answer was lost ends one day as it began: nobody ever had its link.
    if (!checkout && status && isAbandoned(status.state)) return
    if (!checkout) return applyToNothing(named, status)
    // A step on the way can be taken from a proven notification; the end is read from the provider itself.
    if (status && !isFinal(status.state)) await progress.observe(checkout, status)
    else await progress.refresh(checkout)
    if (managementUrl) await db.prisma.subscription.updateMany({ where: named, data: { managementUrl } })
  }

  /** Nothing of ours is called so. Money that came in for it is booked as what nobody asked for. */
  async function applyToNothing({ tenantId, provider, externalId }: Named, seen?: ProviderStatus): Promise<void> {
    const mayHaveMoney = !seen || bringsMoney(seen.state)
    // A checkout that we do not know yet may be one whose opening is still to be recorded: it is tried again.
    if (mayHaveMoney && !(await unclaimed.mayBeAsked(tenantId, provider))) {
      const { status } = await registry.connected(tenantId, provider)
      const paid = await status?.payment(externalId)
      if (paid) return unclaimed.take(tenantId, provider, paid, 'ONE_TIME')
    }
    throw new Error(`no checkout has the id ${externalId} at ${provider}`)
  }

  const due = applying({ db, clock, log, apply })
  /** The connections that proven notifications came for. */
  const known = recent<true>(KNOWN_AT_MOST)

  async function connectionOf(connectionId: string): Promise<Connected | null | undefined> {
    return UUID.test(connectionId) ? registry.byConnection(connectionId) : undefined
  }

  async function keep(provider: Connected, { connectionId, headers, rawBody: body }: Received): Promise<void> {
    const { tenantId, name, notifications } = provider
    if (!notifications) return
    const dedupeKey = notifications.prove(headers, body, clock.now())
    known.set(connectionId, true)
    const object = objectOf(notifications, body)
    await onBehalfOf({ party: partyOf(connectionId) }, () =>
      db.prisma.inboxMessage.createMany({
        data: [{ tenantId, id: newId(), provider: name, dedupeKey, body, object, nextAttemptAt: clock.now() }],
        skipDuplicates: true,
      }),
    )
  }

  return {
    isKnown: (connectionId: string) => known.get(connectionId) === true,

    /** Stores a notification. The answer is for the provider: 200 when it is kept, 4xx when it is not its own. */
    async receive(received: Received): Promise<{ status: number; body: object }> {
      const { connectionId, requestId } = received
      // An inbox where a provider has been shares connections with no other, so that nobody can get in its way.
      const party = known.get(connectionId) ? partyOf(connectionId) : 'unknown inboxes'
      const provider = await onBehalfOf({ party }, () => connectionOf(connectionId))
      if (provider?.name.toLowerCase() !== received.provider || !provider.notifications) {
        return { status: 404, body: { error: 'unknown inbox' } }
      }
      const { tenantId, name } = provider
      try {
        await keep(provider, received)
        return { status: 200, body: { received: true } }
      } catch (error) {
        if (!(error instanceof ForgedNotification)) throw error
        log.warn(
          { requestId, tenantId, provider: name, reason: error.message },
          'a webhook from a provider with an invalid signature was refused',
        )
        return { status: 400, body: { error: error.message } }
      }
    },

    /** What is due is applied by this. */
    due,

    /** Applies what is due. Answers how many messages were applied. */
    applyDue: due.run,
  }
}

/** Who shares connections to the database. */
function partyOf(connectionId: string): string {
  return `inbox ${connectionId}`
}

/** What a message is about; null where that cannot be read now. */
function objectOf(notifications: Notifications, body: string): string | null {
  try {
    const { subscription, checkout, refund } = notifications.read(body) ?? {}
    return refund ?? subscription ?? checkout ?? null
  } catch {
    return null
  }
}
