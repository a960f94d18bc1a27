import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { createGraphql } from '../../src/graphql/yoga.ts'
import { aheadOf, systemClock } from '../../src/kernel/clock.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call, openApp } from '../support/app.ts'
import { type Door, openDoor, openDoorTo } from './door.ts'
import { connect } from './socket.ts'

/** The system's clock, moved so that no window ends within these tests. */
const WINDOW_MS = 900_000
const clock = aheadOf(systemClock, WINDOW_MS - (systemClock.now().getTime() % WINDOW_MS))

/** Two nodes on one database, each with a door of its own. */
let door: Door
let second: { app: App; url: string; close(): Promise<void> }

beforeAll(async () => {
  door = await openDoor({}, { clock })
  const app = await openApp(door.house.databaseUrl, { clock })
  second = { app, ...(await openDoorTo(createGraphql(app, OPTIONS))) }
})
afterAll(async () => {
  await second.close()
  await second.app.close()
  await door.close()
})

const OPTIONS = { corsOrigins: [], publicUrl: 'http://tollgate.test', graphiql: false, introspection: true }
const MODE = '{ viewer { mode } }'
const CREATE = `mutation ($name: String!) { createProduct(input: {
  name: $name, description: "Blue", price: { amount: "1.00", currency: "USD" } }) { product { id } } }`

async function keyWith(rateLimit: number): Promise<{ id: string; key: string }> {
  const { id, secret } = await door.app.keys.create(call(await door.house.actor()), {
    name: 'limited',
    role: 'OWNER',
    rateLimit,
  })
  return { id, key: secret ?? '' }
}

const post = (url: string, key: string, query: string, variables: object = {}, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify({ query, variables }),
  })

/** Through the door of the usual request, and through the one that a request takes which wants something unusual. */
const DOORS: [string, Record<string, string>][] = [
  ['the usual door', {}],
  ['the door of other origins', { origin: 'https://shop.example' }],
]

describe.each(DOORS)('through %s', (name, headers) => {
  test('every answer says where the key stands, and over the limit it is 429 and nothing is done', async () => {
    const { key } = await keyWith(3)
    for (const remaining of ['2', '1']) {
      const answer = await post(door.url, key, MODE, {}, headers)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-ratelimit-limit')).toBe('3')
      expect(answer.headers.get('x-ratelimit-remaining')).toBe(remaining)
      const reset = Number(answer.headers.get('x-ratelimit-reset'))
      expect(reset % 900).toBe(0)
      expect(reset * 1_000 - door.app.clock.now().getTime()).toBeLessThanOrEqual(900_000)
    }
    const broken = await post(door.url, key, '{ viewer { ', {}, headers)
    expect([broken.status, broken.headers.get('x-ratelimit-remaining')]).toEqual([200, '0'])
    const over = await post(door.url, key, CREATE, { name: `Never ${name}` }, { ...headers, 'idempotency-key': 'k1' })
    expect(over.status).toBe(429)
    expect(over.headers.get('x-ratelimit-remaining')).toBe('0')
    expect(Number(over.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(over.headers.get('retry-after'))).toBeLessThanOrEqual(900)
    expect(await over.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    expect(await door.app.db.prisma.product.count({ where: { name: `Never ${name}` } })).toBe(0)
    expect(await door.app.db.prisma.idempotencyRecord.count({ where: { key: 'k1' } })).toBe(0)
  })
})

test('over the limit a document that is not even read is 429 too', async () => {
  const { key } = await keyWith(1)
  await post(door.url, key, MODE)
  expect((await post(door.url, key, '{ viewer { ')).status).toBe(429)
})

test('a credential that is not valid, and nobody in particular, are not counted and told nothing of limits', async () => {
  for (const headers of [{ authorization: 'Bearer sk_test_nobody' }, { authorization: '' }]) {
    const answer = await post(door.url, '', '{ __typename }', {}, headers)
    expect(answer.headers.has('x-ratelimit-limit')).toBe(false)
  }
})

test('two nodes together let a key through as often as its limit says', async () => {
  const { key } = await keyWith(60)
  const urls = [door.url, second.url]
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => post(urls[n % 2] ?? '', key, MODE)))
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(60)
  expect(statuses.filter((status) => status === 429)).toHaveLength(40)
})

test('a limit that a manager raises holds on every node at once', async () => {
  const { id, key } = await keyWith(1)
  await post(door.url, key, MODE)
  expect((await post(second.url, key, MODE)).status).toBe(429)
  const actor = await door.house.actor()
  await door.app.keys.update(call(actor), { id: encodeId('ApiKey', id), rateLimit: 3 })
  for (const url of [second.url, door.url]) expect((await post(url, key, MODE)).status).toBe(200)
  expect((await post(second.url, key, MODE)).status).toBe(429)
})

test('over a WebSocket each operation counts one, and a refused one is told so alone', async () => {
  const { key } = await keyWith(2)
  const peer = await connect(door.url)
  await peer.init({ apiKey: key })
  peer.subscribe('1', '{ viewer { rateLimit { limit remaining } } }')
  expect((await peer.next()).payload.data.viewer.rateLimit).toEqual({ limit: 2, remaining: 1 })
  await peer.next()
  expect((await post(door.url, key, MODE)).headers.get('x-ratelimit-remaining')).toBe('0')
  peer.subscribe('2', MODE)
  expect(await peer.next()).toMatchObject({
    type: 'error',
    id: '2',
    payload: [{ extensions: { code: 'RATE_LIMITED' } }],
  })
  peer.send({ type: 'ping' })
  expect((await peer.next()).type).toBe('pong')
  peer.socket.terminate()
})

test('viewer.rateLimit says what the headers say', async () => {
  const { key } = await keyWith(7)
  const answer = await post(door.url, key, '{ viewer { rateLimit { limit remaining resetAt } apiKey { rateLimit } } }')
  const { data } = (await answer.json()) as { data: { viewer: { rateLimit: Record<string, unknown>; apiKey: object } } }
  const { limit, remaining, resetAt } = data.viewer.rateLimit
  expect([limit, remaining, Date.parse(String(resetAt)) / 1_000].map(String)).toEqual(
    ['limit', 'remaining', 'reset'].map((name) => answer.headers.get(`x-ratelimit-${name}`)),
  )
  expect(data.viewer.apiKey).toEqual({ rateLimit: 7 })
})

test('a key that is deleted on one node loses its sockets on the other at once', async () => {
  const { id, key } = await keyWith(50)
  const peer = await connect(second.url)
  await peer.init({ apiKey: key })
  peer.subscribe('1', MODE)
  await peer.next()
  const since = performance.now()
  await door.app.keys.remove(call(await door.house.actor()), { id: encodeId('ApiKey', id) })
  expect((await peer.closed).code).toBe(4401)
  expect(performance.now() - since).toBeLessThan(5_000)
})
