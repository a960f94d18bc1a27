import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { errorBody } from './answers.ts'
import { REQUEST_ID_HEADER } from './request-id.ts'

/** What the routes outside GraphQL have in common. */

export type Env = { Bindings: HttpBindings }

export const FRESH = { 'cache-control': 'no-store' }

export function requestIdOf(c: Context<Env>): string {
  return String(c.env.incoming.headers[REQUEST_ID_HEADER] ?? '')
}

export function refuse(c: Context<Env>, status: ContentfulStatusCode, code: string, message: string): Response {
  return c.json(errorBody(code, message, requestIdOf(c)), status, FRESH)
}
