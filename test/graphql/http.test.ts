import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Door, openDoor } from './door.ts'

let door: Door
beforeAll(async () => {
  door = await openDoor({ corsOrigins: ['https://shop.example'] })
})
afterAll(() => door.close())

describe('the audits of graphql-http', () => {
  // Their names and number are known before the server is; the address is filled in when they run.
  const audits = serverAudits({ url: () => door.url })
  test.each(audits.map((audit) => [audit.name, audit] as const))('%s', async (_name, audit) => {
    const result = await audit.fn()
    expect(result.status === 'ok' ? 'ok' : `${result.status}: ${result.reason}`).toBe('ok')
  })
})

describe('requests', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(door.url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  const TYPENAME = JSON.stringify({ query: '{ __typename }' })

  test.each([
    ['Authorization: Bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
    ['X-API-Key', (key: string) => ({ 'x-api-key': key })],
    [
      'the user name of HTTP Basic',
      (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` }),
    ],
  ])('a secret key is read from %s', async (_name, headers) => {
    const { key } = await door.as()
    const response = await post(JSON.stringify({ query: '{ viewer { mode } }' }), headers(key))
    expect(await response.json()).toEqual({ data: { viewer: { mode: 'TEST' } } })
  })

  test('a credential that is not valid is refused with 401, a code and the request id', async () => {
    const response = await post(TYPENAME, { authorization: 'Bearer sk_test_nobody', 'x-request-id': 'req-1' })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toEqual({
      errors: [{ message: 'The credential is not valid', extensions: { code: 'UNAUTHENTICATED', requestId: 'req-1' } }],
    })
  })

  test('without a credential a field that needs one is UNAUTHENTICATED', async () => {
    const { errors } = await door.asking(undefined)('{ viewer { mode } }')
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED')
  })

  test('a body above 128 KB is refused with 413, with and without a length', async () => {
    const large = JSON.stringify({ query: `{ __typename } # ${'x'.repeat(140_000)}` })
    expect((await post(large)).status).toBe(413)
    const stream = new Blob([large]).stream()
    const chunked = { method: 'POST', body: stream, duplex: 'half', headers: { 'content-type': 'application/json' } }
    expect((await fetch(door.url, chunked as RequestInit)).status).toBe(413)
  })

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/graphql',
    'multipart/form-data; boundary=x',
  ])('a body of %s is refused, because a page of anyone may send it', async (type) => {
    const response = await post('query=%7B__typename%7D', { 'content-type': type })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({
      errors: [
        { message: expect.stringContaining('application/json'), extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } },
      ],
    })
  })

  test.each([
    ['an array', '[]'],
    ['text', '"{ __typename }"'],
    ['cut off', '{"query":'],
    ['empty', ''],
    ['without a query', '{}'],
    ['with an unknown key', '{"query":"{__typename}","batch":1}'],
    ['with variables that are no object', '{"query":"{__typename}","variables":[1]}'],
  ])('a body that is %s is refused with 400', async (_name, body) => {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] })
  })

  test('a foreign page is given rights only when its origin is allowed, and never credentials', async () => {
    const allowed = await post(TYPENAME, { origin: 'https://shop.example' })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    expect(allowed.headers.get('access-control-allow-credentials')).not.toBe('true')
    const foreign = await post(TYPENAME, { origin: 'https://evil.example' })
    expect(foreign.headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
    expect(foreign.headers.get('access-control-allow-origin')).not.toBe('*')
  })

  test('answers are kept by no cache', async () => {
    expect((await post(TYPENAME)).headers.get('cache-control')).toBe('no-store')
  })

  test('a subscription over HTTP is refused with a word on where to go', async () => {
    const response = await post(JSON.stringify({ query: 'subscription { transactionStatus(id: "x") { state } }' }), {
      accept: 'text/event-stream, application/json',
    })
    expect(await response.text()).toContain('Subscriptions are served over WebSocket')
  })

  test('of two operations in a document the one that is named is run', async () => {
    const query = 'query A { a: __typename } query B { b: __typename }'
    for (const [operationName, data] of [
      ['A', { a: 'Query' }],
      ['B', { b: 'Query' }],
      ['A', { a: 'Query' }],
    ]) {
      const response = await post(JSON.stringify({ query, operationName }))
      expect(await response.json()).toEqual({ data })
    }
  })

  test('a name that no operation has is refused, and spoils the document for nobody', async () => {
    const query = 'query Mine { __typename }'
    const wrong = await post(JSON.stringify({ query, operationName: 'Yours' }))
    expect(await wrong.json()).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] })
    const right = await post(JSON.stringify({ query, operationName: 'Mine' }))
    expect(await right.json()).toEqual({ data: { __typename: 'Query' } })
    const ambiguous = await post(JSON.stringify({ query: 'query A { __typename } query B { __typename }' }))
    expect(await ambiguous.json()).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] })
  })
})
