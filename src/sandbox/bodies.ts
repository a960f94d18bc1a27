import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { parseJson, TooDeep } from '../kernel/json.ts'
import { isUtf8Body } from '../kernel/percent.ts'
import { readBody } from '../kernel/read-body.ts'
import { isObject } from './fields.ts'

const MAX_BYTES = 1024 * 1024

type Refuse = (c: Context, status: 400 | 413, message: string) => Response

/** Reads the body of each request before its route does. @param refuse answers one that is too large or not UTF-8 */
export function wholeBody(refuse: Refuse) {
  return createMiddleware(async (c, next) => {
    const body = await readBody(c.req.raw, MAX_BYTES)
    if (!body) {
      c.header('Connection', 'close')
      return refuse(c, 413, 'the request body is too large')
    }
    if (!isUtf8Body(body, c.req.header('content-type'))) return refuse(c, 400, 'the request body must be UTF-8')
    const { url, method, headers } = c.req.raw
    if (c.req.raw.bodyUsed) c.req.raw = new Request(url, { method, headers, body })
    return next()
  })
}

/** The JSON object in a request's body. An empty body is an empty object. @throws what `refusal` makes of the rule */
export function jsonObject(text: string, refusal: (message: string) => Error): Record<string, unknown> {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = parseJson(text)
  } catch (error) {
    throw refusal(error instanceof TooDeep ? `the request body ${error.message}` : 'the request body is not valid JSON')
  }
  if (!isObject(value)) throw refusal('the request body must be a JSON object')
  return value
}
