import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { newId } from '../../../src/kernel/id.ts'
import { openDoor } from '../../http/house.ts'
import { READS, WRITES } from './endpoints.ts'
import { payAsYouGo, subscribe } from './subscribers.ts'
import { type Answer, BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

/** Over the product's own door. */
let world: Playground
let door: Awaited<ReturnType<typeof openDoor>>
/** Whatever a path may name: `{user}` stands for its value here. */
const names: Record<string, string> = {}

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  door = await openDoor({ sandboxes: { qbitflow: world.sandbox } })
  await furnish()
})

afterAll(async () => {
  await door.server.stop()
  await world.close()
})

async function furnish(): Promise<void> {
  const make = async (path: string, body: object) => (await world.call('POST', path, body)).body
  const user = await make('/v1/user', { name: 'Sam', lastName: 'Seller', email: 'sam@example.com', role: 'user' })
  const product = await make('/v1/product', { name: 'Tea', description: 'Green', price: 3, reference: 'tea' })
  const customers = await Promise.all(
    ['a', 'b', 'c'].map((name) => make('/v1/customer/', { ...PAYER, email: `${name}@example.com` })),
  )
  const { link } = await make('/v1/user/claim/request', { userId: user.id })
  const key = await make('/v1/api-key', { name: 'Till', userId: user.id, test: true })
  const paid = [await pay(), await pay(), await pay()]
  for (const uuid of paid) {
    const { uuid: refund } = await make('/_sandbox/refunds', { transactionUUID: uuid, reason: 'Too hot' })
    if (uuid !== paid[0]) await world.call('POST', `/_sandbox/refunds/${refund}/refuse`, { message: 'No' })
    names.refund = refund
  }
  Object.assign(names, {
    user: String(user.id),
    userKey: key.key,
    product: String(product.id),
    customer: customers[0].uuid,
    payment: `pay@${paid[0]}`,
    open: `pay@${await world.session()}`,
    subscription: `sub@${await subscribe(world)}`,
    usage: `payg@${await subscribe(world, payAsYouGo(1))}`,
    link,
  })
}

async function pay(): Promise<string> {
  const uuid = await world.session()
  await world.play(uuid, { outcome: 'PAY', customer: PAYER })
  await world.passMinute()
  await world.passMinute()
  await reaches(world, uuid, 'completed')
  return uuid
}

function fill<T>(value: T): T {
  const text = JSON.stringify(value).replace(/"\{(user|product)\}"/g, (_, name) => names[name] ?? '')
  return JSON.parse(text.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? ''))
}

/** The shape with its names filled in, also within what it only describes. */
function filled(shape: object): object {
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? '')
    if (Array.isArray(value)) return value.map(replace)
    if (typeof value !== 'object' || value === null) return value
    const inner = value as { asymmetricMatch?: unknown; sample?: unknown }
    if (typeof inner.asymmetricMatch !== 'function') {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replace(part)]))
    }
    if (typeof inner.sample === 'object' && !(inner.sample instanceof RegExp)) inner.sample = replace(inner.sample)
    return inner
  }
  return replace(shape) as object
}

/** As the official clients call: a JSON content type always, also where no body follows. */
async function over(call: string, body?: object, apiKey: string | null = world.apiKey): Promise<Answer> {
  const [method = '', path = ''] = call.split(' ')
  const response = await fetch(`${door.url}/sandbox/qbitflow/v1${path}`, {
    method,
    redirect: 'error',
    headers: { 'Content-Type': 'application/json', ...(apiKey ? { 'X-API-Key': apiKey } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text) }
}

const withSlash = (call: string) => call.replace(/(?=\?|$)/, '/')
const escaped = (call: string) => call.replace(/(pay|sub|refund)@/, '$1%40')

describe('every call of the reference', () => {
  test.each(READS)('$call', async ({ call, malformed, body, status = 200, shape, isPublic = false }) => {
    const [path, sent] = [fill(call), body && fill(body)]
    for (const spelling of [path, withSlash(path), escaped(path)]) {
      const answer = await over(spelling, sent)
      expect([spelling, answer.status]).toEqual([spelling, status])
      const wanted = filled(shape)
      if (Array.isArray(answer.body)) expect(answer.body).toEqual(wanted)
      else expect(answer.body).toMatchObject(wanted)
    }
    const unknown = await over(path, sent, null)
    expect(unknown.status).toBe(isPublic ? status : 401)
    if (malformed) expect(await over(malformed, sent)).toEqual({ status: 404, body: { error: 'resource not found' } })
  })

  test.each(WRITES)('$call', async ({ call, malformed, body, status = 200, shape }) => {
    if (call.includes('{key}')) {
      const { body: made } = await over('POST /api-key', { name: 'Gone', test: true })
      names.key = String(made.data.id)
    }
    const path = fill(call)
    expect((await over(path, body, null)).status).toBe(401)
    expect((await over(path, body, 'sk_unknown')).status).toBe(401)
    const answer = await over(withSlash(path), body)
    expect(answer).toMatchObject({ status, body: shape })
    if (call.startsWith('DELETE')) expect((await over(path)).status).toBe(404)
    if (malformed) expect((await over(malformed)).status).toBe(404)
  })
})

test('a list is cut into pages by its limit, each with the cursor of the next', async () => {
  for (const path of [
    '/customer/all',
    '/transaction/payments',
    '/transaction/payments/combined',
    '/transaction/refunds/all/inactive',
  ]) {
    const { body: whole } = await over(`GET ${path}`)
    const uuids: string[] = []
    let cursor: string | null = ''
    do {
      const { body: page }: Answer = await over(`GET ${path}?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
      expect(Object.keys(page).sort()).toEqual(['items', 'nextCursor'])
      expect(page.items.length).toBeLessThanOrEqual(2)
      uuids.push(...page.items.map(({ uuid }: { uuid: string }) => uuid))
      cursor = page.nextCursor
    } while (cursor)
    expect([path, uuids]).toEqual([path, whole.items.map(({ uuid }: { uuid: string }) => uuid)])
    for (const limit of ['0', '-1', 'x']) expect((await over(`GET ${path}?limit=${limit}`)).status).toBe(400)
  }
})

test('the status socket ends with 1000 after a final status, and after an error', async () => {
  const listen = (query: string) => {
    const url = `${door.url.replace('http', 'ws')}/sandbox/qbitflow/v1/transaction/status/ws?${query}`
    const socket = new WebSocket(url, { headers: { 'X-API-Key': world.apiKey } })
    const frames: unknown[] = []
    socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    return new Promise((resolve, reject) => {
      socket.on('close', (code) => resolve([frames, code]))
      socket.on('error', reject)
    })
  }
  expect(await listen(`txUUID=${names.payment}&txType=payment`)).toEqual([
    [{ transactionUUID: names.payment, status: expect.objectContaining({ status: 'completed', type: 'payment' }) }],
    1000,
  ])
  expect(await listen(`txUUID=${names.refund}&txType=refund`)).toEqual([
    [{ transactionUUID: names.refund, status: expect.objectContaining({ status: 'cancelled', type: 'refund' }) }],
    1000,
  ])
  const missing = { error: 'resource not found', status: 404, message: 'resource not found' }
  expect(await listen(`txUUID=pay@${newId()}&txType=payment`)).toEqual([[missing], 1000])
})
