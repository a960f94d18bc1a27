import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { REQUEST_ID_HEADER } from './request-id.ts'

/** The body of every refusal outside GraphQL. */
export function errorBody(code: string, message: string, requestId: string) {
  return { error: { code, message, requestId } }
}

/** Refuses a request whose response already carries its request id. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const requestId = String(response.getHeader(REQUEST_ID_HEADER) ?? '')
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(errorBody(code, message, requestId)))
}

/** Refuses a WebSocket before its handshake. */
export function refuseUpgrade(socket: Duplex, status: number, requestId: string): void {
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, `X-Request-ID: ${requestId}`, 'Connection: close']
  socket.end(`${head.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`)
}
