import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type DocumentNode, GraphQLError } from 'graphql'
import { createYoga, type GraphQLParams, type Plugin, type YogaInitialContext } from 'graphql-yoga'
import { onBehalfOf } from '../db/requester.ts'
import { refusedByAddress } from '../http/address-limit.ts'
import { markInexactNumbers } from '../kernel/json.ts'
import { admitHttp } from './admission.ts'
import { availability, partyOf } from './availability.ts'
import { byteCache } from './byte-cache.ts'
import { clientCheck } from './client-check.ts'
import { compilation } from './compilation.ts'
import { conditional } from './conditional.ts'
import type { Context } from './context.ts'
import { corsFor, isAllowed } from './cors.ts'
import { type FromDoor, preparing, requestIdOf } from './engine.ts'
import { graphiqlPage } from './graphiql.ts'
import { limits } from './limits.ts'
import { Loaders } from './loaders.ts'
import { observation } from './observation.ts'
import { type Present, presenter, withStatus } from './presentation.ts'
import { refusal } from './refusal.ts'
import { schemaWith } from './schema.ts'
import type { Services } from './services.ts'
import { openSockets, type Sockets } from './sockets.ts'
import { usualRequests } from './usual-request.ts'
import { websockets } from './websocket.ts'

export interface GraphqlOptions {
  /** Other origins whose pages may ask; none by default. */
  readonly corsOrigins: readonly string[]
  readonly publicUrl: string
  readonly graphiql: boolean
  readonly introspection: boolean
  /** How long an operation may take; left out where nobody says otherwise. */
  readonly deadlineMs?: number | undefined
  /** A test key for GraphiQL to have filled in, on a developer's machine. */
  readonly developmentKey?: string | undefined
}

const MAX_BODY_BYTES = 128 * 1024
const DOCUMENT_CACHE_BYTES = 64 * 1024 * 1024
const ERROR_CACHE_BYTES = 8 * 1024 * 1024

type Initial = YogaInitialContext & FromDoor

/** GraphQL on one path: over HTTP, over WebSocket, and GraphiQL for a browser. */
export function createGraphql(app: Services, options: GraphqlOptions) {
  const sockets = openSockets(app)
  const present = presenter({ log: app.log, suggestions: options.introspection })
  const yoga = createYoga<FromDoor>({
    schema: schemaWith(app.providers),
    context: (initial: Initial) => contextOf(app, sockets, initial),
    plugins: [
      limits(options),
      clientCheck(),
      compilation(),
      observation(),
      availability(options.deadlineMs),
      answers(present),
      conditional(),
    ],
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
  const { upgrade } = websockets({ app, prepare, sockets, present, mayConnect })
  const usual = usualRequests({ prepare, present, maxBytes: MAX_BODY_BYTES })
  const page = options.graphiql ? graphiqlPage(options.developmentKey) : undefined

  async function answer(request: IncomingMessage, response: ServerResponse, admitted: FromDoor): Promise<void> {
    const { asked } = admitted
    if (usual.wants(request, admitted) && (await usual.answer(request, response, asked)) === 'answered') return
    await send(await yoga.handleNodeRequestAndResponse(asGet(request), response, admitted), response)
  }

  return {
    async request(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (page?.wants(request)) {
        if (!refusedByAddress(app.addressLimit, request, response)) await page.send(request, response)
        return
      }
      response.setHeader('cache-control', 'no-store')
      const admitted = await admitHttp(app, request, response)
      await onBehalfOf({ party: partyOf(admitted.asked.caller) }, () => answer(request, response, admitted))
    },
    upgrade: upgrade satisfies (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  }
}

/** HEAD is answered as GET, and Node sends no body for it. The request itself stays what it is, for the log. */
function asGet(request: IncomingMessage): IncomingMessage {
  return request.method === 'HEAD' ? Object.create(request, { method: { value: 'GET' } }) : request
}

function contextOf(app: Services, sockets: Sockets, { asked }: FromDoor): Context {
  const { caller, permit, idempotencyKey, timezone, clientToken, gone, setHeader } = asked
  return {
    app,
    caller,
    requestId: requestIdOf(asked),
    loaders: new Loaders(app.db, app.clocks, caller),
    sockets,
    idempotencyKey,
    timezone,
    clientToken,
    gone,
    setHeader,
    rateLimit: permit,
  }
}

/**
 * What goes out over HTTP. Subscriptions do not: they live on WebSockets, where they are counted and ended with their
 * key. Only JSON comes in. There is no other guard against forged requests, because nothing that a browser sends by
 * itself says who asks: credentials are in headers that a foreign page cannot set without being allowed to.
 */
function answers(present: Present): Plugin<object, FromDoor> {
  return {
    onRequestParse({ request, serverContext: { refusal }, endResponse, fetchAPI, setRequestParser }) {
      if (refusal) {
        const { body, ...init } = refused(refusal, request, present)
        return endResponse(new fetchAPI.Response(body, init))
      }
      const type = request.headers.get('content-type') ?? ''
      if (request.method !== 'POST') return
      if (JSON_TYPE.test(type)) setRequestParser(readBody)
      else {
        const { body, ...init } = refused(notJson(), request, present)
        endResponse(new fetchAPI.Response(body, init))
      }
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      if ((args.contextValue as Initial).asked.overSocket) return
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

/** Yoga's own reader keeps a character of its own in place of each byte that is not UTF-8. */
async function readBody(request: Request): Promise<GraphQLParams> {
  const body = Buffer.from(await request.arrayBuffer())
  if (!isUtf8(body)) throw refusal('BAD_REQUEST', 'The body must be UTF-8', 400)
  const params = jsonIn(body)
  if (typeof params === 'object' && params !== null) return params
  throw refusal('BAD_REQUEST', 'The body must be a JSON object', 400)
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(markInexactNumbers(body.toString('utf8')))
  } catch {
    throw refusal('BAD_REQUEST', 'The body must be valid JSON', 400)
  }
}

/** Sent by us: Yoga's own way out answers a failure with its stack. */
async function send(answer: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer())
  for (const [name, value] of answer.headers) response.setHeader(name, value)
  response.setHeader('content-length', body.length)
  response.writeHead(answer.status).end(body)
}

const JSON_TYPE = /^application\/(graphql\+)?json\b/i
const OVER_HTTP = { extensions: { code: 'BAD_USER_INPUT' } }

/** The answer to a request that is not even read, in the form that its client asked for. */
function refused(refusal: GraphQLError, { headers }: Request, present: Present): ResponseInit & { body: string } {
  const errors = present([refusal], headers.get('x-request-id') ?? '')
  const { status, headers: more } = refusal.extensions.http as Http
  for (const { extensions } of errors) delete extensions.http
  const type = /graphql-response\+json/.test(headers.get('accept') ?? '') ? 'graphql-response+json' : 'json'
  return {
    status,
    headers: { ...more, 'content-type': `application/${type}; charset=utf-8` },
    body: JSON.stringify({ errors }),
  }
}

function notJson(): GraphQLError {
  const message = 'The body of a POST must be JSON in UTF-8, with `Content-Type: application/json`'
  return refusal('UNSUPPORTED_MEDIA_TYPE', message, 415)
}

interface Http {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}
