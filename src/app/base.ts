import type { Logger } from 'pino'
import type { ConnectedDatabase } from '../db/connect.ts'
import { openDatabase } from '../db/database.ts'
import { openStream } from '../events/stream.ts'
import type { Clock } from '../kernel/clock.ts'
import { accessService } from '../organizations/access.ts'
import { clocksOf } from '../organizations/clocks.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import type { OpenSocket } from '../outbound/guarded-socket.ts'
import { deliveryService } from '../webhooks/deliveries.ts'
import { idempotencyService } from '../work/once.ts'

interface Parts {
  readonly poolSize?: number
  readonly database: Pick<ConnectedDatabase, 'url' | 'sessionUrl'>
  readonly publicUrl: string
  readonly localUrl: string
  readonly secretKey: Uint8Array
  readonly outbound: GuardedFetch
  readonly openSocket: OpenSocket
  readonly log: Logger
  readonly clock: Clock
}

export type Base = Awaited<ReturnType<typeof openBase>>

/** What every other part needs: the database, the clocks, the events, and who may do what. */
export async function openBase({ poolSize, database, ...given }: Parts) {
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
    idempotency: idempotencyService({ db, clock }),
  }
}
