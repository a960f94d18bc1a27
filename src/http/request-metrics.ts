import type { IncomingMessage, ServerResponse } from 'node:http'
import { httpRequests } from '../kernel/metrics.ts'
import { pathOf } from './access-log.ts'

/** Counts and times a request under the route that it asks for. */
export function measureRequest(request: IncomingMessage, response: ServerResponse): void {
  const done = httpRequests.startTimer()
  const route = routeOf(pathOf(request))
  response.once('close', () => {
    const { method = '' } = request
    done({
      route,
      method: METHODS.has(method) ? method : 'other',
      status: response.writableFinished ? response.statusCode : 'aborted',
    })
  })
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const ROUTE = /^\/(graphql|inbox|sandbox|exports|health|metrics)(?=\/|$)/

/** The first word of the path where it is one of ours; ids and what a scanner tries are no labels. */
function routeOf(path: string): string {
  return ROUTE.exec(path)?.[0] ?? (path === '/' ? '/' : 'other')
}
