import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { onBehalfOf } from '../db/requester.ts'
import { unavailable } from '../kernel/unavailable.ts'
import { pathOf } from './access-log.ts'
import { type AddressLimit, afterFailures, limitFailures, limitRequests, overAddressLimit } from './address-limit.ts'
import { errorBody } from './answers.ts'
import type { Admission } from './authenticated.ts'
import { addClaimPage, type Claims } from './claim.ts'
import type { Patience } from './download.ts'
import { type Accounting, addExports, type Exports } from './exports.ts'
import { type Readiness, readinessCheck } from './health.ts'
import { brokeOff, type Refusal } from './incoming.ts'
import type { Log } from './log.ts'
import { bodyWithin, type Env, FRESH, refuse, requestIdOf } from './rest.ts'
import type { Routes } from './server.ts'

/** A notification from a provider as it came. */
export interface Notification {
  readonly provider: string
  readonly connectionId: string
  readonly headers: Headers
  readonly rawBody: string
  readonly requestId: string
}

/** A part of the outside world that is played here, under /sandbox/<name>/. */
export interface Sandbox {
  /** Rejects with a TypeError whose cause has the code ECONNRESET to hang up without an answer. */
  fetch(request: Request): Promise<Response>
  /** Whether a request shows credentials that are valid there, or were lately; for counting requests and not for access. */
  knowsCaller(request: Request): Promise<boolean>
  /** Whether it has a WebSocket at this path. */
  hasSocket(path: string): boolean
  /** Takes over a connection that asks for it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** What the door leads to. */
export interface House extends Admission {
  readonly graphql: Omit<Routes, 'hasSocket'>
  readonly inbox: {
    /** The answer's body is text as it is, or else JSON. */
    receive(notification: Notification): Promise<{ status: number; body: string | object }>
    /** Whether notifications came there that were proven. */
    isKnown(connectionId: string): boolean
  }
  readonly addressLimit: AddressLimit
  readonly accounting: Accounting
  readonly exports: Exports
  /** How slow the reader of an export may be; left out where nobody says otherwise. */
  readonly patience?: Patience | undefined
  readonly claims: Claims
  readonly sandboxes: Readonly<Record<string, Sandbox>>
  readonly readiness: Readiness
  /** What Prometheus reads, and the bearer token that it shows where one is set; undefined where nobody may read. */
  readonly metrics: { read(): Promise<string>; readonly token: string | undefined } | undefined
  /** The path of PUBLIC_URL, which links have and the requests that come here have not. */
  readonly prefix: string
  /** Whether a browser at / is sent to GraphiQL. */
  readonly graphiql: boolean
  readonly log: Log
}

const MAX_NOTIFICATION_BYTES = 256 * 1024
const GRAPHQL_PATH = '/graphql'
const NOTHING_HERE: Refusal = { status: 404, code: 'NOT_FOUND', message: 'There is nothing at this address.' }

/** GraphQL on /graphql, over HTTP and WebSocket alike; everything else is small enough for one router. */
export function createRoutes(house: House): Routes {
  const router = createRouter(house)
  const rest = getRequestListener((request, env) => router.fetch(request, env), {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json(errorBody('BAD_REQUEST', 'The request is malformed.', ''), { status: 400 }),
  })
  /** A simulator knows itself by its public address, as a server of its own would. */
  const restorePrefix = (request: IncomingMessage, path: string) => {
    if (path.startsWith('/sandbox/')) request.url = house.prefix + request.url
  }
  const sandboxWithSocketAt = (path: string) =>
    Object.entries(house.sandboxes).find(
      ([name, sandbox]) => path.startsWith(`/sandbox/${name}/`) && sandbox.hasSocket(house.prefix + path),
    )?.[1]
  return {
    request(request, response) {
      const path = pathOf(request)
      if (path === GRAPHQL_PATH) return house.graphql.request(request, response)
      restorePrefix(request, path)
      return onBehalfOf({ party: partyOf(path) }, () => rest(request, response))
    },
    hasSocket(request) {
      const path = pathOf(request)
      return path === GRAPHQL_PATH || sandboxWithSocketAt(path) !== undefined
    },
    upgrade(request, socket, head) {
      const path = pathOf(request)
      if (path === GRAPHQL_PATH) return house.graphql.upgrade(request, socket, head)
      restorePrefix(request, path)
      sandboxWithSocketAt(path)?.upgrade(request, socket, head)
    },
  }
}

/** Those who show no key share connections with whoever asks at the same door. */
function partyOf(path: string): string {
  const [, door = ''] = path.split('/', 2)
  return `door ${door}`
}

function createRouter(house: House): Hono<Env> {
  const router = new Hono<Env>()
  const { metrics, addressLimit } = house
  addHealth(router, house.readiness)
  if (metrics) addMetrics(router, metrics, addressLimit)
  if (house.graphiql) router.get('/', limitRequests(addressLimit), (c) => c.redirect(house.prefix + GRAPHQL_PATH))
  addInbox(router, house)
  router.use('/exports/*', limitFailures(addressLimit, 401))
  addExports(router, house)
  router.use('/claim/*', limitRequests(addressLimit))
  addClaimPage(router, house.claims)
  addSandboxes(router, house)
  router.notFound((c) => overAddressLimit(c, addressLimit) ?? refuse(c, 404, NOTHING_HERE.code, NOTHING_HERE.message))
  router.onError((error, c) => answerFailure(error, c, house.log))
  return router
}

function addHealth(router: Hono<Env>, readiness: Readiness): void {
  const findUnready = readinessCheck(readiness)
  router.get('/health/live', (c) => c.json({ status: 'live' }, 200, FRESH))
  router.get('/health/ready', async (c) => {
    const unready = await findUnready()
    return unready ? c.json({ status: 'unready', ...unready }, 503, FRESH) : c.json({ status: 'ready' }, 200, FRESH)
  })
}

function addMetrics(router: Hono<Env>, { read, token }: NonNullable<House['metrics']>, limit: AddressLimit): void {
  router.use('/metrics', limitFailures(limit, 401))
  router.get('/metrics', async (c) => {
    if (!showsToken(c.req.header('authorization'), token)) {
      c.header('www-authenticate', 'Bearer')
      return refuse(c, 401, 'UNAUTHENTICATED', 'The metrics require their bearer token.')
    }
    return c.text(await read(), 200, { ...FRESH, 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
}

function addInbox(router: Hono<Env>, { inbox, addressLimit }: House): void {
  router.post('/inbox/:provider/:connectionId', limitFailures(addressLimit, 400, 404, 413), async (c) => {
    const { provider, connectionId } = c.req.param()
    const tooMany = inbox.isKnown(connectionId) ? undefined : afterFailures(c, addressLimit)
    if (tooMany) return tooMany
    const bytes = await bodyWithin(c, MAX_NOTIFICATION_BYTES, 'A notification')
    if (bytes instanceof Response) return bytes
    const { status, body } = await inbox.receive({
      provider,
      connectionId,
      headers: c.req.raw.headers,
      // Signatures are over the bytes; a decoder that drops a byte order mark would break them.
      rawBody: bytes.toString('utf8'),
      requestId: requestIdOf(c),
    })
    const code = status as ContentfulStatusCode
    return typeof body === 'string' ? c.text(body, code, FRESH) : c.json(body, code, FRESH)
  })
}

function addSandboxes(router: Hono<Env>, { sandboxes, prefix, addressLimit }: House): void {
  for (const [name, sandbox] of Object.entries(sandboxes)) {
    router.all(`${prefix}/sandbox/${name}/*`, async (c) => {
      const isKnown = await sandbox.knowsCaller(c.req.raw)
      const tooMany = isKnown ? undefined : overAddressLimit(c, addressLimit)
      return tooMany ?? sandbox.fetch(c.req.raw).catch((error) => hangUp(c, error))
    })
  }
}

function answerFailure(error: Error, c: Context<Env>, log: Log): Response {
  if (brokeOff(c.env.incoming)) return RESPONSE_ALREADY_SENT
  const away = unavailable(error)
  if (away) {
    log.warn({ err: error, requestId: requestIdOf(c) }, 'a request could not be answered at this moment')
    c.header('retry-after', String(away.retryAfter))
    return refuse(c, 503, 'UNAVAILABLE', `${away.message}.`)
  }
  log.error({ err: error, requestId: requestIdOf(c) }, 'a request failed')
  return refuse(c, 500, 'INTERNAL', 'Something went wrong on our side.')
}

/** A simulator that loses its answer rejects as fetch does when the other side hangs up; so that is what its caller gets. */
function hangUp(c: Context<Env>, error: unknown): Response {
  const cause: unknown = error instanceof TypeError ? error.cause : undefined
  if (!(cause instanceof Error && 'code' in cause && cause.code === 'ECONNRESET')) throw error
  c.env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}

function showsToken(authorization: string | undefined, token: string | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return token === undefined || timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`))
}
