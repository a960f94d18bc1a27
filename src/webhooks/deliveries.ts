import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { Clock } from '../kernel/clock.ts'
import { deliveryAttempts } from '../kernel/metrics.ts'
import { continueTrace, traced } from '../kernel/trace.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import { attempt } from './attempt.ts'
import { type Leased, lease } from './lease.ts'
import { endPlace, record } from './record.ts'

/** Sends what is due. Each delivery is leased by one node; the order of an entity's events is kept at each place. */

/** Waiting for receivers costs little, so that there is room beside many that keep silent. */
const AT_ONCE = 64
const AT_ONCE_PER_PLACE = 8
const SILENT_AT_MOST = 500
/** How long a node that stops waits for what it is sending. Its leases end, and another node sends the rest. */
const STOP_PATIENCE_MS = 5_000

interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly secretKey: Uint8Array
  readonly outbound: GuardedFetch
  readonly log: Logger
}

export function deliveryService(deps: Deps) {
  const { db, clock, log } = deps
  const sending = new Map<string, number>()
  /** Places that kept silent at their last try are asked one thing at a time. */
  const silent = new Set<string>()
  let total = 0
  let looking: Promise<void> | undefined
  let again = false
  let closed = false
  let resting: (() => void)[] = []

  /** Looks for what is due, now or once more after the present look. */
  function wake(): void {
    if (closed) return
    again = true
    looking ??= look()
      .catch((error) => log.error({ err: error }, 'webhooks could not be leased'))
      .finally(() => {
        looking = undefined
        if (again) wake()
        rest()
      })
  }

  async function look(): Promise<void> {
    while (again && !closed && total < AT_ONCE) {
      again = false
      const places = new Map([...silent].map((id) => [id, 1 - (sending.get(id) ?? 0)]))
      for (const [id, count] of sending) if (!silent.has(id)) places.set(id, AT_ONCE_PER_PLACE - count)
      const { leased, more } = await lease(db, clock.now(), {
        total: AT_ONCE - total,
        perPlace: AT_ONCE_PER_PLACE,
        places,
      })
      for (const delivery of leased) start(delivery)
      again ||= more
    }
    again = false
  }

  function start(delivery: Leased): void {
    const { placeId, id, tenantId } = delivery
    count(placeId, 1)
    deliver(delivery)
      .catch((error) => log.error({ err: error, deliveryId: id, tenantId }, 'a webhook stays until its lease ends'))
      .finally(() => {
        count(placeId, -1)
        wake()
        rest()
      })
  }

  function count(placeId: string, by: 1 | -1): void {
    total += by
    const left = (sending.get(placeId) ?? 0) + by
    if (left === 0) sending.delete(placeId)
    else sending.set(placeId, left)
  }

  async function deliver(delivery: Leased): Promise<void> {
    if (!delivery.wanted) return endPlace(db, delivery)
    const { id, tenantId, placeId, trace, event } = delivery
    const attributes = { 'tollgate.event.type': event.type }
    const made = await continueTrace(trace, () => traced('webhook', attributes, () => attempt(deps, delivery)))
    deliveryAttempts.observe({ outcome: made.delivered ? 'delivered' : 'failed' }, made.durationMs / 1_000)
    noteSilence(placeId, made.timedOut)
    await record(db, delivery, made)
    if (made.gone) await endPlace(db, delivery)
    const { status, error } = made
    if (!made.delivered) log.info({ deliveryId: id, tenantId, status, error }, 'a webhook was not received')
  }

  function noteSilence(placeId: string, timedOut: boolean): void {
    silent.delete(placeId)
    if (timedOut) silent.add(placeId)
    const [longest] = silent
    if (silent.size > SILENT_AT_MOST && longest !== undefined) silent.delete(longest)
  }

  function rest(): void {
    if (total > 0 || looking) return
    for (const resolve of resting) resolve()
    resting = []
  }

  /** Ends when nothing is under way on this node. */
  async function idle(): Promise<void> {
    if (total > 0 || looking) await new Promise<void>((resolve) => resting.push(resolve))
  }

  return {
    wake,
    idle,
    async close(): Promise<void> {
      closed = true
      await Promise.race([idle(), sleep(STOP_PATIENCE_MS, undefined, { ref: false })])
    },
  }
}
