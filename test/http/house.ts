import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { addressLimit } from '../../src/http/address-limit.ts'
import { createLog } from '../../src/http/log.ts'
import { createRoutes, type House, type Notification } from '../../src/http/routes.ts'
import { openServer } from '../../src/http/server.ts'
import { systemClock } from '../../src/kernel/clock.ts'

type Parts = Partial<House> & {
  drainMs?: number
  graceMs?: number
  askDatabase?: () => Promise<unknown>
  lateSchedules?: () => string[]
}

/** The product's own HTTP server and routes, with nothing behind them but what the test puts there. */
export async function openDoor(parts: Parts = {}) {
  const lines: Record<string, unknown>[] = []
  const log = createLog({
    level: 'debug',
    pretty: false,
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  })
  const server = await openServer({
    host: '127.0.0.1',
    port: 0,
    log,
    ...(parts.drainMs === undefined ? {} : { drainMs: parts.drainMs }),
    ...(parts.graceMs === undefined ? {} : { graceMs: parts.graceMs }),
  })
  const received: Notification[] = []
  const house: House = {
    graphql: nothing,
    inbox: {
      async receive(notification) {
        received.push(notification)
        return { status: 200, body: { received: true } }
      },
      isKnown: () => false,
    },
    addressLimit: addressLimit(),
    access: { authenticate: async () => 'invalid' },
    accounting: {
      export: () => {
        throw new Error('nobody may')
      },
    },
    clock: systemClock,
    rateLimits: {
      take: async ({ limit }) => ({ granted: true, limit, remaining: limit - 1, resetAt: systemClock.now() }),
    },
    clientAuthentication: { check: async () => 'allowed' },
    exports: { data: () => Promise.reject(new Error('nobody may')) },
    claims: { open: async () => undefined, claim: async () => {} },
    sandboxes: {},
    readiness: {
      isStopping: server.isStopping,
      askDatabase: parts.askDatabase ?? (async () => {}),
      lateSchedules: parts.lateSchedules ?? (() => []),
      patienceMs: 100,
      log,
    },
    metrics: undefined,
    prefix: '',
    graphiql: false,
    log,
    ...parts,
  }
  server.attach(createRoutes(house))
  return { server, url: `http://127.0.0.1:${server.port}`, lines, received }
}

const nothing: House['graphql'] = {
  request: (_request, response) => response.end('{}'),
  upgrade: (_request, socket) => socket.destroy(),
}

/** A TCP port that is taken until `free` is called. */
export async function takePort() {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  return { port: (taken.address() as AddressInfo).port, free: () => taken.close() }
}
