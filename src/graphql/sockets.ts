/** The open WebSockets of this node by the credential they came with, so that a key's end is theirs too. */
export interface Sockets {
  add(socket: OpenSocket): void
  remove(socket: OpenSocket): void
  /** Closes what a deleted key has open. */
  closeKey(apiKeyId: string): void
  all(): readonly OpenSocket[]
}

export interface OpenSocket {
  /** Undefined for the holder of a client secret. */
  readonly apiKeyId: string | undefined
  readonly credential: string
  close(code: number, reason: string): void
}

export const FORBIDDEN_CODE = 4403

export function openSockets(): Sockets {
  const sockets = new Set<OpenSocket>()
  return {
    add: (socket) => sockets.add(socket),
    remove: (socket) => sockets.delete(socket),
    closeKey(apiKeyId) {
      for (const socket of sockets) if (socket.apiKeyId === apiKeyId) socket.close(FORBIDDEN_CODE, 'Forbidden')
    },
    all: () => [...sockets],
  }
}
