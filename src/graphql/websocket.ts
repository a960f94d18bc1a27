import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode, handleProtocols, type Server } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { onBehalfOf } from '../db/requester.ts'
import { refuseConnection } from '../http/answers.ts'
import { clientAddress } from '../http/client-address.ts'
import { NO_HANDSHAKE, type Refusal } from '../http/incoming.ts'
import { markInexactNumbers } from '../kernel/json.ts'
import { openSockets } from '../kernel/metrics.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { readHeaders, UNKNOWN_VERSION_MESSAGE, versionFor } from './admission.ts'
import type { Services } from './services.ts'
import { type Sockets, UNAUTHORIZED, UNAUTHORIZED_CODE } from './sockets.ts'
import { type Peer, type ProtocolParts, protocolServer, TRY_AGAIN_LATER_CODE } from './websocket-protocol.ts'

/** GraphQL over WebSocket: how a socket is opened, carries messages and ends. */

const MAX_MESSAGE_BYTES = 64 * 1024
const PING_EVERY_MS = 12_000
/** Nothing of an answer by HTTP is shown to a page, so that it is told by the reason of a close. */
const FOREIGN_ORIGIN = 'Pages of this origin may not connect; CORS_ORIGINS lists those that may'
const UNKNOWN_VERSION: Refusal = { status: 400, code: 'BAD_USER_INPUT', message: UNKNOWN_VERSION_MESSAGE }
/** How long a key that lapsed keeps what it has open. */
const RECHECK_MS = 15_000

interface Parts extends ProtocolParts {
  readonly mayConnect: (request: IncomingMessage) => boolean
}

interface Serving {
  readonly protocol: Server<Peer>
  readonly sockets: Sockets
  readonly log: Services['log']
}

export function websockets({ mayConnect, ...parts }: Parts) {
  const { app, sockets } = parts
  const { access, log } = app
  const serving: Serving = { protocol: protocolServer(parts), sockets, log }
  const servedVersion = ({ headers }: IncomingMessage) => versionFor(readHeaders(headers), app.clock.now())
  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols })
  wss.on('wsClientError', (_error, socket, request) => refuseConnection(socket, NO_HANDSHAKE, requestIdFrom(request)))
  wss.on('headers', (lines, request) => {
    lines.push(`X-Request-ID: ${requestIdFrom(request)}`, `X-API-Version: ${servedVersion(request)}`)
  })

  setInterval(() => {
    recheck(sockets, access).catch((error) => log.warn({ err: error }, 'rechecking open sockets failed'))
  }, RECHECK_MS).unref()

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      const take = (opened: WebSocket) =>
        mayConnect(request) ? serve(serving, opened, request) : refuseOrigin(log, opened, request)
      if (!servedVersion(request)) refuseConnection(socket, UNKNOWN_VERSION, requestIdFrom(request))
      else wss.handleUpgrade(request, socket, head, take)
    },
  }
}

function serve({ protocol, sockets, log }: Serving, socket: WebSocket, request: IncomingMessage): void {
  const peer = peerOf(socket, request)
  const { requestId } = peer
  openSockets.inc()
  const stopPinging = keepAlive(socket)
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) => {
        socket.on('message', (data, isBinary) => {
          if (isBinary) return socket.close(CloseCode.BadRequest, 'Invalid message received')
          onBehalfOf({ party: peer.party }, () => receive(markInexactNumbers(String(data)))).catch((error) => {
            if (unavailable(error)) return socket.close(TRY_AGAIN_LATER_CODE, 'Try again later')
            log.error({ err: error, requestId }, 'a WebSocket message failed')
            socket.close(CloseCode.InternalServerError, 'Internal server error')
          })
        })
      },
    },
    peer,
  )
  // What a peer does wrong with frames ends its own socket and is no news for us.
  socket.on('error', () => socket.terminate())
  socket.once('close', (code, reason) => {
    stopPinging()
    peer.gone.abort()
    openSockets.dec()
    for (const open of peer.shown.values()) sockets.remove(open)
    closed(code, String(reason)).catch((error) => log.error({ err: error, requestId }, 'closing a WebSocket failed'))
  })
}

function peerOf(socket: WebSocket, request: IncomingMessage): Peer {
  return {
    socket,
    requestId: requestIdFrom(request),
    address: clientAddress(request),
    party: 'anonymous',
    gone: new AbortController(),
    header: () => undefined,
    shown: new Map(),
  }
}

function refuseOrigin(log: Services['log'], socket: WebSocket, request: IncomingMessage): void {
  const facts = { origin: request.headers.origin, requestId: requestIdFrom(request) }
  log.warn(facts, 'a page of an origin that CORS_ORIGINS does not list tried to connect')
  socket.on('error', () => socket.terminate())
  socket.close(CloseCode.Forbidden, FOREIGN_ORIGIN)
}

/** Closes what came with a credential that is worth nothing any more. */
async function recheck(sockets: Sockets, access: Services['access']): Promise<void> {
  const open = sockets.all()
  for (const credential of new Set(open.map((socket) => socket.credential))) {
    if ((await access.authenticate(credential, '')) !== 'invalid') continue
    for (const socket of open) if (socket.credential === credential) socket.close(UNAUTHORIZED_CODE, UNAUTHORIZED)
  }
}

function requestIdFrom({ headers }: IncomingMessage): string {
  return String(headers['x-request-id'] ?? '')
}

function send(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(data, (error) => (error ? reject(error) : resolve()))
  })
}

/** Ends the connection to a peer that has not answered the last ping. */
function keepAlive(socket: WebSocket): () => void {
  let answered = true
  socket.on('pong', () => {
    answered = true
  })
  const pinging = setInterval(() => {
    if (!answered) return socket.terminate()
    answered = false
    socket.ping()
  }, PING_EVERY_MS)
  return () => clearInterval(pinging)
}
