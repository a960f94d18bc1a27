import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressLimit } from '../../src/http/address-limit.ts'
import { signatureOf } from '../../src/providers/qbitflow/signature.ts'
import { connect } from '../graphql/socket.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** What a client's address may ask without a key. A proxy on this machine says which address it is. */

const SPENT = '198.51.100.7'
const FORGER = '198.51.100.8'
const CREDENTIALS = '{ providers { notificationUrl sandbox { credentials } } }'

let gateway: OpenGateway
let apiKey: string
let inbox: string
let secret: string
beforeAll(async () => {
  gateway = await startGateway()
  const { providers } = await gateway.api.ask<{
    providers: { notificationUrl: string; sandbox: { credentials: { apiKey: string; webhookSecret: string } } }[]
  }>(CREDENTIALS)
  const [provider] = providers
  if (!provider) throw new Error('there is no simulator')
  inbox = new URL(provider.notificationUrl).pathname
  apiKey = provider.sandbox.credentials.apiKey
  secret = provider.sandbox.credentials.webhookSecret
})
afterAll(() => gateway.stop())

type Headers = Record<string, string>

function ask(path: string, from: string, { method = 'GET', body, ...headers }: Headers = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method,
    redirect: 'manual',
    headers: { 'x-forwarded-for': from, ...headers },
    ...(body !== undefined && { body }),
  })
}

const graphql = (query: string, headers: Headers = {}) => ({
  method: 'POST',
  body: JSON.stringify({ query }),
  'content-type': 'application/json',
  ...headers,
})

interface Spent {
  /** How often the address was answered before it was told to wait. */
  readonly answered: number
  readonly refused: Response
}

async function spend(path: string, from: string, options: Headers = {}): Promise<Spent> {
  for (let answered = 0; answered < 20_000; ) {
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(path, from, options)))
    const refused = answers.find(({ status }) => status === 429)
    answered += answers.filter(({ status }) => status !== 429).length
    for (const answer of answers) if (answer !== refused) await answer.arrayBuffer()
    if (refused) return { answered, refused }
  }
  throw new Error(`${path} has no limit for an address`)
}

/** How an address whose share is spent is refused, where it asks for this. The others of a burst may have been answered. */
async function refusal(path: string, options: Headers = {}): Promise<Response> {
  for (;;) {
    await spend('/nowhere', SPENT)
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(path, SPENT, options)))
    const refused = answers.find(({ status }) => status === 429)
    for (const answer of answers) if (answer !== refused) await answer.arrayBuffer()
    if (refused) return refused
  }
}

/** What a whole share is; an address that has spent it gets less. */
const SHARE = 600
/** How many requests an address has back after each second. */
const BACK_PER_SECOND = 20

/** A notification as the provider signs it. */
function signed(payload: object): Headers {
  const body = JSON.stringify(payload)
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const signature = `sha256=${signatureOf(secret, timestamp, body)}`
  return { method: 'POST', body, 'x-webhook-timestamp': timestamp, 'x-webhook-signature-256': signature }
}

test('an address makes six hundred requests at once and twenty more each second', () => {
  let now = 0
  const limit = addressLimit(() => now)
  const takeAll = () => {
    let taken = 0
    while (limit.take('a') === undefined) taken += 1
    return taken
  }
  expect(takeAll()).toBe(600)
  expect([limit.take('a'), limit.wait('a'), limit.take('b')]).toEqual([1, 1, undefined])
  now += 1_000
  expect([limit.wait('a'), takeAll()]).toEqual([undefined, 20])
  now += 3_600_000
  expect(takeAll()).toBe(600)
})

test('no more than twenty thousand addresses are remembered', () => {
  const limit = addressLimit(() => 0)
  while (limit.take('first') === undefined) {}
  for (let n = 1; n < 20_000; n++) limit.take(`n${n}`)
  expect(limit.wait('first')).toBe(1)
  limit.take('one more')
  expect(limit.wait('first')).toBeUndefined()
})

