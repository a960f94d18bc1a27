import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { isUtf8Body } from '../kernel/percent.ts'
import { readBody } from '../kernel/read-body.ts'
import { errorBody } from './answers.ts'
import { errorPage, wantsPage } from './pages/error.ts'
import { PAGE_HEADERS } from './pages/layout.ts'
import { REQUEST_ID_HEADER } from './request-id.ts'

/** What the routes outside GraphQL have in common. */

export type Env = { Bindings: HttpBindings }

export const FRESH = { 'cache-control': 'no-store' }

export function requestIdOf(c: Context<Env>): string {
  return String(c.env.incoming.headers[REQUEST_ID_HEADER] ?? '')
}

export function refuse(c: Context<Env>, status: ContentfulStatusCode, code: string, message: string): Response {
  const requestId = requestIdOf(c)
  if (wantsPage(c.req.header('accept'))) return c.html(errorPage(status, message, requestId), status, PAGE_HEADERS)
  return c.json(errorBody(code, message, requestId), status, FRESH)
}

/** The body, or the answer to a request that has more of it than this or none that is text; `what` names it, like `A form`. */
export async function bodyWithin(c: Context<Env>, maxBytes: number, what: string): Promise<Buffer | Response> {
  const body = await readBody(c.req.raw, maxBytes)
  if (body && !isUtf8Body(body, c.req.header('content-type')))
    return refuse(c, 400, 'BAD_REQUEST', `${what} must be UTF-8.`)
  if (body) return body
  // The rest of the body is not read, so nothing can follow it on this connection.
  c.header('connection', 'close')
  return refuse(c, 413, 'TOO_LARGE', `${what} must have at most ${maxBytes} bytes.`)
}
