import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hasUtf8Escapes } from '../kernel/percent.ts'
import { parseUrl } from '../kernel/url.ts'

/** What every request meets before any route: one valid host that is served, and a path below our own root. */

export interface Refusal {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Where this gateway is reached. */
export interface Place {
  /** The path of PUBLIC_URL, without a slash at its end: `/pay`, or an empty text. */
  readonly prefix: string
  /** Names and addresses as they stand in a URL: lower case, IPv6 in brackets. */
  readonly hosts: ReadonlySet<string>
}

/**
 * Brings a request into the form that every route can rely on, or says why it is refused. Afterwards `url` is a path
 * without the prefix (a proxy may strip it or leave it) and `headers.host` is a host that is served.
 */
export function checkIncoming(request: IncomingMessage, place: Place): Refusal | undefined {
  if (request.method === 'TRACE') return METHOD_NOT_ALLOWED
  if (!/^1\.[01]$/.test(request.httpVersion)) return badRequest('The protocol must be HTTP/1.1.')
  if (!isUnicode(request)) return UNSUPPORTED_CHARSET
  const target = targetOf(request)
  if (target === undefined) return badRequest('The request target must be a path or an http address.')
  if (!hasUtf8Escapes(target.path)) return badRequest('What is percent-encoded in the URL must be UTF-8.')
  const host = target.host ?? hostOf(request)
  const hostname = host === undefined ? undefined : hostnameOf(host)
  if (hostname === undefined) return badRequest('The request must have one valid Host header.')
  request.headers.host = host
  request.url = withoutPrefix(target.path, place.prefix)
  return isServed(hostname, request, place) ? undefined : MISDIRECTED
}

export const METHOD_NOT_ALLOWED: Refusal = {
  status: 405,
  code: 'METHOD_NOT_ALLOWED',
  message: 'This HTTP method is not supported.',
  headers: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' },
}

export const EXPECTATION_FAILED: Refusal = {
  status: 417,
  code: 'EXPECTATION_FAILED',
  message: 'The only supported Expect header is 100-continue.',
}

const UNSUPPORTED_CHARSET: Refusal = {
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message: 'A body must be UTF-8.',
}

export const NO_HANDSHAKE: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The WebSocket handshake is not valid.',
  headers: { 'sec-websocket-version': '13' },
}

const MISDIRECTED: Refusal = {
  status: 421,
  code: 'MISDIRECTED_REQUEST',
  message: 'This host is not allowed. PUBLIC_URL and ALLOWED_HOSTS list the allowed hosts.',
}

/** The path that a public address has before our own, without a slash at its end; an empty text for none. */
export function prefixOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

export function badRequest(message: string): Refusal {
  return { status: 400, code: 'BAD_REQUEST', message }
}

/** The only other protocol that is spoken. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** The head of a request as it came, but for the protocol that it asks for. */
export function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value] = rawHeaders.slice(index, index + 2)
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${value}`)
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** Why a request for a WebSocket is refused: it is no handshake of one. */
export function checkHandshake({ method, headers }: IncomingMessage): Refusal | undefined {
  const isWebSocket = method === 'GET'
  const hasKey = /^[+/\w]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  const isSpoken = /^(8|13)$/.test(headers['sec-websocket-version'] ?? '')
  return isWebSocket && hasKey && isSpoken ? undefined : NO_HANDSHAKE
}

/** Whether the client ended the connection before it had sent its whole request. */
export function brokeOff(request: IncomingMessage): boolean {
  return request.destroyed && !request.complete
}

/** Read as UTF-8, text of another charset would be kept as other text than was meant. */
function isUnicode({ headers }: IncomingMessage): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(headers['content-type'] ?? '') ?? []
  return charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)
}

/** A path, or an address as a proxy is asked for, whose host then stands for the Host header. */
function targetOf({ url = '' }: IncomingMessage): { path: string; host?: string } | undefined {
  if (url.startsWith('/')) return /^[^?]*\\/.test(url) ? undefined : { path: url }
  const parsed = /^https?:\/\//i.test(url) ? parseUrl(url) : undefined
  if (!parsed) return undefined
  const { username, password, host, pathname, search } = parsed
  return username || password ? undefined : { path: pathname + search, host }
}

function hostOf({ headers, rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
  // HTTP/1.0 has no such header, and some health checks still speak it.
  if (count === 0 && httpVersion === '1.0') return 'localhost'
  return count === 1 ? headers.host : undefined
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{0,5})?$/i

/** The name or address in a Host header in its usual form, without the port; undefined where the header is not valid. */
function hostnameOf(host: string): string | undefined {
  const url = HOST.test(host) ? parseUrl(`http://${host}`) : undefined
  return url?.hostname.replace(/\.$/, '') || undefined
}

/**
 * A name outside of the list may be a foreign page's, which leads to this machine by DNS. An address cannot be given to
 * a page that way, so that the one connected to is served: probes know a gateway by nothing else.
 */
function isServed(hostname: string, request: IncomingMessage, { hosts }: Place): boolean {
  if (hosts.has(hostname) || isLoopback(hostname)) return true
  // Whether this process runs is no secret, and those who ask have their own names for it.
  if (/^\/health\/(live|ready)(\?|$)/.test(request.url ?? '')) return true
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) !== 0 && address === request.socket.localAddress?.replace(/^::ffff:(?=\d+\.)/, '')
}

/** Whether a host, as it stands in a URL, always leads to this machine. */
export function isLoopback(hostname: string): boolean {
  return /^((.+\.)?localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(hostname)
}

function withoutPrefix(path: string, prefix: string): string {
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : path
  if (rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : path
}
