import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Received } from '../../src/inbox/service.ts'
import { openDoor } from '../http/house.ts'
import { qbitflowOf, type TestApp } from './app.ts'

/** What goes wrong: before the provider heard the request, or after it did what was asked. */
export type Fault =
  | 'lost on the way'
  | 'answer lost'
  /** The provider takes its time, until the wire lets go. */
  | 'held'
  | 'answer cut off'
  | 'answer garbled'
  | { readonly status: number }

export interface Asked {
  readonly method: string
  /** Without the part that every path of the API begins with. */
  readonly path: string
  readonly body: string
}

/** The way to a provider where no status socket is asked for. */
export function noSocket(): never {
  throw new Error('no WebSocket is expected here')
}

/** A real network between an adapter and its simulator, which can fail and which keeps the webhooks to itself. */
export interface Wire {
  /** Of the API behind the wire. */
  readonly baseUrl: string
  readonly requests: Asked[]
  /** How many status sockets were asked for. */
  sockets: number
  /** The provider's genuine notifications, none of them delivered. */
  readonly notifications: Received[]
  /** Which requests fail from now on; `undefined` mends the wire. */
  fault: ((request: Asked) => Fault | undefined) | undefined
  /** Lets everything go on that is held. */
  letGo(): void
  count(method: string, path: string): number
  close(): Promise<void>
}

const MOUNT = '/sandbox/qbitflow'
const HOOKS = '/hooks'

/** Puts the wire between a tenant and its simulator until it is closed. */
export async function wireTo(house: TestApp, tenantId: string): Promise<Wire> {
  const qbitflow = qbitflowOf(house.app)
  const { fetch: direct } = qbitflow
  const { wire, origin } = await openWire(house, tenantId)
  const account = `sk_${tenantId.replaceAll('-', '')}_`
  qbitflow.fetch = async (request) => {
    if (!request.headers.get('x-api-key')?.startsWith(account)) return direct(request)
    const { pathname, search } = new URL(request.url)
    const body = await request.text()
    const { method, headers, signal } = request
    return fetch(`${origin}${pathname}${search}`, { method, headers, signal, ...(body && { body }) })
  }
  return closing(wire, async () => {
    qbitflow.fetch = direct
  })
}

/** The same with the connection at an address of its own, as of a provider that is not simulated. */
export async function wireToHost(house: TestApp, tenantId: string): Promise<Wire> {
  const connections = house.app.db.prisma.providerConnection
  const where = { tenantId_provider: { tenantId, provider: 'QBITFLOW' as const } }
  const { baseUrl } = await connections.findUniqueOrThrow({ where })
  const { wire } = await openWire(house, tenantId)
  await connections.update({ where, data: { baseUrl: wire.baseUrl } })
  return closing(wire, () => connections.update({ where, data: { baseUrl } }))
}

function closing(wire: Wire, restore: () => Promise<unknown>): Wire {
  const { close } = wire
  return Object.assign(wire, {
    async close() {
      await close()
      await restore()
    },
  })
}

async function openWire({ app }: TestApp, tenantId: string) {
  const where = { tenantId_provider: { tenantId, provider: 'QBITFLOW' as const } }
  const connection = await app.db.prisma.providerConnection.findUniqueOrThrow({ where })
  const simulator = { ...qbitflowOf(app) }
  const door = await openDoor({ graceMs: 0, sandboxes: { qbitflow: simulator } })
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const held: (() => void)[] = []

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming)
    if (incoming.url === HOOKS) {
      const headers = new Headers(incoming.headers as Record<string, string>)
      wire.notifications.push({
        provider: 'qbitflow',
        connectionId: connection.id,
        headers,
        rawBody: body,
        requestId: 'wire',
      })
      outgoing.end()
      return
    }
    const asked = { method: incoming.method ?? '', path: pathOf(incoming), body }
    wire.requests.push(asked)
    const fault = wire.fault?.(asked)
    if (fault === 'held') await new Promise<void>((resolve) => held.push(resolve))
    if (fault === 'lost on the way') outgoing.destroy()
    else if (typeof fault === 'object') outgoing.writeHead(fault.status).end('{"error":"the provider is down"}')
    else await reply(outgoing, await forward(incoming, body), fault)
  }

  function forward(incoming: IncomingMessage, body: string): Promise<Response> {
    const heard = body.replace(/"webhookUrl":"[^"]*"/, `"webhookUrl":"${origin}${HOOKS}"`)
    const { url = '', method = '' } = incoming
    const key = incoming.headers['idempotency-key']
    const headers = {
      'x-api-key': String(incoming.headers['x-api-key']),
      ...(key !== undefined && { 'idempotency-key': String(key) }),
    }
    return fetch(`${door.url}${url}`, { method, headers, ...(heard && { body: heard }) })
  }

  server.on('upgrade', (incoming, socket, head) => {
    wire.sockets += 1
    const fault = wire.fault?.({ method: 'GET', path: pathOf(incoming), body: '' })
    if (fault) socket.destroy()
    else simulator.upgrade(incoming, socket, head)
  })

  const wire: Wire = {
    baseUrl: `${origin}${MOUNT}/v1`,
    requests: [],
    sockets: 0,
    notifications: [],
    fault: undefined,
    letGo() {
      for (const resolve of held.splice(0)) resolve()
    },
    count: (method, path) =>
      wire.requests.filter((each) => each.method === method && each.path.startsWith(path)).length,
    async close() {
      wire.letGo()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await door.server.stop()
    },
  }
  return { wire, origin }
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return String(Buffer.concat(chunks))
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(`${MOUNT}/v1`, '')
}

async function reply(outgoing: ServerResponse, response: Response, fault: Fault | undefined): Promise<void> {
  const text = await response.text()
  if (fault === 'answer lost') return void outgoing.destroy()
  outgoing.writeHead(response.status, { 'content-type': 'application/json' })
  if (fault !== 'answer cut off') return void outgoing.end(fault === 'answer garbled' ? '<html>' : text)
  outgoing.write(text.slice(0, text.length / 2))
  setTimeout(() => outgoing.destroy(), 5)
}
