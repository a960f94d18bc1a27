import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'

/** What was asked and what came back, over the whole run. */
export interface Figures {
  requests: number
  acknowledged: number
  retried: number
  unavailable: number
  connectionsLost: number
  /** The longest time in which no request was answered well. */
  longestUnavailabilityMs: number
}

/** A merchant's program: it asks any node, and asks again under the same key until it has an answer. */
export interface Client {
  readonly figures: Figures
  /** Answers that no state of the database and no lost connection excuses. */
  readonly wrong: string[]
  /** What a mutation answers; undefined when the run ended before there was an answer. */
  change(query: string, input: object): Promise<Record<string, unknown> | undefined>
  /** Does what a customer does at the provider, each try under a key of its own; a refusal says that it was done before. */
  act(query: string, input: object): Promise<boolean>
  /** Downloads a document to its end, or as far as it comes. */
  download(path: string): Promise<void>
  /** Asks for nothing any more. */
  end(): void
}

const PATIENCE_MS = 15_000
const REST_MS = 250

type Answered = { readonly payload: Record<string, unknown> } | 'again' | 'refused'

export function clientOf(urls: readonly string[], key: string, random: Random): Client {
  const figures: Figures = {
    requests: 0,
    acknowledged: 0,
    retried: 0,
    unavailable: 0,
    connectionsLost: 0,
    longestUnavailabilityMs: 0,
  }
  const wrong: string[] = []
  let lastSuccess = performance.now()
  let ended = false

  function noteSuccess(): void {
    const now = performance.now()
    figures.longestUnavailabilityMs = Math.max(figures.longestUnavailabilityMs, Math.round(now - lastSuccess))
    lastSuccess = now
    figures.acknowledged += 1
  }

  async function post(query: string, input: object): Promise<Answered> {
    figures.requests += 1
    const response = await fetch(`${random.pick(urls)}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query, variables: { input } }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await response.text()
    return read(response.status, text, query)
  }

  function read(status: number, text: string, query: string): Answered {
    const { data, errors } = JSON.parse(text) as { data?: Record<string, Record<string, unknown>>; errors?: Fault[] }
    const codes = (errors ?? []).map(({ extensions }) => extensions?.code)
    const [payload] = Object.values(data ?? {})
    const refusals = (payload?.userErrors ?? []) as { code: string }[]
    if (payload && refusals.length === 0 && codes.length === 0) return { payload }
    if (refusals.some(({ code }) => code === 'PROVIDER_REFUSED' || code === 'INVALID_STATE')) return 'refused'
    if (status === 503 || codes.includes('UNAVAILABLE') || refusals.some(({ code }) => MAY_PASS.has(code))) {
      figures.unavailable += 1
    } else {
      const operation = /\{\s*(\w+)/.exec(query)?.[1]
      wrong.push(`${operation} was answered ${status}: ${text.replace(/"requestId":"[^"]*"/, '').slice(0, 300)}`)
    }
    return 'again'
  }

  /** Asks again until there is an answer; undefined when the run ended before. */
  async function insist(query: string, input: () => object): Promise<Exclude<Answered, 'again'> | undefined> {
    for (let tries = 0; !ended; tries++) {
      if (tries > 0) figures.retried += 1
      const answer = await post(query, input()).catch(() => {
        figures.connectionsLost += 1
        return 'again' as const
      })
      if (answer !== 'again') {
        noteSuccess()
        return answer
      }
      await sleep(REST_MS)
    }
    return undefined
  }

  return {
    figures,
    wrong,
    async change(query, given) {
      const idempotencyKey = randomUUID()
      const answer = await insist(query, () => ({ idempotencyKey, ...given }))
      if (answer === 'refused') wrong.push(`refused: ${query.slice(0, 60)}`)
      return typeof answer === 'object' ? answer.payload : undefined
    },
    async act(query, given) {
      return (await insist(query, () => ({ idempotencyKey: randomUUID(), ...given }))) !== undefined
    },
    async download(path) {
      const headers = { authorization: `Bearer ${key}` }
      try {
        const response = await fetch(random.pick(urls) + path, { headers, signal: AbortSignal.timeout(PATIENCE_MS) })
        await response.arrayBuffer()
      } catch {
        figures.connectionsLost += 1
      }
    },
    end() {
      ended = true
    },
  }
}

interface Fault {
  readonly extensions?: { readonly code?: string }
}

/** Refusals that say "not now" of a provider whose simulator lives in the same database. */
const MAY_PASS: ReadonlySet<string> = new Set(['PROVIDER_UNAVAILABLE', 'IDEMPOTENCY_KEY_IN_USE', 'IN_PROGRESS'])
