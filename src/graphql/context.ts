import type { Actor, Caller } from '../kernel/actor.ts'
import type { Standing } from '../organizations/rate-limit.ts'
import type { Loaders } from './loaders.ts'
import type { Services } from './services.ts'
import type { Sockets } from './sockets.ts'

/** What every resolver is given, made anew for each request. */
export interface Context {
  readonly app: Services
  readonly caller: Caller
  readonly requestId: string
  readonly loaders: Loaders
  readonly sockets: Sockets
  /** The `Idempotency-Key` header. */
  readonly idempotencyKey: string | undefined
  /** The `Time-Zone` header. */
  readonly timezone: string | undefined
  /** The token of the tenant's own client. */
  readonly clientToken: string | undefined
  /** Sets a header of the answer; undefined where an answer has none. */
  readonly setHeader: ((name: string, value: string) => void) | undefined
  /** Aborted when nobody waits for the answer any more. */
  readonly gone: AbortSignal | undefined
  /** Where the key stands after this request; undefined where no key asks. */
  readonly rateLimit: Standing | undefined
}

/** The key that asks. Fields that use it have an auth scope that lets nobody else pass. */
export function actorOf(context: Context): Actor {
  if (context.caller.kind !== 'key') throw new Error('a field for secret keys has no auth scope')
  return context.caller.actor
}
