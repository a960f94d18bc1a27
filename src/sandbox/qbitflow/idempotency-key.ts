import type { Context as HttpContext } from 'hono'
import { badRequest } from './errors.ts'
import type { Env } from './keys.ts'

const KEY_LENGTH = 255

/** The key under which a control route is to act once; undefined where the request has none. @throws ApiError 400 */
export function idempotencyKeyOf(c: HttpContext<Env>): string | undefined {
  const key = c.req.header('Idempotency-Key')
  if (key !== undefined && key.length > KEY_LENGTH)
    throw badRequest(`Idempotency-Key: must have ${KEY_LENGTH} characters at most`)
  return key
}
