import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createLog } from '../../src/http/log.ts'
import { openServer } from '../../src/http/server.ts'
import { openDoor, takePort } from './house.ts'

const silent = createLog({ level: 'silent', pretty: false })
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function open(parts: Parameters<typeof openDoor>[0] = {}) {
  const door = await openDoor(parts)
  cleanups.push(() => door.server.stop())
  return door
}

describe('starting', () => {
  test('a gateway that is starting is live, and tells everyone else to come back', async () => {
    const server = await openServer({ host: '127.0.0.1', port: 0, log: silent })
    cleanups.push(() => server.stop())
    const url = `http://127.0.0.1:${server.port}`
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    for (const [path, body] of [
      ['/health/ready', { status: 'unready', reason: 'starting' }],
      ['/graphql', { error: { code: 'UNAVAILABLE' } }],
      ['/metrics', { error: { code: 'UNAVAILABLE' } }],
    ] as const) {
      const response = await fetch(url + path)
      expect([path, response.status, response.headers.get('retry-after')]).toEqual([path, 503, '1'])
      expect(await response.json()).toMatchObject(body)
    }
  })

  test('a port that is taken is one plain sentence', async () => {
    const taken = await takePort()
    cleanups.push(taken.free)
    await expect(openServer({ host: '127.0.0.1', port: taken.port, log: silent })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${taken.port}: another program is listening there already`,
    )
  })
})

describe('request ids', () => {
  test('every answer and every log line carries one, new when none was given', async () => {
    const { url, lines } = await open()
    const response = await fetch(`${url}/nowhere?key=sk_test_secret`)
    const id = response.headers.get('x-request-id')
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(await response.json()).toEqual({
      error: { code: 'NOT_FOUND', message: 'There is nothing at this address.', requestId: id },
    })
    await expect.poll(() => lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ method: 'GET', path: '/nowhere', status: 404, requestId: id })
    expect(JSON.stringify(lines)).not.toContain('sk_test_secret')
  })

  test('a sane one is kept, a harmful one is replaced', async () => {
    const { url } = await open()
    const ask = async (id: string) =>
      (await fetch(`${url}/health/live`, { headers: { 'x-request-id': id } })).headers.get('x-request-id')
    expect(await ask('order-7/attempt.2')).toBe('order-7/attempt.2')
    for (const bad of ['two words', '<script>', 'x'.repeat(129), '{"a":1}']) {
      expect(await ask(bad)).toMatch(/^[0-9a-f-]{36}$/)
    }
  })

  test('the GraphQL part reads the same id in the headers', async () => {
    const { url } = await open({
      graphql: {
        request: (request, response) => response.end(String(request.headers['x-request-id'])),
        upgrade: (_request, socket) => socket.destroy(),
      },
    })
    const response = await fetch(`${url}/graphql`)
    expect(await response.text()).toBe(response.headers.get('x-request-id'))
  })
})

describe('a graceful stop', () => {
  test('a running request is answered, a new connection is not', async () => {
    let answer = () => {}
    const door = await openDoor({
      graphql: {
        request: (_request, response) =>
          new Promise<void>((resolve) => {
            answer = () => resolve(void response.end('done'))
          }),
        upgrade: (_request, socket) => socket.destroy(),
      },
    })
    const running = fetch(`${door.url}/graphql`)
    await sleep(30)
    const stopped = door.server.stop()
    await expect(fetch(`${door.url}/health/live`)).rejects.toThrow()
    answer()
    const response = await running
    expect(await response.text()).toBe('done')
    expect(response.headers.get('connection')).toBe('close')
    await stopped
  })

  test('is told at /health/ready before the port is closed, while requests are served and sent elsewhere', async () => {
    const drainMs = 3_000
    const door = await openDoor({ drainMs })
    const ask = (path: string) => fetch(`${door.url}${path}`)
    expect((await ask('/health/ready')).status).toBe(200)
    const stopped = door.server.stop()
    const ready = await ask('/health/ready')
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unready', reason: 'stopping' }])
    const served = await ask('/graphql')
    expect([served.status, await served.text(), served.headers.get('connection')]).toEqual([200, '{}', 'close'])
    expect((await ask('/health/live')).status).toBe(200)
    await stopped
    await expect(ask('/health/ready')).rejects.toThrow()
  })

  test('of a gateway that is still starting waits for no load balancer', async () => {
    const server = await openServer({ host: '127.0.0.1', port: 0, log: silent, drainMs: 600_000 })
    await server.stop()
    await expect(fetch(`http://127.0.0.1:${server.port}/health/live`)).rejects.toThrow()
  })

  test('a request that does not end is cut after the grace', async () => {
    const door = await openDoor({
      graceMs: 50,
      graphql: { request: () => new Promise(() => {}), upgrade: (_request, socket) => socket.destroy() },
    })
    const running = fetch(`${door.url}/graphql`)
    await sleep(30)
    await Promise.all([door.server.stop(), expect(running).rejects.toThrow()])
  })

  test('WebSockets are closed with 1001', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    const door = await openDoor({
      graphql: {
        request: () => {},
        upgrade: (request, socket, head) =>
          sockets.handleUpgrade(request, socket, head, (peer) => sockets.emit('connection', peer)),
      },
    })
    const socket = new WebSocket(`ws://127.0.0.1:${door.server.port}/graphql`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    await door.server.stop()
    expect((await closed)[0]).toBe(1001)
  })

  test('a connection kept alive by its client does not hold the stop up', async () => {
    const door = await openDoor()
    const socket = connect(door.server.port, '127.0.0.1')
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(socket, 'data')
    const gone = once(socket, 'close')
    await Promise.all([door.server.stop(), gone])
  })
})

test('a handler that throws is answered with 500, without its message', async () => {
  const { url, lines } = await open({
    graphql: {
      request: async () => {
        throw new Error('password=hunter2')
      },
      upgrade: () => {
        throw new Error('no sockets here')
      },
    },
  })
  const response = await fetch(`${url}/graphql`)
  expect(response.status).toBe(500)
  expect(await response.text()).not.toContain('hunter2')
  expect(lines.some((line) => line.level === 'error')).toBe(true)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`)
  await once(socket, 'error')
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
})

test('a WebSocket to an unknown path is answered with 404', async () => {
  const { url } = await open()
  for (const path of ['/', '/graphqll', '/sandbox/nobody/ws', '/sandbox/constructor/ws', '/sandbox']) {
    const socket = new WebSocket(url.replace('http', 'ws') + path)
    const [error] = await once(socket, 'error')
    expect(String(error)).toContain('404')
  }
})

test('bytes that are no HTTP, and a peer that resets, leave the gateway standing', async () => {
  const { url, server } = await open()
  const noise = connect(server.port, '127.0.0.1')
  noise.on('error', () => {})
  noise.resume()
  noise.write('\u0016\u0003\u0001 not http at all\r\n\r\n')
  await once(noise, 'close')
  const rude = connect(server.port, '127.0.0.1')
  rude.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  rude.resetAndDestroy()
  await sleep(20)
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
})
