import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { type GuardedFetch, guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { call, eventually, type TestApp, testApp } from '../support/app.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'
import { newTenant } from '../support/tenant.ts'
import { type Stage, stageOf, typesOf, verified } from './stage.ts'

/** Names as the world's DNS would tell them, and how long a test waits for an answer. */
let names: Record<string, string[][]> = {}
let timeoutMs = 2_000
const guarded = guardedFetch({
  allowLoopback: true,
  resolve: async (name) => {
    const [addresses = [], ...later] = names[name] ?? []
    if (later.length > 0) names[name] = later
    return addresses
  },
})
const outbound: GuardedFetch = (url, request) => {
  expect(request.timeoutMs).toBe(15_000)
  return guarded(url, { ...request, timeoutMs })
}

let house: TestApp
let actor: Actor
let stage: Stage
let receiver: Receiver

beforeAll(async () => {
  house = await testApp({ outbound })
})

afterAll(() => house.close())

beforeEach(async () => {
  names = {}
  timeoutMs = 2_000
  actor = await newTenant(house.app.db)
  stage = stageOf(house, actor)
  receiver = await openReceiver()
})

afterEach(() => receiver.close())

describe('an event', () => {
  test('is sent at once to every endpoint that hears of its type, and its receipt is kept', async () => {
    const { secret } = await stage.endpoint(`${receiver.url}/all`)
    await stage.endpoint(`${receiver.url}/deleted`, { types: ['customer.deleted'] })
    const { id } = await stage.customer()
    await stage.over()
    expect(receiver.heard.map(({ path }) => path)).toEqual(['/all'])
    const [heard] = receiver.heard
    if (!heard) throw new Error('nothing was heard')
    const event = await house.app.db.prisma.event.findFirstOrThrow({ where: { entityId: id } })
    const message = verified(heard, secret)
    expect(message).toMatchObject({
      id: heard.headers['webhook-id'],
      type: 'customer.created',
      timestamp: event.at.toISOString(),
      sequence: 1,
      entity: { kind: 'Customer', id: expect.stringMatching(/^cust_/) },
      requestId: 'test',
      data: { object: { name: 'Ada' } },
    })
    const delivery = await stage.only()
    expect(delivery).toMatchObject({ status: 'DELIVERED', tries: 1, nextAttemptAt: null, leasedUntil: null })
    expect(delivery.attempts).toMatchObject([{ status: 204, error: null, answer: '' }])
  })

  test('of another tenant, or of an endpoint, is sent to nobody', async () => {
    await stage.endpoint(receiver.url)
    await stageOf(house, await newTenant(house.app.db)).customer()
    await stage.endpoint(`${receiver.url}/more`)
    await stage.settle()
    expect(receiver.heard).toEqual([])
    expect(await stage.deliveries()).toEqual([])
  })

  test('is not sent to an endpoint that is switched off, deleted, or asked before money moves', async () => {
    const { app } = house
    const off = await stage.endpoint(receiver.url)
    const gone = await stage.endpoint(receiver.url)
    await stage.endpoint(receiver.url, { kind: 'PREFLIGHT' })
    await app.webhooks.update(call(actor), { id: off.id, active: false })
    await app.webhooks.remove(call(actor), { id: gone.id })
    await stage.customer()
    expect(await stage.deliveries()).toEqual([])
  })
})

describe('a receiver that fails', () => {
  test('is tried at once, after 5, 15, 30 and 60 minutes and hourly for 24 hours, with the same bytes each time', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(500).end('no')
    await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.tried(1)
    const gaps = [5, 15, 30, 60, ...Array.from({ length: 22 }, () => 60)]
    for (const [index, gap] of gaps.entries()) {
      await stage.turn(gap - 0.5)
      expect(receiver.heard).toHaveLength(index + 1)
      await stage.turn(0.5)
      await stage.tried(index + 2)
      await stage.settle()
    }
    const delivery = await stage.only()
    expect(delivery).toMatchObject({ status: 'FAILED', tries: 27, nextAttemptAt: null, deliveredAt: null })
    expect(delivery.attempts).toHaveLength(27)
    expect(delivery.attempts[0]).toMatchObject({ status: 500, error: null, answer: 'no' })
    expect(new Set(receiver.heard.map(({ body, headers }) => `${headers['webhook-id']} ${body}`)).size).toBe(1)
    await stage.turn(48 * 60)
    expect(receiver.heard).toHaveLength(27)
  })

  test('holds back later events of the same entity, and no others', async () => {
    let failing = true
    receiver.answer = ({ body }, outgoing) =>
      outgoing
        .writeHead(failing && JSON.parse(body).type === 'customer.created' && body.includes('"Held"') ? 503 : 200)
        .end()
    const { app } = house
    await stage.endpoint(receiver.url)
    const held = await app.customers.create(call(actor), { name: 'Held', lastName: 'Byron', email: 'held@example.com' })
    await stage.tried(1)
    await stage.rename(held.id, 'Second')
    await stage.rename(held.id, 'Third')
    await stage.customer()
    await eventually(async () => receiver.heard.length === 2)
    await stage.turn(4)
    expect(typesOf(receiver)).toEqual(['customer.created', 'customer.created'])
    failing = false
    await stage.turn(1)
    await stage.over()
    const messages = receiver.heard.map(({ body }) => JSON.parse(body))
    const ofHeld = messages.filter(({ data }) => ['Held', 'Second', 'Third'].includes(data.object.name))
    expect(ofHeld.map(({ sequence }) => sequence)).toEqual([1, 1, 2, 3])
  })

  test('for good lets later events of the entity through once the first was given up', async () => {
    receiver.answer = ({ body }, outgoing) => outgoing.writeHead(JSON.parse(body).sequence === 1 ? 500 : 200).end()
    await stage.endpoint(receiver.url)
    const { id } = await stage.customer()
    await stage.rename(id, 'Second')
    await stage.tried(1)
    await stage.turn(23 * 60)
    await stage.tried(2)
    await stage.turn(2 * 60)
    await stage.over()
    const [first, second] = await stage.deliveries()
    expect([first?.status, second?.status]).toEqual(['FAILED', 'DELIVERED'])
  })

  test.each([
    ['does not answer in time', () => {}, 'No answer within 0.15 seconds'],
    [
      'breaks off',
      (outgoing: ServerResponse) => outgoing.destroy(),
      'The connection was closed before the answer was complete',
    ],
  ])('because it %s is tried again', async (_name, answer, error) => {
    timeoutMs = 150
    receiver.answer = (_heard, outgoing) => answer(outgoing)
    await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.tried(1)
    await stage.settle()
    const delivery = await stage.only()
    expect(delivery).toMatchObject({ status: 'PENDING', tries: 1 })
    expect(delivery.attempts).toMatchObject([{ status: null, answer: null, error: expect.stringContaining(error) }])
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(299).end()
    await stage.turn(5)
    await stage.over()
    expect(await stage.only()).toMatchObject({ status: 'DELIVERED', tries: 2 })
  })
})

