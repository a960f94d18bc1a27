import { untilAborted } from '../kernel/until-aborted.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import type { Answer, Received } from './service.ts'

interface Reach {
  readonly publicUrl: string
  readonly outbound: GuardedFetch
  readonly receive: (received: Received) => Promise<Answer>
}

/** Less than a simulator's lease of its task, so that nothing is sent twice. */
const SIMULATOR_PATIENCE_MS = 15_000
const INBOX = /^\/inbox\/([^/]+)\/([0-9a-f-]+)$/
/** More than any provider's acknowledgement. */
const MAX_ANSWER_BYTES = 1_024

/** Delivers a simulator's webhook. One to our own inbox stays in the process: PUBLIC_URL may be out of our own reach. */
export async function deliverFrom(reach: Reach, url: string, init: RequestInit): Promise<Response> {
  const { publicUrl, receive } = reach
  const [, provider, connectionId] = url.startsWith(publicUrl) ? (INBOX.exec(url.slice(publicUrl.length)) ?? []) : []
  const headers = new Headers(init.headers)
  if (!provider || !connectionId) return askOutside(reach, url, headers, init)
  const received: Received = { provider, connectionId, headers, rawBody: String(init.body), requestId: 'simulator' }
  const { status, body } = await receive(received)
  return typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status })
}

/** A simulator's user has named the address. */
async function askOutside({ outbound }: Reach, url: string, headers: Headers, { body, signal }: RequestInit) {
  const limits = { timeoutMs: SIMULATOR_PATIENCE_MS, maxAnswerBytes: MAX_ANSWER_BYTES }
  const request = { method: 'POST', headers: Object.fromEntries(headers), body: String(body), ...limits } as const
  const answer = await untilAborted(outbound(url, request), signal)
  return new Response(isEmpty(answer.status) ? null : new Uint8Array(answer.body), { status: answer.status })
}

/** Whether an answer with this status never has a body. */
function isEmpty(status: number): boolean {
  return [204, 205, 304].includes(status)
}
