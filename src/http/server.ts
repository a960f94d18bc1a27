import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../kernel/id.ts'
import { continueTrace } from '../kernel/trace.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { pathOf, startAccessLog } from './access-log.ts'
import { refuseConnection, sendError, sendUnavailable } from './answers.ts'
import { type Connections, trackConnections } from './connections.ts'
import {
  asksForWebSocket,
  badRequest,
  brokeOff,
  checkHandshake,
  checkIncoming,
  EXPECTATION_FAILED,
  headWithoutUpgrade,
  METHOD_NOT_ALLOWED,
  type Place,
  prefixOf,
  type Refusal,
} from './incoming.ts'
import { listen } from './listen.ts'
import type { Log } from './log.ts'
import { adoptRequestId, REQUEST_ID_HEADER } from './request-id.ts'
import { measureRequest } from './request-metrics.ts'

/** Who answers, once the house behind the door is built. */
export interface Routes {
  request(request: IncomingMessage, response: ServerResponse): unknown
  /** Whether WebSockets are served at the path of this request. */
  hasSocket(request: IncomingMessage): boolean
  /** Takes over a connection that asks for a WebSocket where there is one. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): unknown
}

export interface HttpServer {
  /** The port that is listened on: the one asked for, or the free one that was found for 0. */
  readonly port: number
  /** Hands over to these routes; until then every request is told that the gateway is starting. */
  attach(routes: Routes): void
  /** True from the first moment of a graceful stop. */
  isStopping(): boolean
  /**
   * Serves on for the time of the drain, in which `/health/ready` says that it stops. Then it accepts nothing new, says
   * goodbye to the WebSockets and lets running requests finish, for a while.
   */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly log: Log
  /** Where browsers and providers reach us: its host is served, and its path may stand before ours. */
  readonly publicUrl?: string | undefined
  /** Further hosts that are served, as they stand in a URL, without ports. */
  readonly allowedHosts?: readonly string[]
  /** How long requests are served on after the wish to stop, so that a load balancer sees it and sends them elsewhere. */
  readonly drainMs?: number
  /** How long running requests may take after that. */
  readonly graceMs?: number
}

const GRACE_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 65_000

/** A server with what it has learnt since it was opened. */
interface Opened {
  readonly server: Server
  readonly connections: Connections
  readonly place: Place
  readonly log: Log
  routes: Routes
  stopping: boolean
}

/** Opens the one door of the gateway. Raises a StartError when the address cannot be listened on. */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const { log, drainMs = 0, graceMs = GRACE_MS } = options
  // A missing Host header is refused by us, as every other mistake in a request's head is.
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requireHostHeader: false,
  })
  const opened: Opened = {
    server,
    connections: trackConnections(),
    place: placeOf(options),
    log,
    routes: STARTING,
    stopping: false,
  }
  addListeners(opened)
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    attach(routes) {
      opened.routes = routes
    },
    isStopping: () => opened.stopping,
    stop: () => stop(opened, drainMs, graceMs),
  }
}

function addListeners(opened: Opened): void {
  const { server, connections, log } = opened
  server.on('request', (request, response) => serve(opened, request, response))
  server.on('checkExpectation', (request, response) => serve(opened, request, response, EXPECTATION_FAILED))
  server.on('connect', (_request, socket) => refuseSocket(log, socket, METHOD_NOT_ALLOWED))
  server.on('clientError', (error, socket) => {
    const running = connections.runningOn(socket)
    // What stands behind a whole request is nothing to its answer, after which the connection ends.
    if (running?.req.complete) running.once('finish', () => socket.end())
    else if (running?.headersSent || !socket.writable) socket.destroy()
    else refuseSocket(log, socket, unreadable(error))
  })
  server.on('upgrade', (request, socket, head) => {
    // Without a listener a peer that resets the connection would end the process.
    socket.on('error', ignore)
    connections.afterRunning(socket, () => upgrade(opened, request, socket, head))
  })
}

async function stop(opened: Opened, drainMs: number, graceMs: number): Promise<void> {
  const { server, connections } = opened
  opened.stopping = true
  // A gateway that never was ready has nothing to be taken from it.
  if (drainMs > 0 && opened.routes !== STARTING) await sleep(drainMs)
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await connections.drain(graceMs)
  server.closeAllConnections()
  await closed
}

function serve(opened: Opened, request: IncomingMessage, response: ServerResponse, expected?: Refusal): void {
  const { connections, place, log } = opened
  connections.addRunning(response)
  const requestId = adoptRequestId(request)
  const refusal = checkIncoming(request, place) ?? expected
  setCommonHeaders(response, requestId)
  // A connection that stays open would bring the next request to a gateway that is stopping.
  if (opened.stopping) response.setHeader('connection', 'close')
  startAccessLog(request, response, requestId, log)
  measureRequest(request, response)
  closeAfterHalfReadBody(request, response)
  if (refusal) refuseRequest(response, refusal)
  else answer(opened, request, response, requestId)
}

