import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { StartError } from '../kernel/start-error.ts'
import { continueTrace } from '../kernel/trace.ts'
import { startAccessLog } from './access-log.ts'
import { refuseUpgrade, sendError } from './answers.ts'
import { trackConnections } from './connections.ts'
import type { Log } from './log.ts'
import { adoptRequestId, REQUEST_ID_HEADER } from './request-id.ts'
import { measureRequest } from './request-metrics.ts'

/** Who answers, once the house behind the door is built. */
export interface Routes {
  request(request: IncomingMessage, response: ServerResponse): unknown
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): unknown
}

export interface HttpServer {
  /** The port that is listened on: the one asked for, or the free one that was found for 0. */
  readonly port: number
  /** Hands over to these routes; until then every request is told that the gateway is starting. */
  attach(routes: Routes): void
  /** True from the first moment of a graceful stop. */
  isStopping(): boolean
  /** Accepts nothing new, says goodbye to the WebSockets and lets running requests finish, for a while. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly log: Log
  /** How long running requests may take after the stop. */
  readonly graceMs?: number
}

const GRACE_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 65_000

/** Opens the one door of the gateway. Raises a StartError when the address cannot be listened on. */
export async function openServer(options: ServerOptions): Promise<HttpServer> {
  const { log, graceMs = GRACE_MS } = options
  const connections = trackConnections()
  let routes = STARTING
  let stopping = false

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS })
  server.on('request', (request, response) => {
    connections.addRunning(response)
    const requestId = adoptRequestId(request)
    setCommonHeaders(response, requestId)
    startAccessLog(request, response, requestId, log)
    measureRequest(request, response)
    guard(
      () => continueTrace(traceparentOf(request), () => routes.request(request, response)),
      (error) => {
        log.error({ err: error, requestId }, 'a request failed')
        if (response.headersSent) response.destroy()
        else sendError(response, 500, 'INTERNAL', 'Something went wrong on our side.')
      },
    )
  })
  server.on('upgrade', (request, socket, head) => {
    connections.addSocket(socket)
    const requestId = adoptRequestId(request)
    if (stopping) return refuseUpgrade(socket, 503, requestId)
    guard(
      () => routes.upgrade(request, socket, head),
      (error) => {
        log.error({ err: error, requestId }, 'an upgrade failed')
        socket.destroy()
      },
    )
  })
  await listen(server, options)

  return {
    port: (server.address() as AddressInfo).port,
    attach(next) {
      routes = next
    },
    isStopping: () => stopping,
    async stop() {
      stopping = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await connections.drain(graceMs)
      server.closeAllConnections()
      await closed
    },
  }
}

const STARTING: Routes = {
  request(request, response) {
    if (request.url === '/health/live') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"live"}')
      return
    }
    response.setHeader('retry-after', '1')
    sendError(response, 503, 'STARTING', 'The gateway is starting.')
  },
  upgrade: (request, socket) => refuseUpgrade(socket, 503, adoptRequestId(request)),
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

const REFUSED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program is listening there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no such host is known',
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = REFUSED[error.code ?? ''] ?? error.message
      reject(
        new StartError(`cannot listen on ${host}:${port}: ${why}; set HOST and PORT to a free address`, {
          cause: error,
        }),
      )
    })
    server.listen({ host, port }, resolve)
  })
}
