import type { IncomingMessage } from 'node:http'
import { newId } from '../kernel/id.ts'

export const REQUEST_ID_HEADER = 'x-request-id'

/** What may stand in a log line and a header without harm. */
const SANE = /^[A-Za-z0-9._:+=/-]{1,128}$/

/** The id that the caller chose, when it is sane, or a new one; every later reader finds it in the request's headers. */
export function adoptRequestId(request: IncomingMessage): string {
  const given = request.headers[REQUEST_ID_HEADER]
  const id = typeof given === 'string' && SANE.test(given) ? given : newId()
  request.headers[REQUEST_ID_HEADER] = id
  return id
}
