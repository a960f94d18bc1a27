import type { EventRow } from '../db/rows.ts'
import type { Actor } from '../kernel/actor.ts'
import type { Services } from './services.ts'

/** The open WebSockets of this node by the credential they came with, so that a key's end is theirs too. */
export interface Sockets {
  add(socket: OpenSocket): void
  remove(socket: OpenSocket): void
  /** Closes what a deleted key has open here. */
  closeKey(apiKeyId: string): void
  all(): readonly OpenSocket[]
}

export interface OpenSocket {
  /** Undefined for the holder of a client secret. */
  readonly key: Pick<Actor, 'tenantId' | 'apiKeyId'> | undefined
  readonly credential: string
  close(code: number, reason: string): void
}

/**
 * How a socket is closed whose credential is worth nothing. Clients of the protocol give up at this code, and come back
 * after 4403.
 */
export const UNAUTHORIZED_CODE = 4401
export const UNAUTHORIZED = 'The credential is not valid'

/** A tenant's keys that were deleted, as long as one of its keys has a socket here. */
interface Watch {
  readonly events: AsyncIterableIterator<EventRow>
  sockets: number
}

export function openSockets({ stream, log }: Pick<Services, 'stream' | 'log'>): Sockets {
  const sockets = new Set<OpenSocket>()
  const watches = new Map<string, Watch>()

  function closeKey(apiKeyId: string): void {
    for (const socket of sockets) if (socket.key?.apiKeyId === apiKeyId) socket.close(UNAUTHORIZED_CODE, UNAUTHORIZED)
  }

  function watch(tenantId: string): void {
    let found = watches.get(tenantId)
    if (!found) {
      found = { events: stream.follow({ tenantId, types: ['api_key.deleted'] }), sockets: 0 }
      watches.set(tenantId, found)
      // Where the stream fails, the regular check of every open credential finds the deleted key a little later.
      closeDeleted(found.events).catch((error) => log.warn({ err: error }, 'watching for deleted keys failed'))
    }
    found.sockets += 1
  }

  async function closeDeleted(events: Watch['events']): Promise<void> {
    for await (const { entityId } of events) closeKey(entityId)
  }

  function unwatch(tenantId: string): void {
    const found = watches.get(tenantId)
    if (!found) return
    found.sockets -= 1
    if (found.sockets > 0) return
    watches.delete(tenantId)
    found.events.return?.().catch(() => {})
  }

  return {
    add(socket) {
      sockets.add(socket)
      if (socket.key) watch(socket.key.tenantId)
    },
    remove(socket) {
      if (sockets.delete(socket) && socket.key) unwatch(socket.key.tenantId)
    },
    closeKey,
    all: () => [...sockets],
  }
}
