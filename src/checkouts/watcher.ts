import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { CheckoutRow } from '../db/rows.ts'
import type { Registry } from '../providers/registry.ts'
import { isOver } from './checkout.ts'
import type { CheckoutProgress } from './progress.ts'

const FIRST_REST_MS = 2_000
const LONGEST_REST_MS = 15_000
/** A socket that says nothing may be one that nothing comes through any more: then the provider is asked, and it is opened anew. */
const ROUND_MS = 60_000

interface Deps {
  readonly db: Database
  readonly registry: Registry
  readonly progress: CheckoutProgress
  readonly log: Logger
}

/**
 * Follows a checkout at its provider for as long as somebody here looks at it, so that a provider which notifies us of
 * the end alone still shows each step. A provider without a socket is asked instead. What is seen goes the way of every
 * other news.
 */
export function checkoutWatcher({ db, registry, progress, log }: Deps) {
  const watched = new Map<string, { watchers: number; stop: AbortController }>()

  async function follow(tenantId: string, id: string, signal: AbortSignal): Promise<void> {
    for (let rest = FIRST_REST_MS; !signal.aborted; rest = Math.min(rest * 2, LONGEST_REST_MS)) {
      const checkout = await db.prisma.checkout.findUnique({ where: { tenantId_id: { tenantId, id } } })
      if (!checkout || isOver(checkout.status)) return
      await watchOnce(checkout, signal).catch((error) => log.debug({ err: error, checkoutId: id }, 'watching failed'))
      await sleep(rest, undefined, { signal }).catch(() => {})
    }
  }

  /** Until the provider's socket closes or fails; what it may have kept to itself is asked for after that. */
  async function watchOnce(checkout: CheckoutRow, signal: AbortSignal): Promise<void> {
    const { status } = await registry.connected(checkout.tenantId, checkout.provider)
    if (!status || checkout.externalId === null || signal.aborted) return
    const round = AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)])
    try {
      for await (const seen of status.watch?.(checkout.externalId, checkout.kind, round) ?? [])
        await progress.observe(checkout, seen)
    } catch (error) {
      log.debug({ err: error, checkoutId: checkout.id }, 'the status socket failed')
    }
    if (!signal.aborted) await progress.refresh(checkout)
  }

  return {
    /** Begins to follow a checkout; the answer ends it. */
    watch(tenantId: string, id: string): () => void {
      const entry = watched.get(id) ?? { watchers: 0, stop: new AbortController() }
      entry.watchers += 1
      if (entry.watchers === 1) {
        watched.set(id, entry)
        follow(tenantId, id, entry.stop.signal).catch((error) =>
          log.warn({ err: error, checkoutId: id }, 'watching ended'),
        )
      }
      let ended = false
      return () => {
        if (ended) return
        ended = true
        entry.watchers -= 1
        if (entry.watchers > 0) return
        watched.delete(id)
        entry.stop.abort()
      }
    },
    close(): void {
      for (const { stop } of watched.values()) stop.abort()
      watched.clear()
    },
  }
}
