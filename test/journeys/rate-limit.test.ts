import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf } from '../support/api.ts'
import { type OpenGateway, startGateway, startNode } from '../support/gateway.ts'
import { newKey, newUser } from '../support/sellers.ts'
import { createCheckout } from '../support/storefront.ts'

/** However it is asked for, nobody has more of the gateway than a limit gives them. */

let gateway: OpenGateway
let second: Awaited<ReturnType<typeof startNode>>
beforeAll(async () => {
  gateway = await startGateway()
  second = await startNode(gateway.databaseUrl)
  await newWindow()
}, 120_000)
afterAll(async () => {
  await second?.stop()
  await gateway?.stop()
})

const WINDOW_MS = 900_000
const NEEDED_MS = 60_000
/** The next window must not begin within these tests. Waiting is rarely needed. */
async function newWindow(): Promise<void> {
  const left = WINDOW_MS - (Date.now() % WINDOW_MS)
  if (left < NEEDED_MS) await new Promise((resolve) => setTimeout(resolve, left + 100))
}

let count = 0
async function sellerWith(rateLimit: number) {
  const id = await newUser(gateway.api, `Seller${++count}`, 'USER')
  const { secret } = await newKey(gateway.api, { role: 'USER', userId: id, rateLimit })
  return { id, secret, api: apiOf(gateway.url, secret) }
}

const PRODUCTS = '{ products(first: 100) { edges { node { id name } } } }'
async function get(credential: string, more: Record<string, string> = {}, url = gateway.url) {
  const answer = await fetch(`${url}/graphql?${new URLSearchParams({ query: PRODUCTS })}`, {
    headers: { authorization: `Bearer ${credential}`, ...more },
  })
  await answer.arrayBuffer()
  return answer
}

/** How often each status was the answer. */
async function tally(times: number, ask: (turn: number) => Promise<Response>): Promise<Record<number, number>> {
  const seen: Record<number, number> = {}
  for (let turn = 0; turn < times; turn += 25) {
    const answers = await Promise.all(Array.from({ length: Math.min(25, times - turn) }, (_, n) => ask(turn + n)))
    for (const { status } of answers) seen[status] = (seen[status] ?? 0) + 1
  }
  return seen
}

describe('the keys of one seller', () => {
  test('have together what one has, on all nodes', async () => {
    const seller = await sellerWith(60)
    const secrets = [seller.secret]
    for (let n = 0; n < 3; n++) secrets.push((await newKey(seller.api, { role: 'USER' })).secret)
    const urls = [gateway.url, second.url]
    const seen = await tally(200, (turn) => get(secrets[turn % 4] ?? '', {}, urls[turn % 2]))
    // Three requests made the keys.
    expect(seen).toEqual({ 200: 57, 429: 143 })
    // Another seller is none the worse for it.
    expect((await get((await sellerWith(5)).secret)).status).toBe(200)
  })

  test('have no more when one is deleted and made again', async () => {
    const seller = await sellerWith(12)
    for (let n = 0; n < 3; n++) {
      const { id } = await newKey(seller.api, { role: 'USER' })
      await seller.api.change(
        'mutation ($input: DeleteApiKeyInput!) { deleteApiKey(input: $input) { userErrors { code } } }',
        { id },
      )
    }
    const { secret } = await newKey(seller.api, { role: 'USER' })
    expect(await tally(20, () => get(secret))).toEqual({ 200: 5, 429: 15 })
  })

  test('end each where its own limit is reached', async () => {
    const seller = await sellerWith(40)
    const { secret } = await newKey(gateway.api, { role: 'USER', userId: seller.id, rateLimit: 10 })
    expect(await tally(20, () => get(secret))).toEqual({ 200: 10, 429: 10 })
    expect(await tally(40, () => get(seller.secret))).toEqual({ 200: 30, 429: 10 })
  })
})

describe('an answer that nothing has changed', () => {
  test.each(['*', 'the tag'])(
    'to %s is free as often as the limit says, and counts from then on',
    async (condition) => {
      const limit = 150
      const { secret } = await sellerWith(limit)
      const first = await get(secret)
      const tag = condition === '*' ? '*' : (first.headers.get('etag') ?? '')
      const urls = [gateway.url, second.url]
      const seen = await tally(400, (turn) => get(secret, { 'if-none-match': tag }, urls[turn % 2]))
      expect(seen).toEqual({ 304: 2 * limit - 1, 429: 400 - (2 * limit - 1) })
    },
  )

  test('is no way round for many keys', async () => {
    const seller = await sellerWith(110)
    const other = await newKey(seller.api, { role: 'USER' })
    const secrets = [seller.secret, other.secret]
    const seen = await tally(300, (turn) => get(secrets[turn % 2] ?? '', { 'if-none-match': '*' }))
    expect(seen).toEqual({ 304: 219, 429: 81 })
  })
})

test('the client secret of a checkout asks a thousand times, and no other checkout is the worse for it', async () => {
  const checkouts = [await createCheckout(gateway.api), await createCheckout(gateway.api)]
  const [one = '', other = ''] = checkouts.map(({ checkout }) => checkout.clientSecret)
  const ask = (credential: string) =>
    fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${credential}` },
      body: JSON.stringify({ query: '{ __typename }' }),
    })
  const seen = await tally(1_050, () => ask(one))
  expect(seen).toEqual({ 200: 1_000, 429: 50 })
  const refused = await ask(one)
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await ask(other)).status).toBe(200)
  expect((await get(gateway.key)).status).toBe(200)
})
