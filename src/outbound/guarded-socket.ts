import type { ClientRequestArgs } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { addressGuard, type GuardOptions } from './guard.ts'

/** Opens a WebSocket to an http or https address. @throws AddressRefused where the address is reason enough */
export type OpenSocket = (url: string, headers: Readonly<Record<string, string>>) => WebSocket

const LIMITS = { handshakeTimeout: 5_000, maxPayload: 64 * 1024 } as const

/** WebSockets to addresses that users name, held to where requests are held. Redirects are not followed. */
export function guardedSocket(options: GuardOptions): OpenSocket {
  const guard = addressGuard(options)
  return (url, headers) => {
    const target = guard.check(url)
    return open(target.href, { ...LIMITS, headers, lookup: guard.lookup })
  }
}

/** A WebSocket to this gateway itself. */
export const localSocket: OpenSocket = (url, headers) => open(url, { ...LIMITS, headers })

function open(url: string, options: ClientOptions & ClientRequestArgs): WebSocket {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), options)
  // Whoever reads from it hears of the failure; one that comes when nobody does must not end the process.
  socket.on('error', () => {})
  return socket
}
