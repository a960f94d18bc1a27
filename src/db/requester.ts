import { AsyncLocalStorage } from 'node:async_hooks'

/** On whose behalf the database is asked, which the pools look at so that nobody takes what others need. */
export interface Requester {
  /** Who shares connections with whom: a tenant's id, or the name of a door where the tenant is not known. */
  readonly party: string
  /** Ends what the database does for it. */
  readonly signal?: AbortSignal | undefined
}

const BACKGROUND: Requester = { party: 'background' }
const storage = new AsyncLocalStorage<Requester>()

export function onBehalfOf<T>(requester: Requester, work: () => T): T {
  return storage.run(requester, work)
}

/** Whoever the work at hand is done for; what nobody waits for is background work. */
export function requester(): Requester {
  return storage.getStore() ?? BACKGROUND
}
