import { Resolver } from 'node:dns/promises'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'
import { mayReach } from './address.ts'

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

/** All addresses of a host's name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/** Why there is no answer. The message is for people, and says nothing about our own network. */
export class OutboundError extends Error {
  override readonly name: string = 'OutboundError'
}

/** The address is not one that users may name, or leads to one. */
export class AddressRefused extends OutboundError {
  override readonly name = 'AddressRefused'
}

export class TimedOut extends OutboundError {
  override readonly name = 'TimedOut'
}

/** The host is not found, does not listen, breaks off, or speaks no HTTP. */
export class NoAnswer extends OutboundError {
  override readonly name = 'NoAnswer'
}

interface Options {
  /** For development: a receiver on the same machine. */
  readonly allowLoopback: boolean
  readonly resolve?: Resolve
}

/** Of several addresses the next is tried after this long. */
const NEXT_ADDRESS_AFTER_MS = 2_000

export function guardedFetch({ allowLoopback, resolve = askDns }: Options): GuardedFetch {
  /** Connects to the very addresses that were checked: a name that answers otherwise a moment later changes nothing. */
  const lookup: LookupFunction = (hostname, { all }, answer) => {
    resolve(hostname).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (!first) answer(new NoAnswer('The host was not found'), '')
        else if (!addresses.every((address) => mayReach(address, allowLoopback))) answer(notPublic(), '')
        else if (all) answer(null, found)
        else answer(null, first.address, first.family)
      },
      (error) => answer(error, ''),
    )
  }

  return async (url, wanted) => {
    const target = targetOf(url)
    // An address in place of a name is never looked up. The parser has brought every notation to the usual one.
    const literal = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !mayReach(literal, allowLoopback)) throw notPublic()
    return send(target, wanted, lookup)
  }
}

function targetOf(url: string): URL {
  if (!URL.canParse(url)) throw new AddressRefused('This is no address')
  const target = new URL(url)
  if (!/^https?:$/.test(target.protocol)) throw new AddressRefused('Only http and https addresses are asked')
  if (target.username !== '' || target.password !== '') {
    throw new AddressRefused('An address must not carry a user name or password')
  }
  return target
}

function notPublic(): AddressRefused {
  return new AddressRefused('The address is not on the public network')
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
  ECONNRESET: 'The connection broke off',
  EPIPE: 'The connection broke off',
  ETIMEDOUT: 'The host could not be reached',
  EHOSTUNREACH: 'The host could not be reached',
  ENETUNREACH: 'The host could not be reached',
}

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return REASONS[code] ?? (message ? `There was no answer: ${message}` : 'There was no answer')
}

const DNS_TIMEOUT_MS = 2_000
const DNS_TRIES = 3

/**
 * DNS is asked itself, not the system's resolver: what the machine's own files call a host is nothing to users, and a
 * name server that keeps silent holds up no thread that others need.
 */
async function askDns(hostname: string): Promise<readonly string[]> {
  if (/^(.+\.)?localhost\.?$/.test(hostname)) return ['127.0.0.1', '::1']
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [failure] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  if (found.length === 0) throw failure ?? new NoAnswer('The host was not found')
  return found
}
