import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { LookupFunction, TcpNetConnectOpts } from 'node:net'
import { NoAnswer, OutboundError, TimedOut } from './errors.ts'
import { addressGuard, type GuardOptions } from './guard.ts'

/** Requests to addresses that users name. What the machine alone can reach is never reached for them. */

export interface OutboundRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** From the question to DNS to the end of the answer, however slowly it drips. */
  readonly timeoutMs: number
  /** How much of the answer's body is read; the rest is dropped. */
  readonly maxAnswerBytes: number
}

export interface OutboundAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

/**
 * Sends one request. A redirect is an answer like any other: whoever follows it asks again, and is checked again.
 * @throws AddressRefused, TimedOut or NoAnswer, all of them OutboundErrors
 */
export type GuardedFetch = (url: string, request: OutboundRequest) => Promise<OutboundAnswer>

/** Of several addresses the next is tried after this long. */
const NEXT_ADDRESS_AFTER_MS = 2_000

export function guardedFetch(options: GuardOptions): GuardedFetch {
  const guard = addressGuard(options)
  return async (url, wanted) => send(guard.check(url), wanted, guard.lookup)
}

/** What is not the request's goes on to its socket. */
type SendOptions = https.RequestOptions & Pick<TcpNetConnectOpts, 'autoSelectFamilyAttemptTimeout'>

function send(target: URL, wanted: OutboundRequest, lookup: LookupFunction): Promise<OutboundAnswer> {
  const { method, headers = {}, body, timeoutMs, maxAnswerBytes } = wanted
  return new Promise((resolve, reject) => {
    const { request } = target.protocol === 'https:' ? https : http
    const options: SendOptions = {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      // A connection is used once, so that each request is checked where it goes.
      agent: false,
      lookup,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    }
    const sent = request(target, options)
    const timer = setTimeout(() => fail(new TimedOut(`No answer within ${timeoutMs / 1_000} seconds`)), timeoutMs)

    function fail(error: unknown): void {
      clearTimeout(timer)
      reject(error instanceof OutboundError ? error : new NoAnswer(reasonOf(error), { cause: error }))
      sent.destroy()
    }

    function finish(answer: OutboundAnswer): void {
      clearTimeout(timer)
      resolve(answer)
      sent.destroy()
    }

    sent.on('error', fail)
    sent.on('response', (response) => {
      const answer = { status: response.statusCode ?? 0, headers: headersOf(response) }
      read(response, maxAnswerBytes).then((bytes) => finish({ ...answer, body: bytes }), fail)
    })
    sent.end(body)
  })
}

/** The beginning of an answer's body. */
async function read(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes)
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', (rawHeaders[index + 1] ?? '').replace(/[^\t\x20-\x7e\x80-\xff]/g, ''))
  }
  return headers
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'The host was not found',
  ENODATA: 'The host was not found',
  ECONNREFUSED: 'The connection was refused',
  ECONNRESET: 'The connection was closed before the answer was complete',
  EPIPE: 'The connection was closed before the answer was complete',
  ETIMEDOUT: 'The host could not be reached',
  EHOSTUNREACH: 'The host could not be reached',
  ENETUNREACH: 'The host could not be reached',
}

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return REASONS[code] ?? (message ? `There was no answer: ${message}` : 'There was no answer')
}
