import { parseJson } from '../kernel/json.ts'
import { providerCalls } from '../kernel/metrics.ts'
import { traced } from '../kernel/trace.ts'
import { judged } from './circuit.ts'
import { ProviderAnswerLost, ProviderRefused, ProviderUnavailable } from './errors.ts'
import { storable } from './told-text.ts'

const TIMEOUT_MS = 10_000

export interface ProviderHttp {
  readonly provider: string
  readonly baseUrl: string
  readonly fetch: typeof fetch
  /** The fields of a request as its body. */
  readonly encode: (fields: unknown) => Body
  /** The headers that prove who asks. */
  readonly sign: (request: { method: string; path: string; body: string }) => Readonly<Record<string, string>>
  /** What an answer means; `body` is the JSON value, or undefined where the text is not JSON. */
  readonly verdict: (status: number, headers: Headers, body: unknown) => Verdict
}

interface Body {
  readonly type: string
  readonly text: string
}

interface Refusal {
  readonly is: 'REFUSED'
  readonly code: string
  readonly message: string
  /** Which fields were wrong, by the provider's names. */
  readonly fields?: readonly string[] | undefined
  readonly retryable?: boolean
}

/**
 * What the provider did: what was asked, nothing (where it is retryable, another request may be accepted later), nothing
 * at this moment (since it cannot work now, or, where `rateLimited`, was asked too often), or something unclear.
 */
export type Verdict =
  | { readonly is: 'DONE' }
  | Refusal
  | { readonly is: 'NOT_NOW'; readonly code: string; readonly message: string; readonly rateLimited?: boolean }
  | { readonly is: 'UNCLEAR'; readonly why: string }

/** Fields as JSON. */
export const asJson: ProviderHttp['encode'] = (fields) => ({ type: 'application/json', text: JSON.stringify(fields) })

/** Fields as a form. What is undefined is left out. */
export const asForm: ProviderHttp['encode'] = (fields) => {
  const given = Object.entries(fields as Record<string, string | undefined>)
  const pairs = given.filter((pair): pair is [string, string] => pair[1] !== undefined)
  return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(pairs).toString() }
}

/** What a call does at the provider. The method alone does not tell: some providers act on a GET. */
export type Effect = 'read' | 'write'

/**
 * One call to a provider, with a bounded wait and every failure told apart.
 * @returns the parsed JSON body of an answer that is DONE
 * @throws ProviderRefused where the verdict is REFUSED; ProviderUnavailable where it is NOT_NOW, and on any failure of a
 *   read; ProviderAnswerLost when a write may or may not have happened
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
    const answer = await judged(http.fetch, (fetch) =>
      traced(`${provider} ${method}`, attributes, () => exchange({ ...http, fetch }, method, path, body, effect)),
    )
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
  const parsed = parse(text)
  const verdict = http.verdict(response.status, response.headers, parsed?.value)
  if (verdict.is === 'UNCLEAR') return lost(http, effect, verdict.why)
  if (verdict.is === 'DONE') return parsed ? parsed.value : lost(http, effect, 'gave an answer that is not valid JSON')
  const failure = { provider: http.provider, providerCode: verdict.code, message: verdict.message }
  if (verdict.is === 'NOT_NOW') {
    throw new ProviderUnavailable({ ...failure, ...(verdict.rateLimited && { isRateLimit: true }) })
  }
  const { retryable, fields: refusedFields } = verdict
  throw new ProviderRefused({
    ...failure,
    ...(retryable && { retryable }),
    ...(refusedFields && { refusedFields }),
  })
}

async function send(
  http: ProviderHttp,
  method: string,
  path: string,
  body: unknown,
  effect: Effect,
): Promise<Response> {
  const encoded = body === undefined ? undefined : http.encode(body)
  const proof = http.sign({ method, path, body: encoded?.text ?? '' })
  const type = encoded?.type ?? 'application/json'
  try {
    return await http.fetch(`${http.baseUrl}${path}`, {
      method,
      headers: { ...proof, accept: 'application/json', 'content-type': type },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(encoded && { body: encoded.text }),
    })
  } catch (error) {
    return lost(http, effect, 'did not answer', error)
  }
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: storable(parseJson(text)) }
  } catch {
    return undefined
  }
}

/** The verdict by the status alone, with the provider's own words for a refusal, and the fields it names, from its body. */
export function byStatus(
  provider: string,
  messageFrom: (body: unknown) => string | undefined,
  fieldsFrom: (body: unknown) => readonly string[] | undefined = () => undefined,
): ProviderHttp['verdict'] {
  return (status, _headers, body) => {
    const code = String(status)
    if (status === 429) {
      const message = `${provider} answered 429: its rate limit is reached`
      return { is: 'NOT_NOW', code, message, rateLimited: true }
    }
    if (status >= 500) return { is: 'UNCLEAR', why: `answered with the status ${status}` }
    if (status >= 400) {
      const message = messageFrom(body) ?? `${provider} answered ${status}`
      return { is: 'REFUSED', code, message, fields: fieldsFrom(body) }
    }
    if (status >= 300) return { is: 'UNCLEAR', why: 'gave an answer that is not valid JSON' }
    return { is: 'DONE' }
  }
}

/** A read that fails has changed nothing; a write that was sent may have. */
function lost(http: ProviderHttp, effect: Effect, why: string, cause?: unknown): never {
  const failure = { provider: http.provider, message: `${http.provider} ${why}` }
  if (effect === 'read') throw new ProviderUnavailable(failure)
  throw new ProviderAnswerLost(failure, { cause })
}
