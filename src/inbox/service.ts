import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { onBehalfOf } from '../db/requester.ts'
import type { InboxMessageRow } from '../db/rows.ts'
import type { Taken } from '../db/take-due.ts'
import type { Clock } from '../kernel/clock.ts'
import { newId } from '../kernel/id.ts'
import { recent } from '../kernel/recent.ts'
import { ForgedNotification, UnusableFact } from '../providers/errors.ts'
import type { Fact } from '../providers/port/facts.ts'
import type { Notifications } from '../providers/port/notifications.ts'
import type { Connected, Registry } from '../providers/registry.ts'
import { isUsable, usable } from '../providers/told-text.ts'
import { applyFact, type FactParts, referenceOf, type Teller } from '../reconciliation/facts.ts'
import { applying } from './applying.ts'

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

/** What the provider is told: text as it is, anything else as JSON. */
export interface Answer {
  readonly status: number
  readonly body: string | object
}

interface Parts {
  readonly db: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly facts: FactParts
  readonly log: Logger
}

export function inboxService(parts: Parts) {
  const { db, clock, log } = parts
  const due = applying({ db, clock, log, apply: (message) => applyMessage(parts, message) })
  /** The connections that proven notifications came for. */
  const known = recent<true>(KNOWN_AT_MOST)

  return {
    isKnown: (connectionId: string) => known.get(connectionId) === true,

    /**
     * Stores a notification, which is applied after that. The answer is for the provider: what it wants to be told when
     * the notification is stored, 4xx when it is not the provider's own.
     */
    async receive(received: Received): Promise<Answer> {
      const { connectionId } = received
      // An inbox where a provider has been shares connections with no other, so that nobody can get in its way.
      const party = known.get(connectionId) ? partyOf(connectionId) : 'unknown inboxes'
      const provider = await onBehalfOf({ party }, () => connectionOf(parts, connectionId))
      if (provider?.name.toLowerCase() !== received.provider || !provider.notifications) {
        return { status: 404, body: { error: 'unknown inbox' } }
      }
      try {
        const { notifications } = provider
        const dedupeKey = notifications.prove(received.headers, received.rawBody, clock.now())
        known.set(connectionId, true)
        await store(parts, provider, keyOf(dedupeKey), objectOf(notifications, received.rawBody), received)
        due.wake()
        return notifications.acknowledgement
      } catch (error) {
        return refuse(parts, provider, received, error)
      }
    },

    /** What is due is applied by this. */
    due,

    /** Applies what is due. Answers how many messages were applied. */
    applyDue: due.run,
  }
}

async function connectionOf({ registry }: Parts, connectionId: string): Promise<Connected | null | undefined> {
  return UUID.test(connectionId) ? registry.byConnection(connectionId) : undefined
}

async function store(
  { db, clock }: Parts,
  { tenantId, name: provider }: Connected,
  dedupeKey: string,
  object: string | null,
  { connectionId, rawBody: body }: Received,
): Promise<void> {
  const message = { tenantId, id: newId(), provider, dedupeKey, body, object, nextAttemptAt: clock.now() }
  await onBehalfOf({ party: partyOf(connectionId) }, () =>
    db.prisma.inboxMessage.createMany({ data: [message], skipDuplicates: true }),
  )
}

function refuse({ log }: Parts, { tenantId, name: provider }: Connected, { requestId }: Received, error: unknown) {
  if (!(error instanceof ForgedNotification)) throw error
  const reason = error.message
  log.warn({ requestId, tenantId, provider, reason }, 'a webhook from a provider with an invalid signature was refused')
  return { status: 400, body: { error: reason } }
}

/**
 * Each fact in turn; one that was applied before changes nothing. One that cannot be applied holds up none of the others,
 * and all of them are applied again with the message.
 */
async function applyMessage({ registry, facts }: Parts, message: Taken<InboxMessageRow>): Promise<void> {
  const { tenantId, provider, body } = message
  const connected = await registry.connected(tenantId, provider)
  const told = connected.notifications?.read(body) ?? []
  if (told.length === 0) throw new UnusableFact('it is about no object of this gateway')
  const failures: unknown[] = []
  for (const fact of told) {
    const account = { tenantId, provider, connected, clock: message }
    const failure = await applyTold(facts, account, fact).catch((error: unknown) => error)
    if (failure !== undefined) failures.push(failure)
  }
  // A message is given up once none of its facts may pass at a later attempt.
  if (failures.length > 0) throw failures.find((failure) => !(failure instanceof UnusableFact)) ?? failures[0]
}

/** @throws where it cannot be applied */
async function applyTold(facts: FactParts, account: Teller, told: Fact): Promise<undefined> {
  const fact = usable(told)
  if (await applyFact(facts, account, fact)) return undefined
  throw new Error(`no ${fact.noun.toLowerCase()} has the id ${referenceOf(fact)} at ${account.provider}`)
}

/** The key as it can be kept. */
function keyOf(dedupeKey: string): string {
  return isUsable(dedupeKey) ? dedupeKey : createHash('sha256').update(dedupeKey).digest('hex')
}

/** Who shares connections to the database. */
function partyOf(connectionId: string): string {
  return `inbox ${connectionId}`
}

/** What a message is about first; null where that cannot be read now. */
function objectOf(notifications: Notifications, body: string): string | null {
  try {
    const [fact] = notifications.read(body)
    const reference = fact ? referenceOf(fact) : null
    // Nothing of ours is called what cannot be kept.
    return reference !== null && isUsable(reference) ? reference : null
  } catch {
    return null
  }
}
