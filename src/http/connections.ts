import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a peer may take to answer the close of its WebSocket. */
const GOODBYE_MS = 2_000

/** A close frame with status 1001, "going away": the same bytes whichever part of the house serves the socket. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9])

/** What a server has open, so that it can end all of it in good order. */
export interface Connections {
  addRunning(response: ServerResponse): void
  addSocket(socket: Duplex): void
  /** The response that is due on the socket, or under way. */
  runningOn(socket: Duplex): ServerResponse | undefined
  /** Goes on once every response on the socket has ended, unless the socket has ended with it. */
  afterRunning(socket: Duplex, goOn: () => void): void
  /** Says goodbye to the sockets, lets requests finish for so long, then cuts what is left. */
  drain(graceMs: number): Promise<void>
}

export function trackConnections(): Connections {
  const running = new Set<ServerResponse>()
  const sockets = new Set<Duplex>()
  let draining = false
  let onEmpty = () => {}

  function add<Thing extends ServerResponse | Duplex>(things: Set<Thing>, thing: Thing): void {
    things.add(thing)
    thing.once('close', () => {
      things.delete(thing)
      if (running.size + sockets.size === 0) onEmpty()
    })
  }

  const runningOn = (socket: Duplex) => [...running].find((response) => response.socket === socket)

  function afterRunning(socket: Duplex, goOn: () => void): void {
    const response = runningOn(socket)
    if (response) response.once('close', () => afterRunning(socket, goOn))
    else if (!socket.destroyed) goOn()
  }

  return {
    addRunning(response) {
      add(running, response)
      // A connection kept alive would bring further requests to a server that is leaving.
      if (draining) response.shouldKeepAlive = false
    },
    addSocket(socket) {
      add(sockets, socket)
    },
    runningOn,
    afterRunning,
    async drain(graceMs) {
      draining = true
      for (const response of running) response.shouldKeepAlive = false
      for (const socket of sockets) if (socket.writable) socket.write(GOING_AWAY)
      const overdueSockets = setTimeout(() => destroyAll(sockets), GOODBYE_MS)
      if (running.size + sockets.size > 0) {
        const empty = new Promise<void>((resolve) => {
          onEmpty = resolve
        })
        await Promise.race([empty, sleep(graceMs, undefined, { ref: false })])
      }
      clearTimeout(overdueSockets)
      destroyAll(sockets)
    },
  }
}

function destroyAll(sockets: Iterable<Duplex>): void {
  for (const socket of sockets) socket.destroy()
}
