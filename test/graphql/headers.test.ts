import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { apiOf } from '../support/api.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { connect } from './socket.ts'

/** What is promised in the headers of a gateway as it runs. */
let gateway: OpenGateway
beforeAll(async () => {
  gateway = await startGateway({ corsOrigins: [SHOP, 'https://other.example'] })
})
afterAll(() => gateway.stop())

const SHOP = 'https://shop.example'
const post = (headers: Record<string, string> = {}, query = '{ viewer { mode } }') =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': gateway.key, ...headers },
    body: JSON.stringify({ query }),
  })
/** Through the door of the usual request, and through the other one. */
const DOORS: Record<string, string>[] = [{}, { origin: SHOP }]
const today = () => new Date().toISOString().slice(0, 10)

describe.each(DOORS)('X-API-Version, with %o', (headers) => {
  test('is answered, and missed with a warning that names the newest', async () => {
    const without = await post(headers)
    expect(without.headers.get('x-api-version')).toBe('2026-11-21')
    expect(without.headers.get('warning')).toMatch(/^299 - ".*2026-11-21"$/)
    const named = await post({ ...headers, 'x-api-version': '2026-11-21' })
    expect([named.status, named.headers.get('x-api-version'), named.headers.get('warning')]).toEqual([
      200,
      '2026-11-21',
      null,
    ])
  })

  test('of a later day names the version that was in force then', async () => {
    const later = await post({ ...headers, 'x-api-version': today() })
    expect([later.status, later.headers.get('x-api-version')]).toEqual([200, '2026-11-21'])
  })

  test.each(['2026-11-20', '1999-01-01', '9999-12-31', '2026-11-31', '21.11.2026', '2026-11-21T00:00', 'latest', ''])(
    '%s is refused with 400, and nothing is done',
    async (version) => {
      const query = `mutation { createProduct(input: { name: "Never", description: "Blue",
        price: { amount: "1.00", currency: "USD" } }) { product { id } } }`
      const answer = await post({ ...headers, 'x-api-version': version }, query)
      expect(answer.status).toBe(400)
      expect(answer.headers.get('x-api-version')).toBe('2026-11-21')
      expect(await answer.json()).toMatchObject({
        errors: [{ message: expect.stringContaining('2026-11-21'), extensions: { code: 'BAD_USER_INPUT' } }],
      })
      const { products } = await gateway.api.ask<{ products: { totalCount: number } }>('{ products { totalCount } }')
      expect(products.totalCount).toBe(0)
    },
  )
})

test('a WebSocket’s handshake answers the version and the request id, and refuses a version that is none', async () => {
  const open = (headers: Record<string, string>) => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
    return new Promise<[number | undefined, Record<string, unknown>]>((resolve, reject) => {
      socket.on('upgrade', ({ statusCode, headers: answered }) => {
        resolve([statusCode, answered])
        socket.terminate()
      })
      socket.on('unexpected-response', (_request, { statusCode, headers: answered }) => resolve([statusCode, answered]))
      socket.on('error', reject)
    })
  }
  const served = await open({ 'x-api-version': '2026-11-21', 'x-request-id': 'socket-1' })
  expect(served).toMatchObject([101, { 'x-api-version': '2026-11-21', 'x-request-id': 'socket-1' }])
  expect(await open({ 'x-api-version': 'latest', 'x-request-id': 'socket-2' })).toMatchObject([
    400,
    { 'x-request-id': 'socket-2' },
  ])
  // A page reads no refusal of a handshake, so that it is told by the close of the socket.
  expect(await open({ origin: 'https://evil.example', 'x-request-id': 'socket-3' })).toMatchObject([
    101,
    { 'x-request-id': 'socket-3' },
  ])
})

