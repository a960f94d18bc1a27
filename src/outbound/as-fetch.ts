import { untilAborted } from '../kernel/until-aborted.ts'
import type { GuardedFetch, OutboundRequest } from './guarded-fetch.ts'

const PATIENCE_MS = 30_000
/** A page of a hundred things is some hundred kilobytes; what is longer is cut off, and then no JSON. */
const ANSWER_BYTES = 16 * 1024 * 1024
const WITHOUT_BODY = new Set([204, 205, 304])

/** A guarded fetch in the shape of the platform's own, for whoever speaks to an address that a user names. */
export function asFetch(guarded: GuardedFetch): typeof fetch {
  return async (input, init = {}) => {
    const { signal } = init
    const asked = guarded(String(input instanceof Request ? input.url : input), {
      method: (init.method ?? 'GET') as OutboundRequest['method'],
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(typeof init.body === 'string' && { body: init.body }),
      timeoutMs: PATIENCE_MS,
      maxAnswerBytes: ANSWER_BYTES,
    })
    const { status, headers, body } = await untilAborted(asked, signal)
    return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers })
  }
}
