import type { FaultAnswers } from '../faulty-calls.ts'

/** How the API fails when it is told to. */
export const FAULT_ANSWERS: FaultAnswers = {
  serverError: () => Response.json({ error: 'internal server error' }, { status: 500 }),
  rateLimited: (seconds) =>
    Response.json({ error: 'too many requests' }, { status: 429, headers: { 'Retry-After': String(seconds) } }),
  missingRoute: () => Response.json({ error: 'resource not found' }, { status: 404 }),
}

/** Whether a call only asks if the route exists: a POST without a field, which no route takes. */
export async function isProbe(request: Request): Promise<boolean> {
  return request.method === 'POST' && (await begins(request, '{}'))
}

/** Whether this is all that comes of the body at first. The body stays to be read. */
async function begins(request: Request, text: string): Promise<boolean> {
  const reader = request.clone().body?.getReader()
  const first = await reader?.read().catch(() => undefined)
  // Nobody waits for this: a copy has ended only once the body itself was read.
  reader?.cancel().catch(() => undefined)
  return Buffer.from(first?.value ?? []).toString() === text
}
