import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { type DueWork, dueWork } from '../db/due-work.ts'
import type { Clock } from '../kernel/clock.ts'
import { insist } from '../kernel/insist.ts'
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
interface Deps {
  readonly db: Database
  readonly clock: Clock
  readonly secretKey: Uint8Array
  readonly outbound: GuardedFetch
  readonly log: Logger
}

export function deliveryService(deps: Deps): DueWork {
  const { db, log } = deps
  /** Places that kept silent at their last try are asked one thing at a time. */
  const silent = new Set<string>()

  async function deliver(delivery: Leased): Promise<void> {
    if (!delivery.wanted) return endPlace(db, delivery)
    const { id, tenantId, placeId, trace, event } = delivery
    const attributes = { 'tollgate.event.type': event.type }
    const made = await continueTrace(trace, () => traced('webhook', attributes, () => attempt(deps, delivery)))
    deliveryAttempts.observe({ outcome: made.delivered ? 'delivered' : 'failed' }, made.durationMs / 1_000)
    noteSilence(placeId, made.timedOut)
    await record(db, delivery, made)
    if (made.gone) await insist(() => endPlace(db, delivery))
    const { status, error } = made
    if (!made.delivered) log.info({ deliveryId: id, tenantId, status, error }, 'a webhook could not be delivered')
  }

  function noteSilence(placeId: string, timedOut: boolean): void {
    silent.delete(placeId)
    if (timedOut) silent.add(placeId)
    const [longest] = silent
    if (silent.size > SILENT_AT_MOST && longest !== undefined) silent.delete(longest)
  }

  return dueWork<Leased>(deps, {
    table: 'webhook_delivery',
    atOnce: AT_ONCE,
    perShare: AT_ONCE_PER_PLACE,
    take: (room) => lease(db, room),
    shareOf: ({ placeId }) => placeId,
    narrowed: () => [...silent].map((place) => [place, 1] as const),
    work: deliver,
    endsLease: true,
  })
}
