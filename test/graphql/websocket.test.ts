import { createClient } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { encodeId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ITEM } from '../support/shop.ts'
import { type Door, openDoor } from './door.ts'
import { connect, type Peer } from './socket.ts'

let door: Door
const peers: Peer[] = []
beforeAll(async () => {
  door = await openDoor({ corsOrigins: ['https://shop.example'] })
})
afterAll(async () => {
  for (const { socket } of peers) socket.terminate()
  await door.close()
})

async function peer(options: Parameters<typeof connect>[1] = {}): Promise<Peer> {
  const opened = await connect(door.url, options)
  peers.push(opened)
  return opened
}

async function ready(payload?: object): Promise<Peer> {
  const opened = await peer()
  await opened.init(payload)
  return opened
}

const EVENTS = 'subscription { events(types: ["product.created"]) { type } }'

test.each([
  ['that is no JSON', 'hello'],
  ['of no known type', { type: 'hello' }],
  ['that is binary', Buffer.from('{"type":"connection_init"}')],
  ['that subscribes to nothing', { type: 'subscribe', id: '1', payload: {} }],
])('a message %s closes with 4400', async (_name, message) => {
  const it = await peer()
  it.send(message)
  expect((await it.closed).code).toBe(4400)
})

test('subscribing before the acknowledgement closes with 4401', async () => {
  const it = await peer()
  it.subscribe('1', EVENTS)
  expect((await it.closed).code).toBe(4401)
})

test('a bad credential in connection_init closes with 4401', async () => {
  for (const payload of [
    { authorization: 'Bearer sk_test_nobody' },
    { apiKey: 'x' },
    { clientSecret: 'chk_x_secret_y' },
  ]) {
    const it = await peer()
    it.send({ type: 'connection_init', payload })
    expect((await it.closed).code).toBe(4401)
  }
})

test('no connection_init in three seconds closes with 4408', async () => {
  expect((await (await peer()).closed).code).toBe(4408)
})

test('a second subscription of the same id closes with 4409', async () => {
  const { key } = await door.as()
  const it = await ready({ authorization: `Bearer ${key}` })
  it.subscribe('1', EVENTS)
  it.subscribe('1', EVENTS)
  expect((await it.closed).code).toBe(4409)
})

test('a second connection_init closes with 4429', async () => {
  const it = await ready()
  it.send({ type: 'connection_init' })
  expect((await it.closed).code).toBe(4429)
})

test('a message above 64 KB closes with 1009', async () => {
  const it = await peer()
  it.send({ type: 'connection_init', payload: { x: 'x'.repeat(70_000) } })
  expect((await it.closed).code).toBe(1009)
})

test('a client that knows another protocol alone does not get a connection that serves it', async () => {
  const socket = new WebSocket(door.url.replace('http', 'ws'))
  const code = await new Promise((resolve) => socket.on('close', resolve))
  expect(code).toBe(4406)
  await expect(peer({ protocol: 'graphql-ws' })).rejects.toThrow()
})

test('a page of a foreign origin is refused, one of ours or of an allowed origin is served', async () => {
  for (const origin of ['https://evil.example', 'null', 'http://shop.example', 'https://shop.example.evil.example']) {
    const foreign = await peer({ origin })
    foreign.send({ type: 'connection_init' })
    const reason = 'Pages of this origin may not connect; CORS_ORIGINS lists those that may'
    expect(await foreign.closed).toEqual({ code: 4403, reason })
    expect(foreign.unread).toEqual([])
  }
  for (const origin of ['https://shop.example', 'http://tollgate.test', new URL(door.url).origin]) {
    const it = await peer({ origin })
    await it.init()
  }
})

test('a ping is answered with its payload', async () => {
  const it = await ready()
  it.send({ type: 'ping', payload: { n: 1 } })
  expect(await it.next()).toEqual({ type: 'pong', payload: { n: 1 } })
})