describe('an address that has asked too much without a key', () => {
  const nobody = randomUUID()
  beforeAll(async () => {
    const { answered } = await spend('/sandbox/qbitflow/checkout/none', SPENT)
    expect(answered).toBeGreaterThanOrEqual(SHARE)
  })

  test.each<[string, string, Headers]>([
    ['a page of the simulator', '/sandbox/qbitflow/checkout/none', {}],
    ['what the simulator shows everybody', '/sandbox/qbitflow/v1/utils/all-main-currencies', {}],
    ['the same under a key that is none', '/sandbox/qbitflow/v1/utils/all-main-currencies', { 'x-api-key': 'sk_x' }],
    ['a claim page', '/claim/none', {}],
    ['the root', '/', {}],
    ['what is not there', '/nowhere', {}],
    ['an export without a key', '/exports/data', {}],
    ['an export with a key that is none', '/exports/data', { authorization: 'Bearer sk_test_none' }],
    ['an inbox that is nobody’s', `/inbox/qbitflow/${nobody}`, { method: 'POST', body: '{}' }],
  ])('is told when to come back: %s', async (_name, path, options) => {
    const refused = await refusal(path, options)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'RATE_LIMITED',
        message: expect.stringMatching(/^An address may make 600 requests without a key/),
      },
    })
  })

  test('is told when to come back on a page, where a browser asks', async () => {
    const refused = await refusal('/graphql', { accept: 'text/html' })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.text()).toMatch(/<html.*An address may make 600 requests without a key/s)
  })

  test.each<[string, Headers]>([
    ['without a key', {}],
    ['with a key that is none', { 'x-api-key': 'sk_test_none' }],
    ['with a client secret that is none', { 'x-api-key': 'chk_none_secret_none' }],
  ])('is told when to come back: GraphQL %s', async (_name, headers) => {
    const refused = await refusal('/graphql', graphql('{ viewer { mode } }', headers))
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
  })

  test('is answered what it asks with a key, and whether the gateway is there', async () => {
    await spend('/nowhere', SPENT)
    const answers = await Promise.all([
      ask('/graphql', SPENT, graphql('{ viewer { mode } }', { 'x-api-key': gateway.key })),
      ask('/exports/data', SPENT, { 'x-api-key': gateway.key }),
      ask('/sandbox/qbitflow/v1/transaction/payments', SPENT, { 'x-api-key': apiKey }),
      ask('/health/live', SPENT),
      ask('/health/ready', SPENT),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    for (const answer of answers) await answer.arrayBuffer()
  })

  test('takes nothing from others', async () => {
    await spend('/nowhere', SPENT)
    expect((await ask('/nowhere', '198.51.100.70')).status).toBe(404)
  })

  test('is one customer with all of its IPv6 network, and no other', async () => {
    await spend('/nowhere', '2001:db8:1:2::1')
    expect((await spend('/nowhere', '2001:db8:1:2:ffff::9')).answered).toBeLessThan(SHARE)
    expect((await ask('/nowhere', '2001:db8:1:3::1')).status).toBe(404)
  })
})

test('a provider’s notifications are taken however many fail or succeed at its address', async () => {
  const first = await ask(inbox, '198.51.100.9', signed({ n: 0 }))
  expect([first.status, await first.json()]).toEqual([200, { received: true }])
  const begun = performance.now()
  const before = await spend(inbox, FORGER, { ...signed({ n: 0 }), 'x-webhook-signature-256': 'sha256=00' })
  for (let sent = 0; sent <= SHARE; sent += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(inbox, FORGER, signed({ n: 1 }))))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
  }
  const after = await spend(inbox, FORGER, { ...signed({ n: 2 }), 'x-webhook-signature-256': 'sha256=00' })
  const seconds = (performance.now() - begun) / 1_000
  expect(before.answered + after.answered).toBeLessThanOrEqual(SHARE + BACK_PER_SECOND * seconds + 1)
  expect(after.refused.headers.get('retry-after')).toBe('1')
})

test('operations over WebSocket count as well, and not those of a key', async () => {
  const [anonymous, keyed] = await Promise.all([connect(`${gateway.url}/graphql`), connect(`${gateway.url}/graphql`)])
  await anonymous.init()
  await keyed.init({ apiKey: gateway.key })
  await spend('/nowhere', '127.0.0.1')
  for (let n = 0; n < 40; n++) anonymous.subscribe(`q${n}`, '{ viewer { mode } }')
  await expect
    .poll(() =>
      anonymous.unread.filter(({ type }) => type === 'error').map(({ payload }) => payload[0].extensions.code),
    )
    .toContain('RATE_LIMITED')
  keyed.subscribe('k', '{ viewer { mode } }')
  expect(await keyed.next()).toMatchObject({ type: 'next', payload: { data: { viewer: { mode: 'TEST' } } } })
  for (const { socket } of [anonymous, keyed]) socket.terminate()
})
