import { setTimeout as pause } from 'node:timers/promises'
import { BESIDE, CALL_FAULTS, type FaultKind, type FaultRule } from './fault-rules.ts'
import { takeFault } from './faults.ts'
import type { World } from './store.ts'

type Handler = (request: Request) => Promise<Response>

interface Parts {
  /** The path below which every call may go wrong, e.g. `/sandbox/<provider>/v1`. */
  readonly base: string
  /** That of the routes beside the API, e.g. `/sandbox/<provider>/_sandbox`: they go wrong where a rule names them. */
  readonly beside: string
  /** Whose call it is; undefined when nobody can be told from it. */
  worldOf(request: Request): World | undefined
  readonly answer: Handler
}

/** The provider's API with the faults that were asked for. One that loses its answer rejects as fetch does. */
export function withFaults({ base, beside, worldOf, answer }: Parts): Handler {
  return async (request) => {
    const path = pathBelow(base, request.url) ?? pathBeside(beside, request.url)
    const world = path === undefined ? undefined : worldOf(request)
    const fault = world && (await takeFault(world, await faultsOf(request, path), `${request.method} ${path}`))
    return fault ? strike(fault, request, answer) : answer(request)
  }
}

/** A body without a field only asks whether the route is there: a fault that strikes once is kept for the call itself. */
async function faultsOf(request: Request, path = ''): Promise<readonly FaultKind[]> {
  if (request.method !== 'POST' || path.startsWith(BESIDE)) return CALL_FAULTS
  return (await begins(request, '{}')) ? ['MISSING_ROUTE'] : CALL_FAULTS
}

/** Whether this is all that comes of the body at first. The body stays to be read. */
async function begins(request: Request, text: string): Promise<boolean> {
  const reader = request.clone().body?.getReader()
  const first = await reader?.read().catch(() => undefined)
  // Nobody waits for this: a copy has ended only once the body itself was read.
  reader?.cancel().catch(() => undefined)
  return Buffer.from(first?.value ?? []).toString() === text
}

async function strike(fault: FaultRule, request: Request, answer: Handler): Promise<Response> {
  switch (fault.kind) {
    case 'LOSE_ANSWER_BEFORE':
      throw connectionLost()
    case 'LOSE_ANSWER_AFTER':
      await (await answer(request)).arrayBuffer()
      throw connectionLost()
    case 'DELAY':
      await pause(fault.delayMs)
      return answer(request)
    case 'SERVER_ERROR':
      return Response.json({ error: 'internal server error' }, { status: 500 })
    case 'RATE_LIMITED':
      return Response.json(
        { error: 'too many requests' },
        { status: 429, headers: { 'Retry-After': String(fault.retryAfter) } },
      )
    case 'MISSING_ROUTE':
      return Response.json({ error: 'resource not found' }, { status: 404 })
    case 'MALFORMED_JSON':
      return rewritten(await answer(request), (text) => `<!-- ${text} -->`)
    default:
      return rewritten(await answer(request), (text) => text.slice(0, Math.floor(text.length / 2)))
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

/** The same of a route beside the API. What arms and disarms faults never goes wrong. */
function pathBeside(beside: string, url: string): string | undefined {
  const path = pathBelow(beside, url)
  return path === undefined || /^\/faults(\/|$)/.test(path) ? undefined : `${BESIDE}${path}`
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
