import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from './log.ts'

/** One line per answered request. The query string stays out: it may carry what only the caller should know. */
export function startAccessLog(request: IncomingMessage, response: ServerResponse, requestId: string, log: Log): void {
  const startedAt = performance.now()
  const path = withoutSecret(pathOf(request))
  const level = path.startsWith('/health/') ? 'debug' : 'info'
  if (!log.isLevelEnabled(level)) return
  response.once('close', () => {
    const ms = Math.round((performance.now() - startedAt) * 10) / 10
    const facts = { method: request.method, path, status: response.statusCode, ms, requestId }
    log[level](response.writableFinished ? facts : { ...facts, aborted: true }, 'request')
  })
}

const PATH_AT_MOST = 300

/** The address of an invitation is what opens it. */
function withoutSecret(path: string): string {
  return path.replace(/\/claim\/.*/s, '/claim/…').slice(0, PATH_AT_MOST)
}

export function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/'
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
