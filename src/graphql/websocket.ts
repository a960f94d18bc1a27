import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import { onBehalfOf } from '../db/requester.ts'
import { refuseConnection } from '../http/answers.ts'
import { clientAddress } from '../http/client-address.ts'
import { NO_HANDSHAKE, type Refusal } from '../http/incoming.ts'
import type { Caller } from '../kernel/actor.ts'
import { markInexactNumbers } from '../kernel/json.ts'
import { openSockets } from '../kernel/metrics.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { credentialFrom, headersOfPayload, type ReadHeader } from '../organizations/credential.ts'
import { admit, readHeaders, UNKNOWN_VERSION_MESSAGE, versionFor } from './admission.ts'
import { partyOf } from './availability.ts'
import { asGraphQLError, type Prepare, type Prepared } from './engine.ts'
import { keylessPlaces } from './keyless.ts'
import type { Present } from './presentation.ts'
import { tooMany } from './refusal.ts'
import type { Services } from './services.ts'
import { type OpenSocket, type Sockets, UNAUTHORIZED, UNAUTHORIZED_CODE } from './sockets.ts'

/** GraphQL over WebSocket, by the graphql-transport-ws protocol and its close codes. */

const MAX_MESSAGE_BYTES = 64 * 1024
const INIT_WAIT_MS = 3_000
const PING_EVERY_MS = 12_000
/** By which a client knows that the connection may be opened again. */
const TRY_AGAIN_LATER_CODE = 1013
const SUBSCRIPTIONS_AT_MOST = 50
/** A page watches one payment, and perhaps a few. */
const WITHOUT_KEY_AT_MOST = 5
/** Nothing of an answer by HTTP is shown to a page, so that it is told by the reason of a close. */
const FOREIGN_ORIGIN = 'Pages of this origin may not connect; CORS_ORIGINS lists those that may'
const UNKNOWN_VERSION: Refusal = { status: 400, code: 'BAD_USER_INPUT', message: UNKNOWN_VERSION_MESSAGE }
/** How long a key that lapsed keeps what it has open. */
const RECHECK_MS = 15_000

interface Parts {
  readonly prepare: Prepare
  readonly sockets: Sockets
  readonly present: Present
  readonly mayConnect: (request: IncomingMessage) => boolean
}

interface Peer {
  readonly socket: WebSocket
  readonly requestId: string
  /** Who shares connections to the database with whom. */
  party: string
  /** Aborted when the socket is closed. */
  readonly gone: AbortController
  readonly address: string
  /** What connection_init said in place of headers. */
  header: ReadHeader
  /** Every credential that the peer has shown, with the place where its end is heard of. */
  readonly shown: Map<string, OpenSocket>
}

type Door = Pick<Services, 'access' | 'rateLimits' | 'addressLimit' | 'clock' | 'log'>

