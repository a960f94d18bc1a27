import type { IncomingMessage } from 'node:http'
import { parseUrl } from '../kernel/url.ts'

/** Which pages of other origins may ask, and what they may send and see. */

/** A page of ours, or of an origin that is allowed; a program that is no browser names no origin. */
export function isAllowed({ headers }: IncomingMessage, origins: ReadonlySet<string>): boolean {
  const { origin, host } = headers
  if (origin === undefined || origins.has(origin)) return true
  return parseUrl(origin)?.host === host
}

const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'time-zone',
  'x-api-key',
  'x-api-version',
  'x-client-token',
  'x-request-id',
]
const EXPOSED_HEADERS = [
  'etag',
  'idempotent-replayed',
  'retry-after',
  'warning',
  'x-api-version',
  'x-idempotency-key',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
]
const PREFLIGHT_KEPT_SECONDS = 600

/** The rights of the page that asks. One that is not listed gets none; the library would answer it with `null`. */
export function corsFor(origins: readonly string[]) {
  const rights = {
    origin: [...origins],
    credentials: false,
    methods: ['GET', 'POST', 'OPTIONS'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_KEPT_SECONDS,
  }
  return (request: Request) => (origins.includes(request.headers.get('origin') ?? '') ? rights : (false as const))
}
