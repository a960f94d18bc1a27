import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let key: string
beforeAll(async () => {
  door = await openDoor({ corsOrigins: ['https://shop.example', 'https://other.example'] })
  const actor = await door.house.actor()
  const made = await door.app.keys.create(call(actor), { name: 'reader', role: 'OWNER', rateLimit: 400 })
  key = made.secret ?? ''
  await door.app.products.create(call(actor), MUG)
})
afterAll(() => door.close())

const MUG = { name: 'A mug', description: 'Blue', price: { amount: '9.99', currency: 'USD' } }
const PRODUCTS = 'query ($first: Int!) { products(first: $first) { edges { node { name createdAt } } } }'

function get(query: string, headers: Record<string, string> = {}, variables: object = {}): Promise<Response> {
  const search = new URLSearchParams({ query, variables: JSON.stringify(variables) })
  return fetch(`${door.url}?${search}`, { headers: { 'x-api-key': key, ...headers } })
}

const products = (headers: Record<string, string> = {}, first = 5) => get(PRODUCTS, headers, { first })
const remaining = (answer: Response) => Number(answer.headers.get('x-ratelimit-remaining'))

test('a query by GET takes variables, and its answer has a strong tag of its bytes', async () => {
  const answer = await products()
  const body = await answer.text()
  expect(JSON.parse(body).data.products.edges[0].node.name).toBe('A mug')
  expect(answer.headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('base64url')}"`)
  expect(answer.headers.get('cache-control')).toBe('private, no-cache')
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const vary = (answer.headers.get('vary') ?? '').split(/\s*,\s*/)
  for (const header of ['authorization', 'x-api-key', 'x-client-token', 'time-zone', 'accept']) {
    expect(vary).toContain(header)
  }
})

describe('If-None-Match', () => {
  test.each([
    ['the tag', (tag: string) => tag],
    ['its weak form', (tag: string) => `W/${tag}`],
    ['a list with it', (tag: string) => `"other", W/${tag} , "third"`],
    ['any tag', () => '*'],
  ])('with %s is 304, without a body, with the same headers, and not counted', async (_name, condition) => {
    const full = await products()
    const tag = full.headers.get('etag') ?? ''
    const again = await products({ 'if-none-match': condition(tag) })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
    for (const name of ['etag', 'cache-control', 'vary', 'x-api-version', 'x-ratelimit-limit', 'x-ratelimit-reset']) {
      expect([name, again.headers.get(name)]).toEqual([name, full.headers.get(name)])
    }
    expect(remaining(again)).toBe(remaining(full))
    expect(remaining(await products())).toBe(remaining(full) - 1)
  })

  test.each([
    ['another tag', '"other"'],
    ['part of a tag', '"'],
    ['nothing', ''],
  ])('with %s is answered in full', async (_name, condition) => {
    const answer = await products({ 'if-none-match': condition })
    expect([answer.status, (await answer.text()).length > 0]).toEqual([200, true])
  })

  test('with the tag of what has changed since, of another time zone or of other variables is answered in full', async () => {
    const tag = (await products()).headers.get('etag') ?? ''
    expect((await products({ 'if-none-match': tag, 'time-zone': 'Asia/Tokyo' })).status).toBe(200)
    await door.app.products.create(call(await door.house.actor()), MUG)
    expect((await products({ 'if-none-match': tag })).status).toBe(200)
    expect((await products({ 'if-none-match': tag }, 1)).status).toBe(200)
  })

  test('is no use with another key: what it may not see is not confirmed', async () => {
    const tag = (await products()).headers.get('etag') ?? ''
    const live = await door.as('LIVE')
    expect((await products({ 'if-none-match': tag, 'x-api-key': live.key })).status).toBe(200)
    expect((await products({ 'if-none-match': tag, 'x-api-key': 'sk_test_nobody' })).status).toBe(401)
  })

  test('lets a page of another origin read the answer: 304 has its rights too', async () => {
    const origin = 'https://shop.example'
    const full = await products({ origin })
    const again = await products({ origin, 'if-none-match': full.headers.get('etag') ?? '' })
    expect([again.status, again.headers.get('access-control-allow-origin')]).toEqual([304, origin])
    expect(again.headers.get('vary')?.toLowerCase()).toContain('origin')
    expect(again.headers.get('access-control-expose-headers')).toContain('etag')
  })
})

test('over the limit there is no 304, which would cost as much to find out', async () => {
  const actor = await door.house.actor()
  const { secret = '' } = await door.app.keys.create(call(actor), { name: 'one', role: 'OWNER', rateLimit: 1 })
  const only = await products({ 'x-api-key': secret })
  const tag = only.headers.get('etag') ?? ''
  expect((await products({ 'x-api-key': secret, 'if-none-match': tag })).status).toBe(429)
})

test('a repeat that is not counted may come more often than a request', async () => {
  const actor = await door.house.actor()
  const { secret = '' } = await door.app.keys.create(call(actor), { name: 'two', role: 'OWNER', rateLimit: 2 })
  const tag = (await products({ 'x-api-key': secret })).headers.get('etag') ?? ''
  for (let repeat = 0; repeat < 10; repeat++) {
    const again = await products({ 'x-api-key': secret, 'if-none-match': tag })
    expect([again.status, remaining(again)]).toEqual([304, 1])
  }
})

test('answers with errors, to mutations and by POST have no tag', async () => {
  const failed = await get('{ products(after: "x") { edges { cursor } } }', { 'if-none-match': '*' })
  expect([failed.status, failed.headers.get('etag')]).toEqual([200, null])
  const wrong = await get('{ nothing }', { 'if-none-match': '*' })
  expect(wrong.headers.get('etag')).toBeNull()
  const mutation = await get('mutation { deleteProduct(input: { id: "x" }) { replayed } }', { 'if-none-match': '*' })
  expect([mutation.status, mutation.headers.get('etag')]).toEqual([405, null])
  const posted = await fetch(door.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, 'if-none-match': '*' },
    body: JSON.stringify({ query: '{ __typename }' }),
  })
  expect([posted.status, posted.headers.get('etag'), posted.headers.get('cache-control')]).toEqual([
    200,
    null,
    'no-store',
  ])
})