describe('a page of an allowed origin', () => {
  const preflight = (origin: string, method: string, headers: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    })
  const list = (answer: Response, name: string) => (answer.headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/)

  test.each(['POST', 'GET'])(
    'asks beforehand whether it may %s with every header that means something here',
    async (method) => {
      const wanted =
        'authorization,content-type,idempotency-key,if-none-match,time-zone,x-api-key,x-api-version,x-client-token,x-request-id'
      const answer = await preflight(SHOP, method, wanted)
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP)
      expect(list(answer, 'access-control-allow-methods')).toContain(method.toLowerCase())
      expect(list(answer, 'access-control-allow-headers')).toEqual(expect.arrayContaining(wanted.split(',')))
      expect(answer.headers.has('x-ratelimit-limit')).toBe(false)
    },
  )

  test('may read the headers that mean something to it, of every answer', async () => {
    const shown =
      'etag,idempotent-replayed,retry-after,warning,x-api-version,x-idempotency-key,x-ratelimit-limit,x-ratelimit-remaining,x-ratelimit-reset,x-request-id'
    const requests: Record<string, string>[] = [{}, { 'x-api-key': 'sk_test_nobody' }, { 'x-api-version': 'latest' }]
    for (const headers of requests) {
      const answer = await post({ origin: SHOP, ...headers })
      expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP)
      expect(list(answer, 'access-control-expose-headers')).toEqual(expect.arrayContaining(shown.split(',')))
    }
  })

  test.each([
    'https://evil.example',
    'null',
    'http://shop.example',
    'https://shop.example:8443',
    'https://shop.example.evil.example',
  ])('of the origin %s, which is not listed, may neither', async (origin) => {
    for (const answer of [await preflight(origin, 'POST', 'x-api-key'), await post({ origin })]) {
      expect(answer.headers.has('access-control-allow-origin')).toBe(false)
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
    }
  })

  test('of an origin that is not listed leaves a line in the log when it is refused over WebSocket', async () => {
    for (const origin of ['https://evil.example', 'null']) {
      const it = await connect(`${gateway.url}/graphql`, { origin })
      expect((await it.closed).code).toBe(4403)
      expect(gateway.lines).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          origin,
          msg: 'a page of an origin that CORS_ORIGINS does not list tried to connect',
          requestId: expect.any(String),
        }),
      )
    }
  })
})

describe('X-Request-ID', () => {
  const id = 'a-request-of-mine'
  test.each([
    ['/graphql', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }],
    ['/graphql', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['/graphql', { method: 'PUT' }],
    ['/graphql?query={__typename}', {}],
    ['/graphql', { method: 'OPTIONS', headers: { origin: SHOP } }],
    ['/exports/data', {}],
    ['/inbox/qbitflow/00000000-0000-7000-8000-000000000000', { method: 'POST', body: '{}' }],
    ['/sandbox/qbitflow/v1/nothing', {}],
    ['/health/live', {}],
    ['/nothing', {}],
  ] as [string, RequestInit][])('is on the answer of %s %o and in its line of the log', async (path, init) => {
    const answer = await fetch(gateway.url + path, { ...init, headers: { ...init.headers, 'x-request-id': id } })
    expect(answer.headers.get('x-request-id')).toBe(id)
    const own = await fetch(gateway.url + path, init)
    expect(own.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is in the errors, on the events and in the log', async () => {
    const wrong = await post({ 'x-request-id': 'wrong-1' }, '{ nothing }')
    expect(await wrong.json()).toMatchObject({ errors: [{ extensions: { requestId: 'wrong-1' } }] })
    const create = `mutation { createCustomer(input: { name: "Ada", email: "ada@example.com" }) { customer { id } } }`
    await post({ 'x-request-id': 'made-1' }, create)
    const { events } = await apiOf(gateway.url, gateway.key).ask<{ events: { edges: { node: object }[] } }>(
      '{ events(first: 1) { edges { node { type requestId } } } }',
    )
    expect(events.edges[0]?.node).toEqual({ type: 'customer.created', requestId: 'made-1' })
    expect(gateway.lines.some(({ requestId, msg }) => requestId === 'made-1' && msg === 'request')).toBe(true)
  })
})