function answer({ routes, log }: Opened, request: IncomingMessage, response: ServerResponse, requestId: string): void {
  guard(
    () => continueTrace(traceparentOf(request), () => routes.request(request, response)),
    (error) => {
      if (brokeOff(request))
        return log.debug({ err: error, requestId }, 'a client closed its connection before the request was complete')
      const away = unavailable(error)
      if (away) log.warn({ err: error, requestId }, 'a request could not be answered at this moment')
      else log.error({ err: error, requestId }, 'a request failed')
      if (response.headersSent) response.destroy()
      else if (away) sendUnavailable(response, away)
      else sendError(response, 500, 'INTERNAL', 'Something went wrong on our side.')
    },
  )
}

function upgrade(opened: Opened, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { server, connections, place, log, routes, stopping } = opened
  const asSent = headWithoutUpgrade(request)
  const misplaced = checkIncoming(request, place)
  // Whoever would rather speak another protocol is answered in this one, as if it had not asked for it.
  if (!asksForWebSocket(request) || !(misplaced || routes.hasSocket(request))) {
    readAgain(server, socket as Socket, Buffer.concat([asSent, head]))
    return
  }
  connections.addSocket(socket)
  const requestId = adoptRequestId(request)
  const refusal = misplaced ?? checkHandshake(request) ?? (stopping ? STOPPING : undefined)
  if (refusal) {
    refuseSocket(log, socket, refusal, requestId)
    return
  }
  guard(
    () => routes.upgrade(request, socket, head),
    (error) => {
      log.error({ err: error, requestId }, 'an upgrade failed')
      refuseConnection(socket, INTERNAL, requestId)
    },
  )
}

function refuseSocket(log: Log, socket: Duplex, refusal: Refusal, requestId = newId()): void {
  log.info({ status: refusal.status, code: refusal.code, requestId }, 'a connection was refused')
  refuseConnection(socket, refusal, requestId)
}

const STOPPING: Refusal = { status: 503, code: 'STOPPING', message: 'The gateway is stopping.' }
const STARTING_UP: Refusal = {
  status: 503,
  code: 'UNAVAILABLE',
  message: 'The gateway is starting.',
  headers: { 'retry-after': '1' },
}
const INTERNAL: Refusal = { status: 500, code: 'INTERNAL', message: 'Something went wrong on our side.' }

function ignore(): void {}

/** Has the server read the connection from these bytes on, as if it had just been made. */
function readAgain(server: Server, socket: Socket, bytes: Buffer): void {
  socket.off('error', ignore)
  // The time that a connection may be idle was set by the answer before.
  socket.setTimeout(0)
  socket.unshift(bytes)
  server.emit('connection', socket)
}

/** The hosts that are served: those of PUBLIC_URL, of the address listened on, and those that are listed. */
function placeOf({ host, publicUrl = 'http://localhost', allowedHosts = [] }: ServerOptions): Place {
  const hosts = new Set([new URL(publicUrl).hostname, host.toLowerCase(), ...allowedHosts])
  return { prefix: prefixOf(publicUrl), hosts }
}

function refuseRequest(response: ServerResponse, { status, code, message, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  // What was asked for may have a body that nobody reads, so nothing can follow it on this connection.
  response.setHeader('connection', 'close')
  sendError(response, status, code, message)
}

const UNREADABLE: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'TOO_LARGE', message: 'The headers are too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, code: 'TOO_LARGE', message: 'The chunk extensions are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'TIMEOUT', message: 'The request did not arrive in time.' },
}

/** What to say about bytes that Node could not read as HTTP. */
function unreadable(error: NodeJS.ErrnoException): Refusal {
  return UNREADABLE[error.code ?? ''] ?? badRequest('The request is malformed.')
}

const STARTING: Routes = {
  request(request, response) {
    const path = pathOf(request)
    if (path === '/health/live') return sendState(response, 200, { status: 'live' })
    response.setHeader('retry-after', '1')
    if (path === '/health/ready') return sendState(response, 503, { status: 'unready', reason: 'starting' })
    sendError(response, STARTING_UP.status, STARTING_UP.code, STARTING_UP.message)
  },
  hasSocket: () => true,
  upgrade: (request, socket) => refuseConnection(socket, STARTING_UP, adoptRequestId(request)),
}

function sendState(response: ServerResponse, status: number, state: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(state))
}

/** The rest of a body that nobody reads any more would be taken for the next request on this connection, or stall it. */
function closeAfterHalfReadBody(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request
  response.once('finish', () => {
    if (!request.complete && request.readableDidRead) socket.destroySoon()
  })
}

/** A request that ends badly is answered and logged; it never takes the process with it. */
async function guard(answer: () => unknown, onError: (error: unknown) => void): Promise<void> {
  try {
    await answer()
  } catch (error) {
    onError(error)
  }
}

/** A caller that traces its own work finds ours within it. */
function traceparentOf({ headers }: IncomingMessage): string | undefined {
  return typeof headers.traceparent === 'string' ? headers.traceparent : undefined
}

function setCommonHeaders(response: ServerResponse, requestId: string): void {
  response.setHeader(REQUEST_ID_HEADER, requestId)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  response.setHeader('referrer-policy', 'same-origin')
}
