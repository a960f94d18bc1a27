import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { type TurnableClock, turnableClock } from '../support/clock.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { refusals } from '../support/shop.ts'
import { type Door, openDoor } from './door.ts'
import { connect } from './socket.ts'

/** A tenant whose clients show tokens, and the endpoint that vouches for them. */
let door: Door
let endpoint: Receiver
let clock: TurnableClock
let ask: Awaited<ReturnType<Door['as']>>
let keyId: string
let tokens = 0

beforeAll(async () => {
  clock = turnableClock()
  door = await openDoor({}, { clock })
  endpoint = await openReceiver()
  ask = await door.as()
  const { data } = await ask('{ viewer { apiKey { id } } }')
  keyId = data.viewer.apiKey.id
})
afterAll(async () => {
  await endpoint.close()
  await door.close()
})
beforeEach(async () => {
  endpoint.answer = (_heard, outgoing) => outgoing.writeHead(204).end()
  await point(`${endpoint.url}/check`)
  endpoint.heard.length = 0
})
afterEach(() => point(null))

async function point(url: string | null): Promise<void> {
  await door.app.clientAuthentication.set(call(await door.house.actor()), { url })
}

const status = (code: number, headers: Record<string, string> = {}) => {
  endpoint.answer = (_heard, outgoing) => outgoing.writeHead(code, headers).end()
}
/** A token that nobody has asked about before. */
const newToken = () => `token-${++tokens}`
const codeOf = ({ errors }: { errors: readonly { extensions?: Record<string, unknown> }[] | undefined }) =>
  errors?.[0]?.extensions?.code
const MODE = '{ viewer { mode } }'

test('the endpoint is asked with the token and the action, once for each distinct root field', async () => {
  const organization = encodeId('Organization', (await door.house.actor()).organizationId)
  const query = `query { a: viewer { mode } b: viewer { mode } ...Rest __typename }
    fragment Rest on Query { products { totalCount } ... on Query { customers { totalCount } } }`
  const { status: code, errors } = await ask(query, {}, { 'x-client-token': 'a token & more' })
  expect([code, errors]).toEqual([200, undefined])
  const asked = endpoint.heard.map(({ method, path }) => [method, new URL(path, endpoint.url)] as const)
  expect(
    asked.map(([method, { pathname, searchParams }]) => [method, pathname, searchParams.get('access_token')]),
  ).toEqual(Array.from({ length: 3 }, () => ['GET', '/check', 'a token & more']))
  expect(asked.map(([, { searchParams }]) => searchParams.get('action'))).toEqual(
    ['viewer', 'products', 'customers'].map((field) => `${organization}.${keyId}.${field}.query`),
  )
})

test('the token is also read from the password of HTTP Basic', async () => {
  const authorization = `Basic ${Buffer.from(`${ask.key}:secret:with:colons`).toString('base64')}`
  expect((await ask(MODE, {}, { authorization })).status).toBe(200)
  expect(endpoint.heard[0]?.path).toContain('access_token=secret%3Awith%3Acolons&')
})

test.each([
  [200, 200, undefined],
  [204, 200, undefined],
  [299, 200, undefined],
  [400, 401, 'UNAUTHENTICATED'],
  [401, 401, 'UNAUTHENTICATED'],
  [402, 401, 'UNAUTHENTICATED'],
  [403, 403, 'FORBIDDEN'],
  [404, 401, 'UNAUTHENTICATED'],
  [429, 401, 'UNAUTHENTICATED'],
  [304, 412, 'PRECONDITION_FAILED'],
  [303, 412, 'PRECONDITION_FAILED'],
  [301, 412, 'PRECONDITION_FAILED'],
  [500, 412, 'PRECONDITION_FAILED'],
  [503, 412, 'PRECONDITION_FAILED'],
])('its answer %i makes ours %i', async (theirs, ours, code) => {
  status(theirs)
  const answer = await ask(MODE, {}, { 'x-client-token': newToken() })
  expect([answer.status, codeOf(answer)]).toEqual([ours, code])
  const url = `${door.url}?query=${encodeURIComponent(MODE)}`
  const byGet = await fetch(url, { headers: { 'x-api-key': ask.key, 'x-client-token': newToken() } })
  expect(byGet.status).toBe(ours)
})

test('no answer at all is 412', async () => {
  endpoint.answer = (_heard, outgoing) => outgoing.destroy()
  expect((await ask(MODE, {}, { 'x-client-token': newToken() })).status).toBe(412)
})

describe('a missing token', () => {
  test('is 401, and nobody is asked', async () => {
    const answer = await ask(MODE)
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED'])
    expect(endpoint.heard).toEqual([])
  })

  test('keeps nobody from reading the schema, or from their own checkout', async () => {
    expect((await ask('{ __schema { queryType { name } } }')).status).toBe(200)
    expect((await door.asking(undefined)('{ __typename }')).status).toBe(200)
  })
})

test.each([301, 302, 307, 308])('a redirect with %i is followed, five times at most', async (code) => {
  let hops = 5
  endpoint.answer = (_heard, outgoing) => {
    if (hops-- > 0) outgoing.writeHead(code, { location: `/hop/${hops}` }).end()
    else outgoing.writeHead(403).end()
  }
  expect((await ask(MODE, {}, { 'x-client-token': newToken() })).status).toBe(403)
  hops = 6
  expect((await ask(MODE, {}, { 'x-client-token': newToken() })).status).toBe(412)
})

