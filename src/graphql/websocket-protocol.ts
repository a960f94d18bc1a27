import type { GraphQLError, GraphQLFormattedError } from 'graphql'
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws'
import type { WebSocket } from 'ws'
import type { Caller } from '../kernel/actor.ts'
import { credentialFrom, headersOfPayload, type ReadHeader } from '../organizations/credential.ts'
import { admit } from './admission.ts'
import { partyOf } from './availability.ts'
import { asGraphQLError, type Prepare, type Prepared } from './engine.ts'
import { keylessPlaces } from './keyless.ts'
import type { Present } from './presentation.ts'
import { tooMany } from './refusal.ts'
import type { Services } from './services.ts'
import { type OpenSocket, type Sockets, UNAUTHORIZED, UNAUTHORIZED_CODE } from './sockets.ts'

/** The graphql-transport-ws protocol: who is at the other end of a WebSocket, and which operations it runs. */

const INIT_WAIT_MS = 3_000
/** By which a client knows that the connection may be opened again. */
export const TRY_AGAIN_LATER_CODE = 1013
const SUBSCRIPTIONS_AT_MOST = 50
/** A page watches one payment, and perhaps a few. */
const WITHOUT_KEY_AT_MOST = 5

export interface ProtocolParts {
  readonly app: Pick<Services, 'access' | 'rateLimits' | 'addressLimit' | 'clock' | 'log'>
  readonly prepare: Prepare
  readonly sockets: Sockets
  readonly present: Present
}

interface Parts extends ProtocolParts {
  readonly places: ReturnType<typeof keylessPlaces>
}

export interface Peer {
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

export function protocolServer(given: ProtocolParts): Server<Peer> {
  const parts = { ...given, places: keylessPlaces() }
  const shown = (errors: readonly unknown[], { requestId }: Peer) =>
    parts.present(errors.map(asGraphQLError), requestId).map(withoutHttp)
  return makeServer<Record<string, unknown>, Peer>({
    connectionInitWaitTimeout: INIT_WAIT_MS,
    onConnect: ({ connectionParams, extra: peer }) => connect(parts, peer, headersOfPayload(connectionParams)),
    onSubscribe: ({ extra: peer, subscriptions }, _id, payload) =>
      begin(parts, peer, payload, Object.keys(subscriptions).length),
    execute: (args) => (args as Prepared).run.execute(args as Prepared),
    subscribe: (args) => (args as Prepared).run.subscribe(args as Prepared),
    onError: ({ extra: peer }, _id, _payload, errors) => shown(errors, peer),
    onNext: ({ extra: peer }, _id, _payload, _args, result) =>
      result.errors && { ...result, errors: shown(result.errors, peer) },
  })
}

/** Lets a peer in, or closes its socket with the reason. */
async function connect(parts: Parts, peer: Peer, header: ReadHeader): Promise<boolean> {
  const { access, addressLimit } = parts.app
  peer.header = header
  const credential = credentialFrom(header)
  if (credential === undefined) {
    if (addressLimit.take(peer.address) === undefined) return admitWithoutKey(parts, peer)
    return refuse(peer, TRY_AGAIN_LATER_CODE, 'Too many requests without a key')
  }
  const caller = await access.authenticate(credential, peer.requestId)
  if (caller === 'invalid') return refuse(peer, UNAUTHORIZED_CODE, UNAUTHORIZED)
  if (caller.kind !== 'key' && !admitWithoutKey(parts, peer)) return false
  peer.party = partyOf(caller)
  remember(parts.sockets, peer, credential, caller)
  return true
}

function admitWithoutKey({ places }: Parts, peer: Peer): boolean {
  if (peer.socket.readyState !== peer.socket.OPEN) return false
  const release = places.take(peer.address)
  if (!release) return refuse(peer, TRY_AGAIN_LATER_CODE, 'Too many connections without a key')
  peer.socket.once('close', release)
  return true
}

/** Ends a connection at its beginning; what the library would say after that is not heard. */
function refuse({ socket }: Peer, code: number, reason: string): false {
  socket.close(code, reason)
  return false
}

/** A mistake in a document is an answer to that one operation; thrown from here it would close the whole socket. */
async function begin(parts: Parts, peer: Peer, payload: SubscribePayload, open: number) {
  const { query, operationName, variables, extensions } = payload
  if (open > SUBSCRIPTIONS_AT_MOST) {
    return [tooMany(`A connection may have ${SUBSCRIPTIONS_AT_MOST} operations at a time`)]
  }
  try {
    const header = headersOfOperation(extensions, peer.header)
    const { requestId, address } = peer
    const { asked, refusal } = await admit(parts.app, { header, requestId, address, overSocket: true })
    if (refusal) return [refusal]
    if (asked.caller.kind !== 'key' && open > WITHOUT_KEY_AT_MOST) {
      return [tooMany(`A connection may have ${WITHOUT_KEY_AT_MOST} operations at a time without a key`)]
    }
    const credential = credentialFrom(header)
    if (credential !== undefined) remember(parts.sockets, peer, credential, asked.caller)
    return await parts.prepare({ ...asked, gone: peer.gone.signal }, { query, operationName, variables })
  } catch (error) {
    return [asGraphQLError(error)]
  }
}

/** GraphiQL sends the headers of its tab with each operation instead of with the connection. */
function headersOfOperation(extensions: SubscribePayload['extensions'], ofConnection: ReadHeader): ReadHeader {
  const own = headersOfPayload({ headers: extensions?.headers })
  // Whoever shows another credential is somebody else, to whom nothing of the connection's belongs.
  if (credentialFrom(own) !== undefined) return own
  return (name) => own(name) ?? ofConnection(name)
}

/** Hears of the credential's end for as long as the socket is open. */
function remember(sockets: Sockets, peer: Peer, credential: string, caller: Caller): void {
  if (peer.shown.has(credential) || peer.socket.readyState !== peer.socket.OPEN) return
  const open: OpenSocket = {
    key: caller.kind === 'key' ? caller.actor : undefined,
    credential,
    close: (code, reason) => peer.socket.close(code, reason),
  }
  peer.shown.set(credential, open)
  sockets.add(open)
}

function withoutHttp(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON()
  const { http: _, ...shown } = extensions ?? {}
  return { ...rest, extensions: shown }
}
