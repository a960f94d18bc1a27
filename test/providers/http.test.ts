import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ProviderError, problemFrom } from '../../src/providers/errors.ts'
import { asForm, asJson, byStatus, callProvider, type ProviderHttp } from '../../src/providers/http.ts'

/** A provider's server that answers as the test wants. */
let answer: (response: ServerResponse) => void
const asked: { method?: string; headers: Record<string, unknown>; body: string }[] = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  asked.push({ method: request.method ?? '', headers: request.headers, body })
  answer(response)
})
let http: ProviderHttp

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  http = {
    provider: 'QBITFLOW',
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fetch,
    encode: asJson,
    sign: () => ({ 'x-api-key': 'sk_test' }),
    verdict: byStatus('QBITFLOW', (body) => (body as { error?: string } | undefined)?.error),
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  asked.length = 0
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const says = (status: number, body: string) => (response: ServerResponse) => void response.writeHead(status).end(body)

/** How a call failed: the error's name, its code and whether asking again may help. */
async function failure(method: string, calling = http) {
  const error = await callProvider(calling, method, '/x', method === 'GET' ? undefined : { a: 1 }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProviderError)) throw new Error(`it is no failure of the provider: ${error}`)
  return { name: error.name, code: error.failure.providerCode, retryable: problemFrom(error).facts?.retryable }
}

const REFUSED = { name: 'ProviderRefused', retryable: false }
const UNAVAILABLE = { name: 'ProviderUnavailable', retryable: true }
const LOST = { name: 'ProviderAnswerLost', retryable: true }

test('a good answer is its JSON, and the request carries key, method and body', async () => {
  answer = says(201, '{"id":7}')
  expect(await callProvider(http, 'POST', '/x', { a: 1 })).toEqual({ id: 7 })
  expect(asked[0]).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { 'x-api-key': 'sk_test' } })
  expect(await callProvider(http, 'GET', '/x')).toEqual({ id: 7 })
  expect(asked[1]).toMatchObject({ method: 'GET', body: '' })
})

describe('a provider with a wire of its own', () => {
  const own = (): ProviderHttp => ({
    ...http,
    encode: asForm,
    sign: ({ method, path, body }) => ({ 'x-proof': `${method} ${path} ${body}` }),
    verdict: (status, headers, body) => {
      const { code } = (body ?? {}) as { code?: string }
      if (headers.get('x-remaining') === '0') return { is: 'NOT_NOW', code: `${status}`, message: 'slow down' }
      if (code === '0000') return { is: 'DONE' }
      if (code === undefined) return { is: 'UNCLEAR', why: 'gave no code' }
      return { is: 'REFUSED', code, message: `refused with ${code}` }
    },
  })

  test('is sent its own form of body, signed as it is sent', async () => {
    answer = says(200, '{"code":"0000"}')
    expect(await callProvider(own(), 'POST', '/x', { a: '1 2', b: undefined })).toEqual({ code: '0000' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-proof': 'POST /x a=1+2' }
    expect(asked[0]).toMatchObject({ body: 'a=1+2', headers })
  })

  test('refuses inside a 200 with a code of its own', async () => {
    answer = says(200, '{"code":"1142"}')
    for (const method of ['GET', 'POST']) expect(await failure(method, own())).toEqual({ ...REFUSED, code: '1142' })
  })

  test('asks to slow down with a 403, and nothing was done then', async () => {
    answer = (response) => void response.writeHead(403, { 'x-remaining': '0' }).end('{}')
    for (const method of ['GET', 'POST']) expect(await failure(method, own())).toEqual({ ...UNAVAILABLE, code: '403' })
  })

  test('leaves doubt about a write whose 200 says nothing', async () => {
    answer = says(200, '{}')
    expect(await failure('GET', own())).toMatchObject(UNAVAILABLE)
    expect(await failure('POST', own())).toMatchObject(LOST)
  })
})

describe('a refusal', () => {
  test.each([400, 401, 403, 404, 409, 422])('of %i is final, whatever was asked', async (status) => {
    answer = says(status, '{"error":"no"}')
    for (const method of ['GET', 'POST', 'PUT'])
      expect(await failure(method)).toEqual({ ...REFUSED, code: `${status}` })
  })

  test('says why in the provider’s words, or with its status when it has none', async () => {
    answer = says(400, '{"error":"price is too low"}')
    await expect(callProvider(http, 'POST', '/x', {})).rejects.toThrow('price is too low')
    for (const body of ['', '<html>', '{}', 'null', '"no"']) {
      answer = says(404, body)
      await expect(callProvider(http, 'POST', '/x', {})).rejects.toThrow('QBITFLOW answered 404')
    }
  })
})

test('a request to slow down did nothing, whatever was asked', async () => {
  answer = says(429, '')
  for (const method of ['GET', 'POST']) expect(await failure(method)).toEqual({ ...UNAVAILABLE, code: '429' })
})

const noAnswers: [string, (response: ServerResponse) => void][] = [
  ['a failure of the server', says(500, '{"error":"oops"}')],
  ['a gateway’s failure', says(502, '<html>')],
  ['an answer that is no JSON', says(200, '<html>')],
  ['an answer that is empty', says(200, '')],
  ['a redirect', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  [
    'an answer that breaks off',
    (response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"id":')
      setTimeout(() => response.destroy(), 10)
    },
  ],
  ['a connection that breaks', (response) => void response.destroy()],
]

describe.each(noAnswers)('%s', (_, behaviour) => {
  test('is an outage for a read, and leaves doubt about a write', async () => {
    answer = behaviour
    expect(await failure('GET')).toMatchObject(UNAVAILABLE)
    expect(await failure('POST')).toMatchObject(LOST)
    expect(await failure('PUT')).toMatchObject(LOST)
  })
})

describe('an answer that does not come', () => {
  test.each([
    ['at all', () => {}],
    ['to its end', (response: ServerResponse) => void response.writeHead(200).write('{')],
  ])('%s is waited for ten seconds and no longer', async (_, behaviour) => {
    answer = behaviour
    const short = AbortSignal.timeout.bind(AbortSignal)
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => short(ms / 100))
    expect(await failure('GET')).toMatchObject(UNAVAILABLE)
    expect(await failure('POST')).toMatchObject(LOST)
    expect(timeout.mock.calls).toEqual([[10_000], [10_000]])
  })
})

test('a provider that nobody can reach is an outage for a read, and leaves doubt about a write', async () => {
  const nowhere = { ...http, baseUrl: 'http://127.0.0.1:1' }
  expect(await failure('GET', nowhere)).toMatchObject(UNAVAILABLE)
  expect(await failure('POST', nowhere)).toMatchObject(LOST)
})