test('a private address is refused when it is named', async () => {
  await expect(point('http://10.0.0.1/')).rejects.toMatchObject({ problems: [{ code: 'INVALID', field: ['url'] }] })
})

test('a redirect to a private address is not followed', async () => {
  status(302, { location: 'http://169.254.169.254/latest/meta-data' })
  expect((await ask(MODE, {}, { 'x-client-token': newToken() })).status).toBe(412)
})

test('an answer counts for half a minute, for its token and action; no answer does not', async () => {
  const token = { 'x-client-token': newToken() }
  await Promise.all([ask(MODE, {}, token), ask(MODE, {}, token), ask(MODE, {}, token)])
  expect(endpoint.heard).toHaveLength(1)
  await ask('{ products { totalCount } }', {}, token)
  await ask(MODE, {}, { 'x-client-token': newToken() })
  expect(endpoint.heard).toHaveLength(3)
  status(403)
  clock.turn({ seconds: 29 })
  expect((await ask(MODE, {}, token)).status).toBe(200)
  clock.turn({ seconds: 2 })
  expect((await ask(MODE, {}, token)).status).toBe(403)
  status(503)
  const other = { 'x-client-token': newToken() }
  expect((await ask(MODE, {}, other)).status).toBe(412)
  status(200)
  expect((await ask(MODE, {}, other)).status).toBe(200)
})

test('a refused mutation is not done, and its idempotency key is not used up', async () => {
  status(403)
  const query = `mutation { createProduct(input: { idempotencyKey: "client-1", name: "Refused", description: "Blue",
    price: { amount: "1.00", currency: "USD" } }) { replayed product { name } userErrors { code } } }`
  expect((await ask(query, {}, { 'x-client-token': newToken() })).status).toBe(403)
  expect(await door.app.db.prisma.product.count({ where: { name: 'Refused' } })).toBe(0)
  status(200)
  const { data } = await ask(query, {}, { 'x-client-token': newToken() })
  expect(data.createProduct).toEqual({ replayed: false, product: { name: 'Refused' }, userErrors: [] })
  expect(endpoint.heard.at(-1)?.path).toContain('.createProduct.mutation')
})

test('over a WebSocket the token comes with connection_init, and a refusal is of its operation alone', async () => {
  status(403)
  const peer = await connect(door.url)
  await peer.init({ apiKey: ask.key, clientToken: newToken() })
  for (const [id, query] of Object.entries({ a: MODE, b: 'subscription { events { type } }' })) {
    peer.subscribe(id, query)
    const { payload } = await peer.next()
    expect((payload.errors ?? payload)[0].extensions.code).toBe('FORBIDDEN')
    await peer.next()
  }
  expect(endpoint.heard.map(({ path }) => path.split('.').slice(-2).join('.'))).toEqual([
    'viewer.query',
    'events.subscription',
  ])
  peer.socket.terminate()
})

describe('setClientAuthentication', () => {
  const SET = `mutation ($url: String) { setClientAuthentication(input: { url: $url }) {
    organization { clientAuthenticationUrl } userErrors { code field } } }`

  test('alone is the way back for an owner who has locked everybody out, and for nobody else', async () => {
    status(500)
    const [admin, owner] = [await door.as('TEST', 'ADMIN'), ask]
    expect((await admin(SET, { url: null })).status).toBe(401)
    expect(
      (await owner(`${SET.slice(0, -1)} deleteApiKey(input: { id: "x" }) { replayed } }`, { url: null })).status,
    ).toBe(401)
    const { data } = await owner(SET, { url: null })
    expect(data.setClientAuthentication).toEqual({ organization: { clientAuthenticationUrl: null }, userErrors: [] })
    expect((await admin(MODE)).status).toBe(200)
  })

  test('is for managers, in their own mode, and is announced', async () => {
    const actor = await door.house.actor()
    expect(await door.app.clientAuthentication.urlOf(actor.tenantId)).toBe(`${endpoint.url}/check`)
    expect(await door.app.clientAuthentication.urlOf((await door.house.actor('LIVE')).tenantId)).toBeNull()
    const event = await door.app.db.prisma.event.findFirstOrThrow({ orderBy: { cursor: 'desc' } })
    expect(event.type).toBe('organization.client_authentication_set')
    expect(event.payload).toMatchObject({ object: { clientAuthenticationUrl: `${endpoint.url}/check` } })
  })

  test.each(['shop.example', 'ftp://shop.example', 'https://a:b@shop.example', ' ', 'x'.repeat(3_000)])(
    'refuses %s',
    async (url) => {
      const actor = await door.house.actor()
      expect(await refusals(door.app.clientAuthentication.set(call(actor), { url }))).toEqual([
        expect.stringMatching(/^(INVALID|REQUIRED|TOO_LONG) url$/),
      ])
    },
  )

  test('wants https in live mode', async () => {
    const live = await door.house.actor('LIVE')
    const set = (url: string | null) => door.app.clientAuthentication.set(call(live), { url })
    expect(await refusals(set('http://shop.example/check'))).toEqual(['INVALID url'])
    await set('https://shop.example/check')
    await set(null)
  })
})
