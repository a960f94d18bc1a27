import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import { CloseCode, handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Caller } from '../kernel/actor.ts'
import type { Services } from './context.ts'
import { credentialFromExtensions, credentialFromPayload } from './credential.ts'
import { asGraphQLError, type Prepare, type Prepared } from './engine.ts'
import type { Present } from './presentation.ts'
import { tooMany, unauthenticated } from './refusal.ts'
import { FORBIDDEN_CODE, type OpenSocket, type Sockets } from './sockets.ts'

/** GraphQL over WebSocket, by the graphql-transport-ws protocol and its close codes. */

const MAX_MESSAGE_BYTES = 64 * 1024
const INIT_WAIT_MS = 3_000
const PING_EVERY_MS = 12_000
const SUBSCRIPTIONS_AT_MOST = 50
/** How long a key that lapsed, or was deleted on another node, keeps what it has open. */
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
  /** Who connection_init said it is; anonymous when it said nothing. */
  caller: Caller
  /** Every credential that the peer has shown, with the place where its end is heard of. */
  readonly shown: Map<string, OpenSocket>
}

export function websockets(
  { access, log }: Pick<Services, 'access' | 'log'>,
  { prepare, sockets, present, mayConnect }: Parts,
) {
  const shown = (errors: readonly unknown[], { requestId }: Peer) =>
    present(errors.map(asGraphQLError), requestId).map(withoutHttp)

  async function identify(peer: Peer, credential: string): Promise<Caller | 'invalid'> {
    const caller = await access.authenticate(credential, peer.requestId)
    if (caller === 'invalid' || peer.shown.has(credential)) return caller
    const open: OpenSocket = {
      apiKeyId: caller.kind === 'key' ? caller.actor.apiKeyId : undefined,
      credential,
      close: (code, reason) => peer.socket.close(code, reason),
    }
    peer.shown.set(credential, open)
    sockets.add(open)
    return caller
  }

  const server = makeServer<Record<string, unknown>, Peer>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    async onConnect({ connectionParams, extra: peer }) {
      const credential = credentialFromPayload(connectionParams)
      if (credential === undefined) return true
      const caller = await identify(peer, credential)
      if (caller === 'invalid') return false
      peer.caller = caller
      return true
    },
    onSubscribe: ({ extra: peer, subscriptions }, _id, payload) =>
      Object.keys(subscriptions).length > SUBSCRIPTIONS_AT_MOST
        ? [tooMany(`A connection may have ${SUBSCRIPTIONS_AT_MOST} operations at a time`)]
        : begin(peer, payload),
    execute: (args) => (args as Prepared).run.execute(args as Prepared),
    subscribe: (args) => (args as Prepared).run.subscribe(args as Prepared),
    onError: ({ extra: peer }, _id, _payload, errors) => shown(errors, peer),
    onNext: ({ extra: peer }, _id, _payload, _args, result) =>
      result.errors && { ...result, errors: shown(result.errors, peer) },
  })

  /** A mistake in a document is an answer to that one operation; thrown from here it would close the whole socket. */
  async function begin(peer: Peer, { query, operationName, variables, extensions }: SubscribePayload) {
    try {
      const credential = credentialFromExtensions(extensions)
      const caller = credential === undefined ? peer.caller : await identify(peer, credential)
      if (caller === 'invalid') return [unauthenticated('The credential is not valid')]
      return await prepare({ caller, overSocket: true }, { query, operationName, variables })
    } catch (error) {
      return [asGraphQLError(error)]
    }
  }

  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols })

  function serve(socket: WebSocket, request: IncomingMessage): void {
    const requestId = String(request.headers['x-request-id'] ?? '')
    const peer: Peer = { socket, requestId, caller: { kind: 'anonymous', requestId }, shown: new Map() }
    const stopPinging = keepAlive(socket)
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (receive) => {
          socket.on('message', (data, isBinary) => {
            if (isBinary) return socket.close(CloseCode.BadRequest, 'Invalid message received')
            receive(String(data)).catch((error) => {
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
      for (const open of peer.shown.values()) sockets.remove(open)
      closed(code, String(reason)).catch((error) => log.error({ err: error, requestId }, 'closing a WebSocket failed'))
    })
  }

  setInterval(() => {
    recheck(sockets, access).catch((error) => log.warn({ err: error }, 'rechecking open sockets failed'))
  }, RECHECK_MS).unref()

  return {
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      if (mayConnect(request)) wss.handleUpgrade(request, socket, head, (ws) => serve(ws, request))
      else socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    },
  }
}

/** Closes what came with a credential that is worth nothing any more. */
async function recheck(sockets: Sockets, access: Services['access']): Promise<void> {
  const open = sockets.all()
  for (const credential of new Set(open.map((socket) => socket.credential))) {
    if ((await access.authenticate(credential, '')) !== 'invalid') continue
    for (const socket of open) if (socket.credential === credential) socket.close(FORBIDDEN_CODE, 'Forbidden')
  }
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