export function websockets(door: Door, { prepare, sockets, present, mayConnect }: Parts) {
  const { access, addressLimit, log } = door
  const places = keylessPlaces()
  const shown = (errors: readonly unknown[], { requestId }: Peer) =>
    present(errors.map(asGraphQLError), requestId).map(withoutHttp)

  /** Hears of the credential's end for as long as the socket is open. */
  function remember(peer: Peer, credential: string, caller: Caller): void {
    if (peer.shown.has(credential) || peer.socket.readyState !== peer.socket.OPEN) return
    const open: OpenSocket = {
      key: caller.kind === 'key' ? caller.actor : undefined,
      credential,
      close: (code, reason) => peer.socket.close(code, reason),
    }
    peer.shown.set(credential, open)
    sockets.add(open)
  }

  function admitWithoutKey(peer: Peer): boolean {
    if (peer.socket.readyState !== peer.socket.OPEN) return false
    const release = places.take(peer.address)
    if (!release) return refuse(peer, TRY_AGAIN_LATER_CODE, 'Too many connections without a key')
    peer.socket.once('close', release)
    return true
  }

  const server = makeServer<Record<string, unknown>, Peer>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    async onConnect({ connectionParams, extra: peer }) {
      peer.header = headersOfPayload(connectionParams)
      const credential = credentialFrom(peer.header)
      if (credential === undefined) {
        if (addressLimit.take(peer.address) === undefined) return admitWithoutKey(peer)
        return refuse(peer, TRY_AGAIN_LATER_CODE, 'Too many requests without a key')
      }
      const caller = await access.authenticate(credential, peer.requestId)
      if (caller === 'invalid') return refuse(peer, UNAUTHORIZED_CODE, UNAUTHORIZED)
      if (caller.kind !== 'key' && !admitWithoutKey(peer)) return false
      peer.party = partyOf(caller)
      remember(peer, credential, caller)
      return true
    },
    onSubscribe: ({ extra: peer, subscriptions }, _id, payload) =>
      Object.keys(subscriptions).length > SUBSCRIPTIONS_AT_MOST
        ? [tooMany(`A connection may have ${SUBSCRIPTIONS_AT_MOST} operations at a time`)]
        : begin(peer, payload, Object.keys(subscriptions).length),
    execute: (args) => (args as Prepared).run.execute(args as Prepared),
    subscribe: (args) => (args as Prepared).run.subscribe(args as Prepared),
    onError: ({ extra: peer }, _id, _payload, errors) => shown(errors, peer),
    onNext: ({ extra: peer }, _id, _payload, _args, result) =>
      result.errors && { ...result, errors: shown(result.errors, peer) },
  })

  /** A mistake in a document is an answer to that one operation; thrown from here it would close the whole socket. */
  async function begin(peer: Peer, { query, operationName, variables, extensions }: SubscribePayload, open: number) {
    try {
      const header = headersOfOperation(extensions, peer.header)
      const { requestId, address } = peer
      const { asked, refusal } = await admit(door, { header, requestId, address, overSocket: true })
      if (refusal) return [refusal]
      if (asked.caller.kind !== 'key' && open > WITHOUT_KEY_AT_MOST) {
        return [tooMany(`A connection may have ${WITHOUT_KEY_AT_MOST} operations at a time without a key`)]
      }
      const credential = credentialFrom(header)
      if (credential !== undefined) remember(peer, credential, asked.caller)
      return await prepare({ ...asked, gone: peer.gone.signal }, { query, operationName, variables })
    } catch (error) {
      return [asGraphQLError(error)]
    }
  }

  const servedVersion = ({ headers }: IncomingMessage) => versionFor(readHeaders(headers), door.clock.now())
  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols })
  wss.on('wsClientError', (_error, socket, request) => refuseConnection(socket, NO_HANDSHAKE, requestIdFrom(request)))
  wss.on('headers', (lines, request) => {
    lines.push(`X-Request-ID: ${requestIdFrom(request)}`, `X-API-Version: ${servedVersion(request)}`)
  })

  function serve(socket: WebSocket, request: IncomingMessage): void {
    const requestId = requestIdFrom(request)
    const peer: Peer = {
      socket,
      requestId,
      address: clientAddress(request),
      party: 'anonymous',
      gone: new AbortController(),
      header: () => undefined,
      shown: new Map(),
    }
    openSockets.inc()
    const stopPinging = keepAlive(socket)
    const closed = server.opened(
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

  function refuseOrigin(socket: WebSocket, request: IncomingMessage): void {
    const facts = { origin: request.headers.origin, requestId: requestIdFrom(request) }
    log.warn(facts, 'a page of an origin that CORS_ORIGINS does not list tried to connect')
    socket.on('error', () => socket.terminate())
    socket.close(CloseCode.Forbidden, FOREIGN_ORIGIN)
  }

  setInterval(() => {
    recheck(sockets, access).catch((error) => log.warn({ err: error }, 'rechecking open sockets failed'))
  }, RECHECK_MS).unref()

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      if (!servedVersion(request)) refuseConnection(socket, UNKNOWN_VERSION, requestIdFrom(request))
      else wss.handleUpgrade(request, socket, head, mayConnect(request) ? serve : refuseOrigin)
    },
  }
}

/** GraphiQL sends the headers of its tab with each operation instead of with the connection. */
function headersOfOperation(extensions: SubscribePayload['extensions'], ofConnection: ReadHeader): ReadHeader {
  const own = headersOfPayload({ headers: extensions?.headers })
  // Whoever shows another credential is somebody else, to whom nothing of the connection's belongs.
  if (credentialFrom(own) !== undefined) return own
  return (name) => own(name) ?? ofConnection(name)
}

/** Closes what came with a credential that is worth nothing any more. */
async function recheck(sockets: Sockets, access: Services['access']): Promise<void> {
  const open = sockets.all()
  for (const credential of new Set(open.map((socket) => socket.credential))) {
    if ((await access.authenticate(credential, '')) !== 'invalid') continue
    for (const socket of open) if (socket.credential === credential) socket.close(UNAUTHORIZED_CODE, UNAUTHORIZED)
  }
}

/** Ends a connection at its beginning; what the library would say after that is not heard. */
function refuse({ socket }: Peer, code: number, reason: string): false {
  socket.close(code, reason)
  return false
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

function withoutHttp(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON()
  const { http: _, ...shown } = extensions ?? {}
  return { ...rest, extensions: shown }
}
