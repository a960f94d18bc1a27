import type { Logger } from 'pino'
import { Gauge } from 'prom-client'
import { bound } from '../kernel/bound.ts'
import type { Clock } from '../kernel/clock.ts'
import { metrics } from '../kernel/metrics.ts'
import { ProviderAnswerLost, ProviderUnavailable } from './errors.ts'

/**
 * A provider that cannot be reached is not waited for again and again. After some failures in a row the calls of a
 * connection fail at once; after a pause one call is let through, and its success ends that.
 */

const FAILURES_IN_A_ROW = 5
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 60_000
/** Connections with failures that a node remembers; beyond that it forgets the one whose first failure is oldest. */
const REMEMBERED_AT_MOST = 10_000

const open = new Gauge({
  name: 'tollgate_provider_circuits_open',
  help: 'Provider connections that this node does not call at present, because they could not be reached.',
  labelNames: ['provider'],
  registers: [metrics],
})

/** A connection at one address: one that is given another address begins anew. */
export interface CircuitOf {
  readonly provider: string
  readonly tenantId: string
  readonly connectionId: string
  readonly baseUrl: string
}

interface Circuit {
  failures: number
  pauseMs: number
  /** Set while the circuit is open: when the next call is let through. */
  retryAt?: Date
}

export type Circuits = ReturnType<typeof providerCircuits>

interface Node {
  readonly clock: Clock
  readonly log: Logger
  /** Of those connections alone that failed since their last success. */
  readonly circuits: Map<string, Circuit>
}

export function providerCircuits(deps: { readonly clock: Clock; readonly log: Logger }) {
  return bound({ ...deps, circuits: new Map<string, Circuit>() }, { guard, isOpen })
}

type Fetch = typeof globalThis.fetch

/** The connection that a guarded fetch calls, and the fetch that it guards. */
interface Guarded {
  readonly node: Node
  readonly of: CircuitOf
  readonly fetch: Fetch
}

const guarded = new WeakMap<Fetch, Guarded>()

/**
 * The same fetch for the calls of one connection. By itself it takes a time-out, a lost connection and a status from 500 on
 * for failures; a call that is made through `judged` is judged by what came of it.
 * @throws ProviderUnavailable at once, with nothing sent, while the circuit is open
 */
function guard(node: Node, of: CircuitOf, fetch: Fetch): Fetch {
  const guardedFetch: Fetch = async (input, init) => {
    const isTrial = admit(node, of)
    try {
      const response = await fetch(input, init)
      if (response.status < 500) succeed(node, of)
      else fail(node, of, isTrial)
      return response
    } catch (error) {
      fail(node, of, isTrial)
      throw error
    }
  }
  guarded.set(guardedFetch, { node, of, fetch })
  return guardedFetch
}

/**
 * Makes a call whose circuit, where its fetch has one, goes by what the adapter takes the answer for, whatever the HTTP status
 * is. No answer, an unclear one and the word that the provider cannot work now are failures; a refusal is an answer, and so is
 * a rate limit.
 * @throws ProviderUnavailable at once, with nothing sent, while the circuit is open
 */
export async function judged<Answer>(fetch: Fetch, call: (fetch: Fetch) => Promise<Answer>): Promise<Answer> {
  const found = guarded.get(fetch)
  if (!found) return call(fetch)
  const { node, of } = found
  const isTrial = admit(node, of)
  try {
    const answer = await call(found.fetch)
    succeed(node, of)
    return answer
  } catch (error) {
    if (isOutage(error)) fail(node, of, isTrial)
    else succeed(node, of)
    throw error
  }
}

function isOutage(error: unknown): boolean {
  if (error instanceof ProviderUnavailable) return error.failure.isRateLimit !== true
  return error instanceof ProviderAnswerLost
}

/** Whether the call is the one that tries whether the provider is back. @throws ProviderUnavailable */
function admit({ circuits, clock }: Node, of: CircuitOf): boolean {
  const circuit = circuits.get(keyOf(of))
  if (!circuit?.retryAt) return false
  const now = clock.now()
  if (isPausing(circuit.retryAt, now)) throw unreachable(of.provider, circuit.retryAt)
  circuit.retryAt = new Date(now.getTime() + circuit.pauseMs)
  return true
}

/** Whether the calls of a connection fail at once at this moment. */
function isOpen({ circuits, clock }: Node, of: CircuitOf): boolean {
  const retryAt = circuits.get(keyOf(of))?.retryAt
  return retryAt !== undefined && isPausing(retryAt, clock.now())
}

/** More than the longest pause is left only where the clock was set back. */
function isPausing(retryAt: Date, now: Date): boolean {
  const left = retryAt.getTime() - now.getTime()
  return left > 0 && left <= LONGEST_PAUSE_MS
}

function succeed(node: Node, of: CircuitOf): void {
  const circuit = node.circuits.get(keyOf(of))
  if (!circuit) return
  forget(node, of.provider, keyOf(of), circuit)
  if (circuit.retryAt) node.log.info(described(of), 'the provider answers again and is called as usual')
}

function fail(node: Node, of: CircuitOf, wasTrial: boolean): void {
  const { circuits, clock, log } = node
  const circuit = circuits.get(keyOf(of)) ?? remember(node, of)
  circuit.failures += 1
  const opens = !circuit.retryAt && circuit.failures >= FAILURES_IN_A_ROW
  // Calls that were under way when the circuit opened say nothing new.
  if (!opens && !wasTrial) return
  if (wasTrial) circuit.pauseMs = Math.min(circuit.pauseMs * 2, LONGEST_PAUSE_MS)
  circuit.retryAt = new Date(clock.now().getTime() + circuit.pauseMs)
  if (!opens) return
  open.inc({ provider: of.provider })
  const { failures, retryAt } = circuit
  log.warn({ ...described(of), failures, retryAt }, 'the provider cannot be reached and is not called for a while')
}

function remember(node: Node, of: CircuitOf): Circuit {
  const { circuits } = node
  const [oldest] = circuits
  if (oldest && circuits.size >= REMEMBERED_AT_MOST) forget(node, providerOf(oldest[0]), ...oldest)
  const circuit: Circuit = { failures: 0, pauseMs: FIRST_PAUSE_MS }
  circuits.set(keyOf(of), circuit)
  return circuit
}

function forget({ circuits }: Node, provider: string, key: string, { retryAt }: Circuit): void {
  circuits.delete(key)
  if (retryAt) open.dec({ provider })
}

function keyOf({ provider, connectionId, baseUrl }: CircuitOf): string {
  return `${provider} ${connectionId} ${baseUrl}`
}

function providerOf(key: string): string {
  return key.slice(0, key.indexOf(' '))
}

function described({ provider, tenantId, connectionId }: CircuitOf) {
  return { provider, tenantId, connectionId }
}

function unreachable(provider: string, retryAt: Date): ProviderUnavailable {
  const message = `${provider} cannot be reached: the last calls failed, and it is called again from ${retryAt.toISOString()} on`
  return new ProviderUnavailable({ provider, message, retryAt })
}
