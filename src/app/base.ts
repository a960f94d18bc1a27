import type { Logger } from 'pino'
import type { ConnectedDatabase } from '../db/connect.ts'
import { openDatabase } from '../db/database.ts'
import { openStream } from '../events/stream.ts'
import type { Clock } from '../kernel/clock.ts'
import { accessService } from '../organizations/access.ts'
import { clocksOf } from '../organizations/clocks.ts'
import type { Guard } from '../outbound/guard.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import type { OpenSocket } from '../outbound/guarded-socket.ts'
import { deliveryService } from '../webhooks/deliveries.ts'
import { idempotencyService } from '../work/once.ts'

export interface BaseParts {
  readonly poolSize?: number
  readonly database: Pick<ConnectedDatabase, 'url' | 'sessionUrl'>
  /** Where browsers and providers reach us, without a slash at the end. */
  readonly publicUrl: string
  /** Where this process listens, for the sockets that it opens to its own simulators. */
  readonly localUrl: string
  /** 32 bytes. */
  readonly secretKey: Uint8Array
  /** Refuses addresses that users name and that are never asked. */
  readonly addresses: Pick<Guard, 'check'>
  /** How addresses that users name are asked. */
  readonly outbound: GuardedFetch
  /** The same for WebSockets. */
  readonly openSocket: OpenSocket
  readonly log: Logger
  readonly clock: Clock
}

export type Base = Awaited<ReturnType<typeof openBase>>

/** What every other part needs: the database, the clocks, the events, and who may do what. */
export async function openBase({ poolSize, database, ...given }: BaseParts) {
  const { clock, log } = given
  const db = openDatabase(database.url, { poolSize, sessionUrl: database.sessionUrl })
  const deliveries = deliveryService({ db, ...given })
  const stream = await openStream(db, {
    onError: (error) => log.warn({ err: error }, 'reading the event stream failed'),
    onDeliveries: deliveries.wake,
  }).catch(async (error) => {
    await db.close()
    throw error
  })
  return {
    ...given,
    db,
    clocks: clocksOf(db, clock),
    stream,
    deliveries,
    access: accessService({ db, ...given }),
    idempotency: idempotencyService({ db }),
  }
}