test.each([
  ['a syntax error', 'subscription { events { ', 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
  ['a thousand tokens', `{ ${'__typename '.repeat(1_001)} }`, 'GRAPHQL_PARSE_FAILED'],
  [
    'too many aliases',
    `{ ${Array.from({ length: 16 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
    'QUERY_TOO_COMPLEX',
  ],
])('%s is an error message with a code and nothing internal, and the connection stays', async (_name, query, code) => {
  const it = await ready()
  it.subscribe('1', query)
  const { type, id, payload } = await it.next()
  expect({ type, id }).toEqual({ type: 'error', id: '1' })
  expect(Object.keys(payload[0].extensions).sort()).toEqual(['code', 'requestId'])
  expect(payload[0].extensions.code).toBe(code)
  it.send({ type: 'ping' })
  expect((await it.next()).type).toBe('pong')
})

test('queries and mutations are served too', async () => {
  const { key } = await door.as()
  const it = await ready({ apiKey: key })
  it.subscribe('1', '{ viewer { mode } }')
  expect(await it.next()).toEqual({ type: 'next', id: '1', payload: { data: { viewer: { mode: 'TEST' } } } })
  expect(await it.next()).toEqual({ type: 'complete', id: '1' })
})

test.each([
  ['authorization', (key: string) => ({ authorization: `Bearer ${key}` })],
  ['Authorization', (key: string) => ({ Authorization: `Bearer ${key}` })],
  ['apiKey', (key: string) => ({ apiKey: key })],
  ['x-api-key', (key: string) => ({ 'x-api-key': key })],
  ['headers', (key: string) => ({ headers: { authorization: `Bearer ${key}` } })],
])('connection_init takes a key under %s', async (_name, payload) => {
  const { key } = await door.as()
  const it = await ready(payload(key))
  it.subscribe('1', '{ viewer { mode } }')
  expect((await it.next()).payload.data).toEqual({ viewer: { mode: 'TEST' } })
})

test('GraphiQL sends its headers with each operation, and they count for that operation alone', async () => {
  const { key } = await door.as()
  const it = await ready()
  it.subscribe('1', '{ viewer { mode } }', { extensions: { headers: { Authorization: `Bearer ${key}` } } })
  expect((await it.next()).payload.data).toEqual({ viewer: { mode: 'TEST' } })
  await it.next()
  it.subscribe('2', '{ viewer { mode } }')
  expect((await it.next()).payload.errors[0].extensions.code).toBe('UNAUTHENTICATED')
  await it.next()
  it.subscribe('3', '{ viewer { mode } }', { extensions: { headers: { Authorization: 'Bearer sk_test_x' } } })
  expect(await it.next()).toMatchObject({
    type: 'error',
    id: '3',
    payload: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  })
})

test('fifty operations at a time are served, and no more', async () => {
  const { key } = await door.as()
  const it = await ready({ apiKey: key })
  for (let n = 0; n < 60; n++) it.subscribe(String(n), EVENTS)
  for (let n = 0; n < 10; n++) {
    expect(await it.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
    })
  }
  const actor = await door.house.actor()
  const served = new Set<string | undefined>()
  await eventually(async () => {
    await door.app.products.create(call(actor), PRODUCT)
    for (const { id, payload } of it.unread.splice(0)) {
      expect(payload.data.events.type).toBe('product.created')
      served.add(id)
    }
    return served.size === 50
  })
})

const PRODUCT = { name: 'A mug', description: 'Blue', price: { amount: '1.00', currency: 'USD' } }

test('after complete nothing comes any more, and nothing is left behind', async () => {
  const { key } = await door.as()
  const actor = await door.house.actor()
  const it = await ready({ apiKey: key })
  it.subscribe('1', EVENTS)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await door.app.products.create(call(actor), PRODUCT)
  expect((await it.next()).payload.data.events.type).toBe('product.created')
  it.send({ type: 'complete', id: '1' })
  it.send({ type: 'ping' })
  expect((await it.next()).type).toBe('pong')
  await door.app.products.create(call(actor), PRODUCT)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(it.unread).toEqual([])
})

test('the stream and the provider are let go when a watcher completes, and when its socket dies', async () => {
  const { app, house } = door
  const { follow } = app.stream
  const open = new Set<object>()
  app.stream.follow = (wanted) => {
    const reader = follow(wanted)
    const { end } = reader as typeof reader & { end(): void }
    open.add(reader)
    return Object.assign(reader, {
      end() {
        open.delete(reader)
        end.call(reader)
      },
    })
  }
  const { id } = await app.checkouts.create(call(await house.actor()), { kind: 'PAYMENT', item: ITEM })
  const query = `subscription { transactionStatus(id: "${encodeId('Checkout', id)}") { state } }`
  const [polite, dying] = [await ready(), await ready()]
  polite.subscribe('1', query)
  dying.subscribe('1', query)
  await eventually(async () => open.size === 2)
  polite.send({ type: 'complete', id: '1' })
  await eventually(async () => open.size === 1)
  dying.socket.terminate()
  await eventually(async () => open.size === 0)
  app.stream.follow = follow
})

test('a deleted key loses what it has open at once', async () => {
  const owner = await door.as()
  const { key } = await door.as()
  const it = await ready({ apiKey: key })
  it.subscribe('1', '{ viewer { apiKey { id } } }')
  const { id } = (await it.next()).payload.data.viewer.apiKey
  await it.next()
  it.subscribe('2', EVENTS)
  await owner('mutation ($id: ID!) { deleteApiKey(input: { id: $id }) { userErrors { code } } }', { id })
  expect((await it.closed).code).toBe(4401)
})

test('the client of graphql-ws subscribes, and ends when its peer completes', async () => {
  const { key } = await door.as()
  const client = createClient({
    url: door.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
  })
  const actor = await door.house.actor()
  const events = client.iterate<{ events: { type: string } }>({ query: EVENTS })
  const first = events.next()
  await eventually(async () => {
    await door.app.products.create(call(actor), PRODUCT)
    return Promise.race([first, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 100))])
  })
  expect((await first).value.data.events.type).toBe('product.created')
  await events.return?.()
  await client.dispose()
})
