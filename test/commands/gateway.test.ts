import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { databaseOf, type Gateway, openGateway } from '../../src/commands/gateway.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { createLog } from '../../src/http/log.ts'
import { takePort } from '../http/house.ts'
import { eventually } from '../support/app.ts'
import { freshDatabase } from '../support/database.ts'
import { openProxy } from '../support/tcp-proxy.ts'

const log = createLog({ level: 'silent', pretty: false })
const SECRET_KEY = Buffer.alloc(32, 7).toString('base64')

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function database() {
  const fresh = await freshDatabase()
  cleanups.push(fresh.drop)
  return fresh
}

/** A gateway as a developer starts it, but for these settings. */
async function open(databaseUrl: string, settings: Partial<Config> = {}): Promise<Gateway> {
  const config = readConfig({ DATABASE_URL: databaseUrl, PORT: '0', SECRET_KEY }, '/nowhere')
  const gateway = await openGateway({ ...config, ...settings }, log)
  cleanups.push(gateway.stop)
  return gateway
}

function asks(gateway: Gateway, key: string | undefined): Promise<Response> {
  return fetch(`http://127.0.0.1:${gateway.port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key ?? '' },
    body: '{"query":"{ viewer { mode } }"}',
  })
}

test('several gateways on one database make one first key, which opens each of them', async () => {
  const { url } = await database()
  const gateways = await Promise.all([open(url), open(url)])
  const keys = gateways.map((gateway) => gateway.testKey).filter((key) => key !== undefined)
  expect(keys).toHaveLength(1)
  for (const gateway of gateways) {
    expect(await (await asks(gateway, keys[0])).json()).toEqual({ data: { viewer: { mode: 'TEST' } } })
  }
})

test('a subscriber is told that the gateway goes away', async () => {
  const gateway = await open((await database()).url)
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/graphql`, 'graphql-transport-ws')
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${gateway.testKey}` } }))
  expect(JSON.parse(String((await once(socket, 'message'))[0]))).toMatchObject({ type: 'connection_ack' })
  const query = 'subscription { events { id } }'
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  const closed = once(socket, 'close')
  await gateway.stop()
  expect((await closed)[0]).toBe(1001)
})

test('a gateway that drains says so and answers requests until the port is closed', async () => {
  const gateway = await open((await database()).url, { drainMs: 3_000 })
  const stopped = gateway.stop()
  const ready = await fetch(`http://127.0.0.1:${gateway.port}/health/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unready', reason: 'stopping' }])
  expect(await (await asks(gateway, gateway.testKey)).json()).toEqual({ data: { viewer: { mode: 'TEST' } } })
  await stopped
  await expect(asks(gateway, gateway.testKey)).rejects.toThrow()
})

test('without its database a gateway is live and not ready', async () => {
  const fresh = await freshDatabase()
  const gateway = await open(fresh.url)
  const url = `http://127.0.0.1:${gateway.port}/health`
  expect((await fetch(`${url}/ready`)).status).toBe(200)
  await fresh.drop()
  const unready = await eventually(async () => {
    const ready = await fetch(`${url}/ready`)
    return ready.status === 503 && ready.json()
  })
  expect(unready).toEqual({ status: 'unready', reason: 'database' })
  expect((await fetch(`${url}/live`)).status).toBe(200)
})

test('while it waits for its database a gateway is live, not ready, and tells everyone else to come back', async () => {
  const proxy = await openProxy((await database()).url)
  cleanups.push(() => proxy.close())
  proxy.goAway()
  const { port, free } = await takePort()
  free()
  const opening = open(proxy.url, { port })
  const at = `http://127.0.0.1:${port}`
  const live = await eventually(() => fetch(`${at}/health/live`).catch(() => undefined))
  expect(live.status).toBe(200)
  const ready = await fetch(`${at}/health/ready`)
  expect([ready.status, await ready.json()]).toEqual([503, { status: 'unready', reason: 'starting' }])
  const refused = await fetch(`${at}/graphql`, { method: 'POST', body: '{}' })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await refused.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } })
  const socket = new WebSocket(`${at}/graphql`, 'graphql-transport-ws')
  expect(String((await once(socket, 'error'))[0])).toContain('503')
  proxy.recover()
  const gateway = await opening
  expect(gateway.port).toBe(port)
  expect((await fetch(`${at}/health/ready`)).status).toBe(200)
})

test('a port that is taken is said at once, whatever the database does', async () => {
  const proxy = await openProxy((await database()).url)
  cleanups.push(() => proxy.close())
  const asked: boolean[] = []
  proxy.endNew(() => asked.push(true) > 0)
  const { port, free } = await takePort()
  await expect(open(proxy.url, { port })).rejects.toThrow(`cannot listen on 127.0.0.1:${port}`)
  free()
  expect(asked).toEqual([])
})

test('the line of the start says which database is used, without its user and password', async () => {
  const config = readConfig({ DATABASE_URL: 'postgres://shop:secret@db.example:5433/pay?sslmode=require' }, '/nowhere')
  expect(databaseOf(config)).toBe('db.example:5433/pay')
})

test('GraphiQL has a key filled in on a developer’s machine, and nowhere else', async () => {
  const { url } = await database()
  const page = async (settings: Partial<Config>) => {
    const gateway = await open(url, settings)
    const response = await fetch(`http://127.0.0.1:${gateway.port}/graphql`, { headers: { accept: 'text/html' } })
    return response.text()
  }
  const key = /sk_test_[0-9a-z]{30,}/
  const [shown] = key.exec(await page({})) ?? []
  expect(shown).toBeDefined()
  expect(await page({})).toContain(shown)
  expect(await page({ publicUrl: 'https://pay.example' })).not.toMatch(key)
  expect(await page({ environment: 'production' })).not.toMatch(key)
  expect(await page({ host: '0.0.0.0' })).not.toMatch(key)
})
