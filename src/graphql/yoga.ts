import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type DocumentNode, GraphQLError } from 'graphql'
import { createYoga, type Plugin, type YogaInitialContext } from 'graphql-yoga'
import { byteCache } from './byte-cache.ts'
import { compilation } from './compilation.ts'
import type { Context, Services } from './context.ts'
import { credentialFromHeaders } from './credential.ts'
import { type Asked, type FromDoor, preparing } from './engine.ts'
import { graphiqlPage } from './graphiql.ts'
import { limits } from './limits.ts'
import { createLoaders } from './loaders.ts'
import { type Present, presenter, withStatus } from './presentation.ts'
import { unauthenticated } from './refusal.ts'
import { schema } from './schema.ts'
import { openSockets, type Sockets } from './sockets.ts'
import { usualRequests } from './usual-request.ts'
import { websockets } from './websocket.ts'

export interface GraphqlOptions {
  /** Other origins whose pages may ask; none by default. */
  readonly corsOrigins: readonly string[]
  readonly publicUrl: string
  readonly graphiql: boolean
  readonly introspection: boolean
  /** A test key for GraphiQL to have filled in, on a developer's machine. */
  readonly developmentKey?: string | undefined
}

const MAX_BODY_BYTES = 128 * 1024
const DOCUMENT_CACHE_BYTES = 64 * 1024 * 1024
const ERROR_CACHE_BYTES = 8 * 1024 * 1024

type Initial = YogaInitialContext & FromDoor

/** GraphQL on one path: over HTTP, over WebSocket, and GraphiQL for a browser. */
export function createGraphql(app: Services, options: GraphqlOptions) {
  const sockets = openSockets()
  const present = presenter({ log: app.log, suggestions: options.introspection })
  const yoga = createYoga<FromDoor>({
    schema,
    context: (initial: Initial) => contextOf(app, sockets, initial),
    plugins: [limits(options), compilation(), answers(present)],
    cors: corsFor(options.corsOrigins),
    maxRequestBodySize: MAX_BODY_BYTES,
    parserAndValidationCache: {
      documentCache: byteCache<DocumentNode>(DOCUMENT_CACHE_BYTES),
      errorCache: byteCache<unknown>(ERROR_CACHE_BYTES),
    },
    logging: {
      debug: () => {},
      info: () => {},
      warn: (...facts) => app.log.warn({ facts }, 'GraphQL'),
      error: (...facts) => app.log.error({ facts }, 'GraphQL'),
    },
    // Errors are presented by us, over HTTP and WebSocket in the same way.
    maskedErrors: false,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
  })
  const prepare = preparing(yoga)
  const origins = new Set([...options.corsOrigins, new URL(options.publicUrl).origin])
  const mayConnect = (request: IncomingMessage) => isAllowed(request, origins)
  const { upgrade } = websockets(app, { prepare, sockets, present, mayConnect })
  const usual = usualRequests(app, { prepare, present, maxBytes: MAX_BODY_BYTES })
  const page = options.graphiql ? graphiqlPage(options.developmentKey) : undefined

  return {
    async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (page?.wants(request)) return page.send(request, response)
      response.setHeader('cache-control', 'no-store')
      if (usual.wants(request) && (await usual.answer(request, response)) === 'answered') return
      await yoga(request, response)
    },
    upgrade: upgrade satisfies (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  }
}

async function contextOf(app: Services, sockets: Sockets, initial: Initial): Promise<Context> {
  const { caller, idempotencyKey, timezone } = initial.asked ?? (await askedBy(initial.request, app))
  const requestId = caller.kind === 'key' ? caller.actor.requestId : caller.requestId
  return {
    app,
    caller,
    requestId,
    loaders: createLoaders(app.db, app.clocks, caller),
    sockets,
    idempotencyKey,
    timezone,
  }
}

async function askedBy({ headers }: Request, { access }: Services): Promise<Asked> {
  const header = (name: string) => headers.get(name) ?? undefined
  const caller = await access.authenticate(credentialFromHeaders(header), header('x-request-id') ?? '')
  if (caller === 'invalid') throw refusedCredential()
  return { caller, overSocket: false, idempotencyKey: header('idempotency-key'), timezone: header('time-zone') }
}

function refusedCredential(): GraphQLError {
  const { message, extensions } = unauthenticated('The credential is not valid')
  return new GraphQLError(message, {
    extensions: { ...extensions, http: { status: 401, headers: { 'www-authenticate': 'Bearer' } } },
  })
}

/**
 * What goes out over HTTP. Subscriptions do not: they live on WebSockets, where they are counted and ended with their
 * key. Only JSON comes in. There is no other guard against forged requests, because nothing that a browser sends by
 * itself says who asks: credentials are in headers that a foreign page cannot set without being allowed to.
 */
function answers(present: Present): Plugin<FromDoor> {
  return {
    onRequestParse({ request, endResponse, fetchAPI }) {
      const type = request.headers.get('content-type') ?? ''
      if (request.method === 'POST' && !JSON_TYPE.test(type)) endResponse(new fetchAPI.Response(null, { status: 415 }))
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      if ((args.contextValue as Initial).asked?.overSocket) return
      setResultAndStopExecution({ errors: [new GraphQLError('Subscriptions are served over WebSocket', OVER_HTTP)] })
    },
    onResultProcess({ request, result, setResult }) {
      if (Array.isArray(result) || !('errors' in result) || !result.errors) return
      const requestId = request.headers.get('x-request-id') ?? ''
      const errors = present(result.errors as GraphQLError[], requestId)
      setResult({ ...result, errors: withStatus(errors, 'data' in result) })
    },
  }
}

const JSON_TYPE = /^application\/(graphql\+)?json\b/i
const OVER_HTTP = { extensions: { code: 'BAD_USER_INPUT' } }

/** A page of ours, or of an origin that is allowed; a program that is no browser names no origin. */
function isAllowed({ headers }: IncomingMessage, origins: ReadonlySet<string>): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.has(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host
}

function corsFor(origins: readonly string[]) {
  if (origins.length === 0) return false
  return {
    origin: [...origins],
    credentials: false,
    methods: ['GET', 'POST', 'OPTIONS'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'time-zone', 'x-api-key', 'x-request-id'],
    exposedHeaders: ['x-request-id'],
  }
}
