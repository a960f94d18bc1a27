import { parseJson } from '../kernel/json.ts'
import { providerCalls } from '../kernel/metrics.ts'
import { traced } from '../kernel/trace.ts'
import { ProviderAnswerLost, ProviderRefused, ProviderUnavailable } from './errors.ts'

const TIMEOUT_MS = 10_000

export interface ProviderHttp {
  readonly provider: string
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof fetch
  /** The provider's own words for a refusal, from its parsed body. */
  readonly messageFrom: (body: unknown) => string | undefined
}

/** What a call does at the provider. The method alone does not tell: some providers act on a GET. */
export type Effect = 'read' | 'write'

/**
 * One call to a provider, with a bounded wait and every failure told apart.
 * @returns the parsed JSON body of a 2xx answer
 * @throws ProviderRefused on 4xx; ProviderUnavailable on 429, and on any failure of a read;
 *   ProviderAnswerLost when a write may or may not have happened
 */
export async function callProvider(
  http: ProviderHttp,
  method: string,
  path: string,
  body?: unknown,
  effect: Effect = method === 'GET' ? 'read' : 'write',
): Promise<unknown> {
  const { provider } = http
  const attributes = { 'http.request.method': method, 'url.path': path, 'tollgate.provider': provider }
  const done = providerCalls.startTimer({ provider })
  try {
    const answer = await traced(`${provider} ${method}`, attributes, () => exchange(http, method, path, body, effect))
    done({ outcome: 'ok' })
    return answer
  } catch (error) {
    done({ outcome: error instanceof Error ? (OUTCOMES.get(error.constructor) ?? 'failed') : 'failed' })
    throw error
  }
}

const OUTCOMES = new Map<unknown, string>([
  [ProviderRefused, 'refused'],
  [ProviderUnavailable, 'unavailable'],
  [ProviderAnswerLost, 'lost'],
])

async function exchange(
  http: ProviderHttp,
  method: string,
  path: string,
  body: unknown,
  effect: Effect,
): Promise<unknown> {
  const response = await send(http, method, path, body, effect)
  const text = await response
    .text()
    .catch((error) => lost(http, effect, 'closed the connection before its answer was complete', error))
  const failure = { provider: http.provider, providerCode: String(response.status) }
  if (response.status === 429) {
    throw new ProviderUnavailable({ ...failure, message: `${http.provider} answered 429: its rate limit is reached` })
  }
  if (response.status >= 500) return lost(http, effect, `answered with the status ${response.status}`)
  const parsed = parse(text)
  if (response.status >= 400) {
    const message = http.messageFrom(parsed?.value) ?? `${http.provider} answered ${response.status}`
    throw new ProviderRefused({ ...failure, message })
  }
  if (response.status >= 300 || parsed === undefined) return lost(http, effect, 'gave an answer that is not valid JSON')
  return parsed.value
}

async function send(
  http: ProviderHttp,
  method: string,
  path: string,
  body: unknown,
  effect: Effect,
): Promise<Response> {
  try {
    return await http.fetch(`${http.baseUrl}${path}`, {
      method,
      headers: { ...http.headers, accept: 'application/json', 'content-type': 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch (error) {
    return lost(http, effect, 'did not answer', error)
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: parseJson(text) }
  } catch {
    return undefined
  }
}

/** A read that fails has changed nothing; a write that was sent may have. */
function lost(http: ProviderHttp, effect: Effect, why: string, cause?: unknown): never {
  const failure = { provider: http.provider, message: `${http.provider} ${why}` }
  if (effect === 'read') throw new ProviderUnavailable(failure)
  throw new ProviderAnswerLost(failure, { cause })
}
