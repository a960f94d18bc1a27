import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenGateway, startGateway } from '../support/gateway.ts'
import { requestText, sendRaw } from '../support/raw-http.ts'

let gateway: OpenGateway
let port: number

beforeAll(async () => {
  gateway = await startGateway()
  port = Number(new URL(gateway.url).port)
})

afterAll(() => gateway.stop())

/** What a stack trace, a path of ours or a part's name looks like. */
const INTERNALS = /node_modules|\bat \S+ \(|file:\/\/|\.[jt]s:\d|Error:|ERR_|HPE_|hono|yoga|graphql-/i

const UPGRADE = { Upgrade: 'websocket', Connection: 'Upgrade' }
const KEY = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }
const JSON_POST = { 'Content-Type': 'application/json' }

const REQUESTS: readonly [name: string, bytes: string | Buffer, status: number][] = [
  ['bytes that are no HTTP', '\u0016\u0003\u0001 not http at all\r\n\r\n', 400],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400],
  ['a request line without a version', 'GET /graphql\r\nHost: localhost\r\n\r\n', 400],
  ['an unknown method', requestText('FETCH /graphql'), 400],
  ['HTTP of a version that is not spoken', 'GET / HTTP/3.0\r\nHost: localhost\r\n\r\n', 400],
  ['a space in the target', requestText('GET /a b'), 400],
  ['a control character in the target', requestText('GET /a\u0001b'), 400],
  ['a NUL in a header', requestText('GET /graphql', { 'X-A': 'a\u0000b' }), 400],
  ['a header without a colon', 'GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', 400],
  ['no Host', 'GET /graphql HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['two Hosts', 'GET /graphql HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
  ...[
    '[::1',
    '::1',
    '[::1]x',
    'local host',
    'a@localhost',
    'localhost/graphql',
    'localhost:99999',
    'localhost:port',
    '',
    '?',
    '%zz',
    '[fe80::1%25eth0]',
    'ex\u00e4mple',
  ].flatMap((host): [string, string, number][] => [
    [`the Host "${host}" for GraphQL`, requestText('POST /graphql', { ...JSON_POST, Host: host }), 400],
    [`the Host "${host}" for another address`, requestText('GET /nowhere', { Host: host }), 400],
    [`the Host "${host}" for a WebSocket`, requestText('GET /graphql', { ...UPGRADE, ...KEY, Host: host }), 400],
  ]),
  ['the target *', requestText('OPTIONS *'), 400],
  ['a target that is no path', requestText('GET graphql'), 400],
  ['a target with another scheme', requestText('GET ftp://localhost/graphql'), 400],
  ['a target with a broken address', requestText('GET http://[::1/graphql'), 400],
  ['a target with a password', requestText('GET http://a:b@localhost/graphql'), 400],
  ['a backslash in the path', requestText('GET /sandbox\\..\\x'), 400],
  ['the target //', requestText('GET //'), 404],
  ['the target //host/path', requestText('GET //evil.example/graphql'), 404],
  ['the target /%', requestText('GET /%'), 404],
  ['the target /claim/%', requestText('GET /claim/%'), 404],
  ['the target /inbox/%/%', requestText('GET /inbox/%/%'), 404],
  ['the target /%00', requestText('GET /claim/%00'), 404],
  ['the target /../../etc/passwd', requestText('GET /../../etc/passwd'), 404],
  ['a path of the simulator that cannot be decoded', requestText('GET /sandbox/qbitflow/checkout/%E0%A4%A'), 400],
  ['an id of the simulator that is none', requestText('GET /sandbox/qbitflow/checkout/%00'), 404],
  ['headers of a megabyte', requestText('GET /', { 'X-A': 'a'.repeat(1_000_000) }), 431],
  ['a target of a megabyte', requestText(`GET /${'a'.repeat(1_000_000)}`), 431],
  ['a Content-Length that is no number', requestText('POST /graphql', { ...JSON_POST, 'Content-Length': 'x' }), 400],
  ['a negative Content-Length', requestText('POST /graphql', { ...JSON_POST, 'Content-Length': '-1' }), 400],
  ['a huge Content-Length', requestText('POST /graphql', { ...JSON_POST, 'Content-Length': '9'.repeat(40) }), 400],
  [
    'two lengths',
    requestText('POST /graphql', { 'Content-Length': '2', 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'),
    400,
  ],
  ['an unknown transfer encoding', requestText('POST /graphql', { 'Transfer-Encoding': 'brotli' }), 400],
  [
    'a chunk that is none',
    requestText('POST /graphql', { ...JSON_POST, 'Transfer-Encoding': 'chunked' }, 'zz\r\n'),
    400,
  ],
  ['an expectation', requestText('POST /graphql', { Expect: 'a miracle', 'Content-Length': '0' }), 417],
  ['TRACE', requestText('TRACE /graphql'), 405],
  ['CONNECT', requestText('CONNECT localhost:5432'), 405],
  ['a WebSocket without a key', requestText('GET /graphql', UPGRADE), 400],
  [
    'a WebSocket of another version',
    requestText('GET /graphql', { ...UPGRADE, ...KEY, 'Sec-WebSocket-Version': '7' }),
    400,
  ],
  ['a WebSocket with a wrong key', requestText('GET /graphql', { ...UPGRADE, ...KEY, 'Sec-WebSocket-Key': 'x' }), 400],
  ['a WebSocket by POST', requestText('POST /graphql', { ...UPGRADE, ...KEY }), 400],
  [
    'a WebSocket with a wrong protocol',
    requestText('GET /graphql', { ...UPGRADE, ...KEY, 'Sec-WebSocket-Protocol': ',' }),
    400,
  ],
  ['a WebSocket to nowhere', requestText('GET //', { ...UPGRADE, ...KEY, Connection: 'Upgrade, close' }), 404],
  [
    'a WebSocket to the simulator without a key',
    requestText('GET /sandbox/qbitflow/v1/transaction/status/ws', UPGRADE),
    400,
  ],
  ['a WebSocket of an unknown day', requestText('GET /graphql', { ...UPGRADE, ...KEY, 'X-API-Version': 'x' }), 400],
]

describe('what cannot be read is answered as JSON that gives nothing internal away', () => {
  test.each(REQUESTS)('%s', async (_name, bytes, status) => {
    const answer = await sendRaw(port, bytes)
    expect(answer.status, `${answer.head}\n${answer.body}`).toBe(status)
    expect(`${answer.head}\n${answer.body}`).not.toMatch(INTERNALS)
    if (/text\/html/.test(answer.head)) return
    expect(answer.head).toMatch(/content-type: application\/json/i)
    const { error } = JSON.parse(answer.body)
    expect(error).toEqual({ code: expect.any(String), message: expect.any(String), requestId: expect.any(String) })
    expect(answer.head.toLowerCase()).toContain(`x-request-id: ${error.requestId}`)
  })

  test('and none of it is an error in the log', () => {
    expect(gateway.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

test('a request that names its host in the target, as a proxy is asked, is served', async () => {
  const answer = await sendRaw(
    port,
    requestText(`GET http://localhost:${port}/health/live`, { Host: 'ignored.example' }),
  )
  expect([answer.status, answer.body]).toEqual([200, '{"status":"live"}'])
})

test('a health check by HTTP/1.0 without a Host is served', async () => {
  expect((await sendRaw(port, 'GET /health/ready HTTP/1.0\r\n\r\n')).status).toBe(200)
})

test('garbage after an answer does not change the answer', async () => {
  const answer = await sendRaw(port, 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n\u0000garbage\r\n\r\n')
  expect(answer.status).toBe(200)
})

describe('a client that breaks off its upload', () => {
  test.each([
    ['to GraphQL', '/graphql'],
    ['to an inbox', '/inbox/qbitflow/0192'],
    ['to the simulator', '/sandbox/qbitflow/v1/transaction/session-checkout'],
    ['to a claim page', '/claim/x'],
  ])('%s is no error in the log', async (_name, path) => {
    const before = gateway.lines.length
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"a`,
    )
    setTimeout(() => socket.resetAndDestroy(), 50)
    await expect
      .poll(() => gateway.lines.slice(before).map(({ method, level }) => [method, level]), { timeout: 10_000 })
      .toEqual([['POST', 'info']])
    expect(gateway.lines.slice(before).filter(({ level }) => level === 'error')).toEqual([])
  })
})
