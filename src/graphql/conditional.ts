import { createHash } from 'node:crypto'
import type { Plugin } from 'graphql-yoga'
import { rateLimitHeaders } from '../http/rate-limit-headers.ts'
import type { FromDoor } from './engine.ts'

/** What an answer depends on beside its address. */
const VARY = 'authorization, x-api-key, x-client-token, x-api-version, time-zone, accept'

/**
 * Answers to queries by GET carry a tag of their bytes. Who has these bytes already is told so, without them, and as
 * often as the limit says the request is not counted: finding out that nothing has changed costs as much as an answer.
 */
export function conditional(): Plugin<object, FromDoor> {
  const faultless = new WeakSet<object>()
  return {
    onResultProcess({ request, result }) {
      if (request.method === 'GET' && 'data' in result && !result.errors) faultless.add(request)
    },
    async onResponse({ request, response, setResponse, serverContext, fetchAPI }) {
      if (!faultless.has(request) || response.status !== 200) return
      const body = await response.text()
      const tag = `"${createHash('sha256').update(body).digest('base64url')}"`
      const headers = new fetchAPI.Headers(response.headers)
      headers.set('etag', tag)
      headers.set('cache-control', 'private, no-cache')
      headers.append('vary', VARY)
      if (!isKnown(tag, request.headers.get('if-none-match'))) {
        // As bytes, because text would be called plain text.
        return setResponse(new fetchAPI.Response(Buffer.from(body), { status: 200, headers }))
      }
      const standing = await serverContext.asked.permit?.giveBack()
      if (standing) for (const [name, value] of Object.entries(rateLimitHeaders(standing))) headers.set(name, value)
      for (const name of ['content-type', 'content-length']) headers.delete(name)
      setResponse(new fetchAPI.Response(null, { status: 304, headers }))
    },
  }
}

/** Whether `If-None-Match` names this tag: any, or one of a list, in which a weak form counts as well. */
function isKnown(tag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false
  return ifNoneMatch.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()))
}
