import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { basePath } from '../context.ts'
import type { Context } from './context.ts'
import { apiErrorFrom } from './errors.ts'
import { isFinal } from './session.ts'
import { readTransaction, type StatusQuery, statusFrame, statusQuery } from './status.ts'

export interface StatusSocket {
  isAt(path: string): boolean
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

const MAX_MESSAGE_BYTES = 1_024
/** Clients have nothing to say but a sign of life now and then. */
const MESSAGES_AT_MOST = 100
const SOCKETS_AT_MOST = 500
/** A transaction is watched by its page, its shop and a few onlookers. */
const SOCKETS_PER_TRANSACTION = 20
const PING_EVERY_MS = 12_000

/** A change made by another process is seen by looking again. */
const LOOK_AGAIN_MS = 1_000

const NORMAL = 1000
const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
const TRY_AGAIN_LATER = 1013

export function createStatusSocket(context: Context): StatusSocket {
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const path = `${basePath(context)}/v1/transaction/status/ws`
  const onTransaction = new Map<string, number>()

  /** Takes a place for the socket, which its end gives back; false where there is none. */
  function admit(client: WebSocket, uuid: string): boolean {
    const here = onTransaction.get(uuid) ?? 0
    if (server.clients.size > SOCKETS_AT_MOST || here >= SOCKETS_PER_TRANSACTION) return false
    onTransaction.set(uuid, here + 1)
    client.on('close', () => {
      const left = (onTransaction.get(uuid) ?? 1) - 1
      if (left > 0) onTransaction.set(uuid, left)
      else onTransaction.delete(uuid)
    })
    return true
  }

  function serve(client: WebSocket, parameters: URLSearchParams): void {
    client.on('error', (error) => context.log.info({ err: error }, 'a status socket broke'))
    try {
      const query = statusQuery(parameters)
      if (admit(client, query.uuid)) {
        limitMessages(client)
        endWhenSilent(client)
        follow(context, client, query)
      } else client.close(TRY_AGAIN_LATER, 'too many status sockets')
    } catch (error) {
      refuse(context, client, error)
    }
  }

  return {
    isAt: (asked) => asked.replace(/\/+$/, '') === path,
    handleUpgrade(request, socket, head) {
      const { searchParams } = new URL(`http://sandbox${request.url}`)
      server.handleUpgrade(request, socket, head, (client) => serve(client, searchParams))
    },
    close() {
      for (const client of server.clients) client.close(GOING_AWAY)
      server.close()
    },
  }
}

function limitMessages(client: WebSocket): void {
  let heard = 0
  client.on('message', () => {
    heard += 1
    if (heard > MESSAGES_AT_MOST) client.close(POLICY_VIOLATION, 'too many messages')
  })
}

/** Ends the connection to a client that has not answered the last ping. */
function endWhenSilent(client: WebSocket): void {
  let answered = true
  client.on('pong', () => {
    answered = true
  })
  const pinging = setInterval(() => {
    if (answered) client.ping()
    else client.terminate()
    answered = false
  }, PING_EVERY_MS)
  pinging.unref()
  client.on('close', () => clearInterval(pinging))
}

/** Sends where the transaction stands, then each change; ends with 1000, since clients come back after any other end. */
function follow(context: Context, client: WebSocket, query: StatusQuery): void {
  let sent = 0
  let reading: Promise<void> = Promise.resolve()
  const look = () => {
    reading = reading.then(() => pump()).catch((error) => refuse(context, client, error))
  }

  async function pump(): Promise<void> {
    if (client.readyState !== client.OPEN) return
    const trace = await readTransaction(context, query)
    const from = sent === 0 ? trace.history.length - 1 : sent
    for (let index = from; index < trace.history.length; index += 1) client.send(statusFrame(trace, index))
    sent = trace.history.length
    const last = trace.history.at(-1)
    if (last && isFinal(last.status)) client.close(NORMAL)
  }

  const stop = context.changes.listen(query.uuid, look)
  const timer = setInterval(look, LOOK_AGAIN_MS)
  timer.unref()
  client.on('close', () => {
    stop()
    clearInterval(timer)
  })
  look()
}

function refuse({ log }: Context, client: WebSocket, error: unknown): void {
  if (client.readyState !== client.OPEN) return
  const known = apiErrorFrom(error)
  if (!known) log.error({ err: error }, 'the simulator could not read a status')
  const message = known?.message ?? 'internal server error'
  client.send(JSON.stringify({ error: message, status: known?.status ?? 500, message }))
  client.close(NORMAL)
}
