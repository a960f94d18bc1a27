import type { Database } from '../db/database.ts'
import type { WebhookEndpointRow } from '../db/rows.ts'
import type { Call } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import { DomainError } from '../kernel/errors.ts'
import { encodeId, newId } from '../kernel/id.ts'
import { OutboundError } from '../outbound/errors.ts'
import type { GuardedFetch, OutboundAnswer } from '../outbound/guarded-fetch.ts'
import { fetchFollowing, overTls } from '../outbound/redirects.ts'
import { secretsOf, signedHeaders } from './signature.ts'

/** Pre-flight hooks: who a tenant asks, each in turn, whether money may move. */

const PATIENCE_MS = 15_000
const ANSWER_AT_MOST = 16 * 1024
const MESSAGE_AT_MOST = 500
const FOLLOWED = [301, 307, 308]

type Hook = Pick<WebhookEndpointRow, 'id' | 'url' | 'secret' | 'previousSecret' | 'previousEndsAt'> & {
  /** The tenant's time. */
  readonly now: Date
}

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly secretKey: Uint8Array
  readonly fetch: GuardedFetch
  /** Whether the call is a repeat, which is given its answer whatever a hook would say. */
  readonly isAnswered: (call: Call) => Promise<boolean>
  readonly log: { warn(facts: object, message: string): void }
  readonly patienceMs?: number
}

export function preflightService({ db, clock, secretKey, fetch, isAnswered, log, patienceMs = PATIENCE_MS }: Deps) {
  function hooksOf(tenantId: string): Promise<Hook[]> {
    return db.query<Hook>(
      'preflight.hooks',
      `SELECT w.id, w.url, w.secret, w.previous_secret, w.previous_ends_at,
         $2::timestamptz + t.clock_ahead_ms * interval '1 millisecond' AS now
       FROM webhook_endpoint w JOIN tenant t ON t.id = w.tenant_id
       WHERE w.tenant_id = $1 AND w.kind = 'PREFLIGHT' AND w.active AND w.deleted_at IS NULL
       ORDER BY w.created_at, w.id`,
      [tenantId, clock.now()],
    )
  }

  async function askOne(hook: Hook, call: Call, input: object): Promise<void> {
    const message = messageOf(call, input, hook.now)
    const headers = signedHeaders(message, clock.now(), secretsOf(secretKey, hook, hook.now))
    const limits = { timeoutMs: patienceMs, maxAnswerBytes: ANSWER_AT_MOST }
    const request = { method: 'POST', headers, body: message.body, ...limits } as const
    const facts = { tenantId: call.actor.tenantId, requestId: call.actor.requestId, endpointId: hook.id }
    const guarded = call.actor.mode === 'LIVE' ? overTls(fetch) : fetch
    const answer = await fetchFollowing(guarded, hook.url, request, FOLLOWED).catch((error: unknown) => {
      if (!(error instanceof OutboundError)) throw error
      log.warn({ ...facts, reason: error.message }, 'a pre-flight hook gave no answer')
      return undefined
    })
    const status = answer?.status ?? 0
    if (status >= 200 && status < 300) return
    if (answer && status >= 400 && status < 500) throw refused(hook, answer)
    if (answer) log.warn({ ...facts, status }, 'a pre-flight hook gave no usable answer')
    throw unanswered(hook)
  }

  return {
    /**
     * Asks every hook of the tenant, in the order of their making, until one does not let the mutation pass. No
     * transaction may be open meanwhile.
     * @throws DomainError PREFLIGHT_REFUSED, which stands, or PRECONDITION_FAILED, which a retry may cure
     */
    async ask(call: Call, input: object): Promise<void> {
      if (call.actor.preflight === false) return
      const hooks = await hooksOf(call.actor.tenantId)
      if (hooks.length === 0 || (await isAnswered(call))) return
      for (const hook of hooks) await askOne(hook, call, input)
    },
  }
}

/** All that is known of a mutation before it runs. */
function messageOf({ actor, operation, idempotencyKey }: Call, input: object, now: Date) {
  const id = newId()
  const asked = {
    id,
    type: 'preflight',
    timestamp: now.toISOString(),
    operation,
    input,
    idempotencyKey,
    actor: {
      apiKey: encodeId('ApiKey', actor.apiKeyId),
      role: actor.role,
      user: actor.userId && encodeId('User', actor.userId),
    },
    organization: encodeId('Organization', actor.organizationId),
    mode: actor.mode,
    requestId: actor.requestId,
  }
  const body = JSON.stringify(asked, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))
  return { id, body }
}

function refused({ id }: Hook, { status, body }: OutboundAnswer): DomainError {
  const message = messageIn(body) ?? `A pre-flight hook refused with status ${status}`
  const facts = { status, retryable: false, endpoint: encodeId('WebhookEndpoint', id) }
  return new DomainError({ code: 'PREFLIGHT_REFUSED', message, facts })
}

function unanswered({ id }: Hook): DomainError {
  const message = 'A pre-flight hook could not be asked; nothing was done, and a later attempt may succeed'
  const facts = { status: 412, retryable: true, endpoint: encodeId('WebhookEndpoint', id) }
  return new DomainError({ code: 'PRECONDITION_FAILED', message, facts })
}

/** What the hook says for people, as text that is no markup wherever it is shown. */
function messageIn(body: Buffer): string | undefined {
  try {
    const { message } = JSON.parse(body.toString('utf8')) as { message?: unknown }
    if (typeof message !== 'string' || message.trim() === '') return undefined
    const plain = message
      .trim()
      .replace(/\p{Cc}+/gu, ' ')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
    return plain.slice(0, MESSAGE_AT_MOST).toWellFormed()
  } catch {
    return undefined
  }
}