describe('a receiver that answers', () => {
  test('410 is switched off with the reason, and what waits for it fails', async () => {
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(500).end()
    const { uuid } = await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.tried(1)
    receiver.answer = (_heard, outgoing) => outgoing.writeHead(410).end()
    await stage.customer()
    await stage.over()
    await eventually(async () => {
      const where = { tenantId_id: { tenantId: actor.tenantId, id: uuid } }
      const { active, disabledReason } = await house.app.db.prisma.webhookEndpoint.findUniqueOrThrow({ where })
      return !active && disabledReason?.includes('410')
    })
    await stage.over()
    expect((await stage.deliveries()).map(({ status }) => status)).toEqual(['FAILED', 'FAILED'])
    const events = await house.app.db.prisma.event.findMany({ where: { entityId: uuid }, orderBy: { cursor: 'asc' } })
    expect(events.map(({ type }) => type)).toEqual(['webhook_endpoint.created', 'webhook_endpoint.disabled'])
    await stage.customer()
    expect(await stage.deliveries()).toHaveLength(2)
  })

  test.each([
    [429, '600', 600],
    [503, '30', 30],
    [503, undefined, 300],
    [500, '30', 300],
    [429, '999999', 86_400],
  ])('%i with Retry-After %s is left alone that long, within the day', async (status, retryAfter, seconds) => {
    receiver.answer = (_heard, outgoing) =>
      outgoing.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end()
    await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.tried(1)
    const { nextAttemptAt, attempts } = await stage.only()
    const at = attempts[0]?.at.getTime() ?? 0
    expect(nextAttemptAt?.getTime()).toBe(at + seconds * 1_000)
  })

  test('with a redirect has not received it, and the other place is not asked, private or not', async () => {
    const elsewhere = await openReceiver()
    for (const location of ['http://169.254.169.254/', elsewhere.url]) {
      receiver.answer = (_heard, outgoing) => outgoing.writeHead(307, { location }).end()
      const own = stageOf(house, await newTenant(house.app.db))
      await own.endpoint(receiver.url)
      await own.customer()
      await own.tried(1)
      const { attempts } = await own.only()
      expect(attempts).toMatchObject([
        { status: 307, error: 'The receiver answered with a redirect, and redirects are not followed' },
      ])
    }
    expect(elsewhere.heard).toEqual([])
    await elsewhere.close()
  })

  test('at length has the first 1,024 bytes kept, as text', async () => {
    receiver.answer = (_heard, outgoing) =>
      outgoing.writeHead(200).end(Buffer.from(`a\0\xff${'é'.repeat(5_000)}`, 'utf8'))
    await stage.endpoint(receiver.url)
    await stage.customer()
    await stage.over()
    const answer = (await stage.only()).attempts[0]?.answer ?? ''
    expect(answer.slice(0, 4)).toBe('a\uFFFDÿé')
    expect(Buffer.byteLength(answer.replaceAll('\uFFFD', '\0'))).toBe(1_024)
  })
})

describe('an address', () => {
  test.each(['http://10.0.0.1/hook', 'http://192.168.1.1/', 'http://[fd00::1]/', 'http://169.254.169.254/'])(
    'that is private, %s, is refused when it is named',
    async (url) => {
      const refused = {
        problems: [{ code: 'INVALID', message: 'The address is not on the public network', field: ['url'] }],
      }
      await expect(stage.endpoint(url)).rejects.toMatchObject(refused)
      const { id } = await stage.endpoint(receiver.url)
      await expect(house.app.webhooks.update(call(actor), { id, url })).rejects.toMatchObject(refused)
    },
  )

  test('that is private is never asked, and says so', async () => {
    names['private.example'] = [['10.0.0.1']]
    await stage.endpoint('http://private.example/hook')
    await stage.customer()
    await stage.tried(1)
    expect((await stage.only()).attempts).toMatchObject([
      { status: null, error: 'The address is not on the public network' },
    ])
  })

  test('is checked anew on each delivery, and what was checked is what is asked', async () => {
    names['shop.example'] = [['127.0.0.1'], ['10.0.0.1']]
    await stage.endpoint(`http://shop.example:${receiver.port}`)
    await stage.customer()
    await stage.over()
    await stage.customer()
    await stage.tried(2)
    const [first, second] = await stage.deliveries()
    expect([first?.status, second?.status]).toEqual(['DELIVERED', 'PENDING'])
    expect(receiver.heard).toHaveLength(1)
  })
})
