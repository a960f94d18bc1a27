import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { requestText, sendRaw } from '../support/raw-http.ts'

/** Whoever would rather speak another protocol is answered in HTTP/1.1, as RFC 9110 (7.8) allows. */

let gateway: OpenGateway
let port: number
beforeAll(async () => {
  gateway = await startGateway()
  port = Number(new URL(gateway.url).port)
})
afterAll(() => gateway.stop())

/** What Java's HttpClient and curl --http2 send. */
const H2C = {
  Connection: 'Upgrade, HTTP2-Settings, close',
  Upgrade: 'h2c',
  'HTTP2-Settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
}
const WEBSOCKET = {
  Connection: 'Upgrade, close',
  Upgrade: 'websocket',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
}

function graphql(query: string, headers: Record<string, string>): string {
  const body = JSON.stringify({ query })
  const facts = { 'Content-Type': 'application/json', 'X-API-Key': gateway.key }
  return requestText('POST /graphql', { ...facts, 'Content-Length': String(body.length), ...headers }, body)
}

const MODE = { data: { viewer: { mode: 'TEST' } } }

describe('a request that asks for another protocol is answered as if it had not', () => {
  test.each(['h2c', 'HTTP/2.0', 'TLS/1.0', 'spdy', 'h2c, websocket', 'WebSocketX', ' '])(
    'Upgrade: %s',
    async (protocol) => {
      const answer = await sendRaw(port, graphql('{ viewer { mode } }', { ...H2C, Upgrade: protocol }))
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, MODE])
      expect(answer.head).not.toMatch(/^upgrade:/im)
    },
  )

  test('with Connection: Upgrade alone', async () => {
    const answer = await sendRaw(port, graphql('{ viewer { mode } }', { Connection: 'Upgrade, close' }))
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, MODE])
  })

  test('with a body larger than one packet, that comes in chunks and late', async () => {
    const query = `{ viewer { mode } } ${'# '.repeat(30_000)}`
    const whole = Buffer.from(graphql(query, H2C))
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const closed = once(socket, 'close')
    for (const part of [whole.subarray(0, 100), whole.subarray(100, 5_000), whole.subarray(5_000)]) {
      socket.write(part)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await closed
    expect(String(Buffer.concat(chunks))).toContain(JSON.stringify(MODE))
  })

  test('and the next request on its connection too, also when it was sent at once', async () => {
    const first = graphql('{ viewer { mode } }', { ...H2C, Connection: 'Upgrade, HTTP2-Settings' })
    const answer = await sendRaw(port, first + first + graphql('{ a: viewer { mode } }', H2C))
    const text = `${answer.head}\n${answer.body}`
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    expect(text).toContain('{"data":{"a":{"mode":"TEST"}}}')
  })

  test('and waits for the answer to the request before it', async () => {
    const first = graphql('{ viewer { mode } }', { Connection: 'keep-alive' })
    const answer = await sendRaw(port, first + graphql('{ a: viewer { mode } }', H2C))
    expect(`${answer.head}\n${answer.body}`.match(/"mode":"TEST"/g)).toHaveLength(2)
    const head = { ...WEBSOCKET, 'Sec-WebSocket-Key': 'x' }
    const socket = await sendRaw(port, first + requestText('GET /graphql', head))
    expect(`${socket.head}\n${socket.body}`.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
  })

  test('a mutation is carried out once', async () => {
    const create =
      'mutation { createCustomer(input: { name: "Ada", lastName: "L", email: "ada@x.de" }) { customer { email } } }'
    await sendRaw(port, graphql(create, H2C))
    const { customers } = await gateway.api.ask<{ customers: { totalCount: number } }>('{ customers { totalCount } }')
    expect(customers.totalCount).toBe(1)
  })
})

describe('a request for a WebSocket where there is none is answered like every other', () => {
  test.each([
    ['GET /health/live', 200],
    ['GET /exports/data', 401],
    ['GET /nowhere', 404],
    ['POST /inbox/qbitflow/0192', 404],
    ['GET /sandbox/qbitflow/v1/transaction/status', 400],
    ['GET /sandbox/constructor/ws', 404],
  ])('%s', async (line, status) => {
    const plain = await sendRaw(port, requestText(line, { 'Content-Length': '0' }))
    const answer = await sendRaw(port, requestText(line, { ...WEBSOCKET, 'Content-Length': '0' }))
    expect([plain.status, answer.status]).toEqual([status, status])
  })

  test('and where there is one a handshake that is not valid is refused', async () => {
    const answer = await sendRaw(port, requestText('GET /graphql', { ...WEBSOCKET, 'Sec-WebSocket-Key': 'x' }))
    expect([answer.status, JSON.parse(answer.body).error.message]).toEqual([
      400,
      'The WebSocket handshake is not valid.',
    ])
  })
})

test('a foreign host and a line that is no header do not get through by another protocol', async () => {
  expect((await sendRaw(port, graphql('{ viewer { mode } }', { ...H2C, Host: 'evil.example' }))).status).toBe(421)
  expect((await sendRaw(port, graphql('{ viewer { mode } }', { ...H2C, 'X-A': 'a\u0000b' }))).status).toBe(400)
})
