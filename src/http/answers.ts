import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Unavailable } from '../kernel/unavailable.ts'
import type { Refusal } from './incoming.ts'
import { errorPage, wantsPage } from './pages/error.ts'
import { PAGE_HEADERS } from './pages/layout.ts'
import { REQUEST_ID_HEADER } from './request-id.ts'

/** The body of every refusal outside GraphQL. */
export function errorBody(code: string, message: string, requestId: string) {
  return { error: { code, message, requestId } }
}

/** Refuses a request whose response already carries its request id. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const requestId = String(response.getHeader(REQUEST_ID_HEADER) ?? '')
  const isPage = wantsPage(response.req.headers.accept)
  const body = isPage ? errorPage(status, message, requestId) : JSON.stringify(errorBody(code, message, requestId))
  response.writeHead(status, {
    ...(isPage ? PAGE_HEADERS : {}),
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}

/** Says that the same request may be answered in a moment. */
export function sendUnavailable(response: ServerResponse, { message, retryAfter }: Unavailable): void {
  response.setHeader('retry-after', String(retryAfter))
  sendError(response, 503, 'UNAVAILABLE', `${message}.`)
}

/** How long a peer that was refused may take to read why, before its connection is cut. */
const LAST_WORDS_MS = 2_000

/** Refuses a connection on which no response was begun: a WebSocket before its handshake, or what could not be read. */
export function refuseConnection(socket: Duplex, refusal: Refusal, requestId: string): void {
  const { status, code, message, headers = {} } = refusal
  const body = JSON.stringify(errorBody(code, message, requestId))
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Request-ID: ${requestId}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ]
  socket.on('error', () => {})
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS)
  socket.once('close', () => clearTimeout(timer))
}
