import type { Clock } from '../kernel/clock.ts'
import { traceparent } from '../kernel/trace.ts'
import { OutboundError, TimedOut } from '../outbound/errors.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import type { Leased } from './lease.ts'
import { messageOf } from './message.ts'
import { retryAfterMs } from './retries.ts'
import { secretsOf, signedHeaders, tenantWebhookSecret } from './signature.ts'

const TIMEOUT_MS = 15_000
/** How much of the answer is kept. */
const ANSWER_BYTES = 1_024

/** One try, and what came of it. */
export interface Attempt {
  readonly delivered: boolean
  /** The receiver wants no more of this, for good. */
  readonly gone: boolean
  readonly timedOut: boolean
  /** How long it asks to be left alone, in milliseconds. */
  readonly wanted: number | undefined
  readonly status: number | null
  readonly error: string | null
  readonly answer: string | null
  readonly durationMs: number
}

interface Deps {
  readonly clock: Clock
  readonly secretKey: Uint8Array
  readonly outbound: GuardedFetch
}

/** Sends a delivery once. A redirect is no receipt, and is not followed: the user moves the endpoint instead. */
export async function attempt({ clock, secretKey, outbound }: Deps, delivery: Leased): Promise<Attempt> {
  const message = messageOf(delivery.event)
  // The timestamp is the system's: receivers compare it with their own clock.
  const parent = traceparent()
  const signed = signedHeaders(message, clock.now(), secretsFor(secretKey, delivery))
  const headers = parent ? { ...signed, traceparent: parent } : signed
  const began = performance.now()
  const duration = () => Math.round(performance.now() - began)
  const request = { method: 'POST', headers, body: message.body, timeoutMs: TIMEOUT_MS, maxAnswerBytes: ANSWER_BYTES }
  try {
    const { status, headers: answered, body } = await outbound(delivery.url, { ...request, method: 'POST' })
    const redirected = status >= 300 && status < 400
    const busy = status === 429 || status === 503
    return {
      delivered: status >= 200 && status < 300,
      gone: status === 410,
      timedOut: false,
      wanted: busy ? retryAfterMs(answered.get('retry-after'), clock.now()) : undefined,
      status,
      error: redirected ? 'The receiver answered with a redirect, and redirects are not followed' : null,
      answer: textOf(body),
      durationMs: duration(),
    }
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    const timedOut = error instanceof TimedOut
    const nothing = { delivered: false, gone: false, wanted: undefined, status: null, answer: null }
    return { ...nothing, timedOut, error: error.message, durationMs: duration() }
  }
}

function secretsFor(secretKey: Uint8Array, { tenantId, endpointId, now, ...delivery }: Leased): string[] {
  const { secret, previousSecret, previousEndsAt } = delivery
  if (endpointId === null || secret === null) return [tenantWebhookSecret(secretKey, tenantId)]
  return secretsOf(secretKey, { id: endpointId, secret, previousSecret, previousEndsAt }, now)
}

/** Bytes as text that PostgreSQL keeps: without half a character at the cut, and without NUL. */
function textOf(body: Buffer): string {
  return new TextDecoder().decode(body, { stream: true }).replaceAll('\0', '\uFFFD')
}
