import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { requestText, sendRaw } from '../support/raw-http.ts'

let gateway: OpenGateway
let port: number

beforeAll(async () => {
  gateway = await startGateway({ environment: 'development', allowedHosts: ['pay.internal'] })
  port = Number(new URL(gateway.url).port)
})

afterAll(() => gateway.stop())

const HTML = { Accept: 'text/html' }
const UPGRADE = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Protocol': 'graphql-transport-ws',
}
const KEY = /sk_test_[A-Za-z0-9]{8}/

/** What a browser sends once the name of a foreign page leads to this machine. */
const FOREIGN = [
  'evil.example',
  'evil.example:4000',
  'localhost.evil.example',
  'evil.localhost.example',
  '127.0.0.1.nip.io',
  '10.1.2.3',
  '8.8.8.8',
  '[fd00::1]',
  '0.0.0.0',
]
const SERVED = [
  'localhost',
  'LOCALHOST:9',
  'localhost.',
  '127.0.0.1',
  '127.8.9.1',
  '[::1]:4000',
  'shop.localhost',
  'pay.internal',
  'PAY.internal:8443',
]

describe.each(FOREIGN)('a page that reaches this machine under the name %s', (host) => {
  test('is not given GraphiQL and its key, nor anything else, over HTTP or WebSocket', async () => {
    const page = await sendRaw(port, requestText('GET /graphql', { ...HTML, Host: host }))
    expect(page.status).toBe(421)
    expect(page.body).not.toMatch(KEY)
    expect(page.body).toContain('This host is not allowed.')
    const program = await sendRaw(port, requestText('GET /graphql', { Host: host }))
    expect(JSON.parse(program.body).error).toMatchObject({ code: 'MISDIRECTED_REQUEST' })
    expect(JSON.parse(program.body).error.message).toContain('ALLOWED_HOSTS')
    const origin = { Origin: `http://${host}`, Host: host }
    expect((await sendRaw(port, requestText('POST /graphql', origin))).status).toBe(421)
    expect((await sendRaw(port, requestText('GET /', origin))).status).toBe(421)
    expect((await sendRaw(port, requestText('GET /graphql', { ...origin, ...UPGRADE }))).status).toBe(421)
    expect((await sendRaw(port, requestText('GET /sandbox/qbitflow/v1/x', { ...origin, ...UPGRADE }))).status).toBe(421)
  })

  test('is not helped by a target or a header that names another host', async () => {
    const target = await sendRaw(port, requestText(`GET http://${host}/graphql`, { ...HTML, Host: 'localhost' }))
    expect(target.status).toBe(421)
    const forwarded = { 'X-Forwarded-Host': 'localhost', Forwarded: 'host=localhost', Host: host }
    expect((await sendRaw(port, requestText('GET /graphql', { ...HTML, ...forwarded }))).status).toBe(421)
  })

  test('is told whether the gateway lives, as a probe is', async () => {
    expect((await sendRaw(port, requestText('GET /health/live', { Host: host }))).status).toBe(200)
    expect((await sendRaw(port, requestText('GET /health/ready', { Host: host }))).status).toBe(200)
  })
})

test.each(SERVED)('%s is served', async (host) => {
  const page = await sendRaw(port, requestText('GET /graphql', { ...HTML, Host: host }))
  expect(page.status).toBe(200)
  expect(page.body).toMatch(KEY)
})

describe('a gateway that listens on every address', () => {
  const [address] = Object.values(networkInterfaces()).flatMap((found = []) =>
    found.filter(({ internal, family }) => !internal && family === 'IPv4').map((each) => each.address),
  )

  test.skipIf(address === undefined)('serves the one that a probe or scraper connects to, and no other', async () => {
    const open = await startGateway({ host: '::', publicUrl: 'https://pay.example' })
    const own = Number(new URL(open.url).port)
    const statusFor = async (host: string) =>
      (await sendRaw(own, requestText('GET /metrics', { Host: host }), address)).status
    try {
      expect(await statusFor(`${address}:${own}`)).toBe(200)
      expect(await statusFor('PAY.example')).toBe(200)
      expect(await statusFor('[::]')).toBe(421)
      expect(await statusFor('example')).toBe(421)
      expect(await statusFor('198.51.100.7')).toBe(421)
    } finally {
      await open.stop()
    }
  })
})
