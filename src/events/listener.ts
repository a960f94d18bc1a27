import { type Client, newConnection } from '../db/connection.ts'
import { isSilence, withDeadline } from '../db/health.ts'

/**
 * The connection on which PostgreSQL tells that something was committed. A connection can die in silence, so this one
 * is asked for an answer every few seconds, and replaced when none comes.
 */

const HEARTBEAT_MS = 3_000
const SILENCE_MS = 3_000
const RECONNECT_MS = 500

interface Parts {
  readonly url: string
  readonly channels: readonly string[]
  /** It listens, for the first time or again: what was told meanwhile was missed. */
  onListening(): void
  onNotification(channel: string, payload: string): void
  onError(error: unknown): void
  /** The connection died in silence, and others may have. */
  onSilence(): void
}

export interface Listener {
  close(): void
}

/** Listens until it is closed. Rejects when the first connection cannot be made. */
export async function openListener(parts: Parts): Promise<Listener> {
  let current: Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function later(what: () => Promise<void>, ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => what().catch(parts.onError), ms)
    timer.unref()
  }

  async function listen(): Promise<void> {
    const client = await connect(parts)
    if (closed) return cutOff(client)
    current = client
    // An end that is noticed at once need not wait for the next heartbeat.
    client.once('end', () => replace(client))
    later(() => askForLife(client), HEARTBEAT_MS)
  }

  async function askForLife(client: Client): Promise<void> {
    try {
      await client.query(withDeadline('SELECT 1', SILENCE_MS))
      later(() => askForLife(client), HEARTBEAT_MS)
    } catch (error) {
      parts.onError(error)
      if (isSilence(error)) parts.onSilence()
      replace(client)
    }
  }

  function replace(client: Client): void {
    if (closed || client !== current) return
    current = undefined
    cutOff(client)
    later(listenAgain, RECONNECT_MS)
  }

  async function listenAgain(): Promise<void> {
    try {
      await listen()
    } catch (error) {
      parts.onError(error)
      if (!closed) later(listenAgain, RECONNECT_MS)
    }
  }

  await listen()
  return {
    close(): void {
      closed = true
      clearTimeout(timer)
      if (current) cutOff(current)
    },
  }
}

async function connect({ url, channels, onListening, onNotification, onError }: Parts): Promise<Client> {
  const client = newConnection(url, { name: 'tollgate events' })
  client.on('error', onError)
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload))
  try {
    await client.connect()
    for (const channel of channels) await client.query(withDeadline(`LISTEN ${channel}`, SILENCE_MS))
  } catch (error) {
    cutOff(client)
    throw error
  }
  onListening()
  return client
}

/** Not waited for: a server that keeps silent does not say goodbye. */
function cutOff(client: Client): void {
  client.end().catch(() => {})
}
