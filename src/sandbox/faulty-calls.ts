import { setTimeout as pause } from 'node:timers/promises'
import { CALL_FAULTS, CONTROL_PATH, type FaultRule } from './fault-rules.ts'
import { beginCall, type CallBeginning, drawFault, type KeyedDocument } from './faults.ts'
import type { World } from './store.ts'

type Handler = (request: Request) => Promise<Response>

/** Whose call it is, and the document by which its caller is known, where the provider has one. */
export interface Calling {
  readonly world: World
  readonly by?: KeyedDocument
}

/** How the provider says that it cannot do what it was asked. */
export interface FaultAnswers {
  serverError(): Response
  /** @param seconds to wait before the next call */
  rateLimited(seconds: number): Response
  missingRoute(): Response
}

interface Parts {
  /** The path below which every call may go wrong, e.g. `/sandbox/<provider>/v1`. */
  readonly apiPath: string
  /** That of the control routes, e.g. `/sandbox/<provider>/_sandbox`: they go wrong where a rule names them. */
  readonly controlPath: string
  /** Undefined when nobody can be told from the call. */
  callingOf(request: Request): Calling | undefined
  /** Whether a call of the API only asks if the route exists: a fault that happens once is kept for the call itself. */
  isProbe(request: Request): Promise<boolean>
  readonly answers: FaultAnswers
  /** @param beginning what was read for a call that may go wrong */
  handle(request: Request, beginning?: CallBeginning): Promise<Response>
}

/** The provider's API with the faults that were asked for. One that loses its answer rejects as fetch does. */
export function withFaults(parts: Parts): Handler {
  const { apiPath, controlPath, callingOf, isProbe } = parts
  return async (request) => {
    const called = pathBelow(apiPath, request.url)
    const path = called ?? controlPathOf(controlPath, request.url)
    const calling = path === undefined ? undefined : callingOf(request)
    if (!calling) return parts.handle(request)
    const beginning = await beginCall(calling.world, calling.by)
    const handle: Handler = (whole) => parts.handle(whole, beginning)
    const kinds = called !== undefined && (await isProbe(request)) ? PROBE_FAULTS : CALL_FAULTS
    const fault = await drawFault(calling.world, beginning.rules, kinds, `${request.method} ${path}`)
    return fault ? failing(fault, request, parts.answers, handle) : handle(request)
  }
}

const PROBE_FAULTS = ['MISSING_ROUTE'] as const

async function failing(fault: FaultRule, request: Request, answers: FaultAnswers, handle: Handler): Promise<Response> {
  switch (fault.kind) {
    case 'LOSE_ANSWER_BEFORE':
      throw connectionLost()
    case 'LOSE_ANSWER_AFTER':
      await (await handle(request)).arrayBuffer()
      throw connectionLost()
    case 'DELAY':
      await pause(fault.delayMs)
      return handle(request)
    case 'SERVER_ERROR':
      return answers.serverError()
    case 'RATE_LIMITED':
      return answers.rateLimited(fault.retryAfter ?? 1)
    case 'MISSING_ROUTE':
      return answers.missingRoute()
    case 'MALFORMED_JSON':
      return rewritten(await handle(request), (text) => `<!-- ${text} -->`)
    default:
      return rewritten(await handle(request), (text) => text.slice(0, Math.floor(text.length / 2)))
  }
}

/** What fetch throws when the other side hangs up. */
function connectionLost(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('the connection was reset'), { code: 'ECONNRESET' }),
  })
}

async function rewritten(response: Response, change: (text: string) => string): Promise<Response> {
  const headers = new Headers(response.headers)
  headers.delete('Content-Length')
  return new Response(change(await response.text()), { status: response.status, headers })
}

/** The same of a control route. What arms and disarms faults never goes wrong. */
function controlPathOf(controlPath: string, url: string): string | undefined {
  const path = pathBelow(controlPath, url)
  return path === undefined || /^\/faults(\/|$)/.test(path) ? undefined : `${CONTROL_PATH}${path}`
}

/** The decoded path of a call, without a slash at its end; undefined when it is not below the base. */
function pathBelow(base: string, url: string): string | undefined {
  const { pathname } = new URL(url)
  if (!pathname.startsWith(`${base}/`)) return undefined
  let end = pathname.length
  while (pathname[end - 1] === '/' && end > base.length + 1) end -= 1
  const path = pathname.slice(base.length, end)
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
