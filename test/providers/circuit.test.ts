import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { metrics } from '../../src/kernel/metrics.ts'
import { type Circuits, providerCircuits } from '../../src/providers/circuit.ts'
import { ProviderError, problemFrom } from '../../src/providers/errors.ts'
import { asJson, byStatus, callProvider, type ProviderHttp } from '../../src/providers/http.ts'
import { type TurnableClock, turnableClock } from '../support/clock.ts'

type Answer = (response: ServerResponse) => void
const UP: Answer = (response) => void response.end('{}')
const LOST: Answer = (response) => void response.destroy()
const says =
  (status: number): Answer =>
  (response) =>
    void response.writeHead(status).end('{}')

let answer: Answer = UP
let asked = 0
const server = createServer((_request, response) => {
  asked += 1
  answer(response)
})
let baseUrl: string
let clock: TurnableClock
let circuits: Circuits
const lines: string[] = []

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  clock = turnableClock()
  circuits = providerCircuits({ clock, log: pino({}, { write: (line) => void lines.push(line) }) })
  lines.length = 0
  answer = UP
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

/** What an answer means where it is HTTP 200 whatever happened. */
const byCode: ProviderHttp['verdict'] = (_status, _headers, body) => {
  const { code } = body as { code: string }
  if (code === 'OK') return { is: 'DONE' }
  if (code === 'UNKNOWN') return { is: 'UNCLEAR', why: `answered ${code}` }
  if (code === 'REFUSED') return { is: 'REFUSED', code, message: code }
  return { is: 'NOT_NOW', code, message: code, rateLimited: code === 'SLOW_DOWN' }
}
const inside =
  (code: string): Answer =>
  (response) =>
    void response.end(JSON.stringify({ code }))

/** One call of a connection: `ok`, or the error's name. */
async function call(
  connectionId = 'one',
  method = 'GET',
  at = baseUrl,
  verdict = byStatus('QBITFLOW', () => undefined),
): Promise<string> {
  const of = { provider: 'QBITFLOW', tenantId: 'tenant', connectionId, baseUrl: at }
  const http = { provider: 'QBITFLOW', baseUrl: at, encode: asJson, sign: () => ({}), verdict }
  const calling = callProvider({ ...http, fetch: circuits.guard(of, fetch) }, method, '/x')
  return calling.then(
    () => 'ok',
    (error: Error) => error.name,
  )
}

async function calls(times: number, connectionId?: string): Promise<void> {
  for (let n = 0; n < times; n++) await call(connectionId)
}

/** Whether a call is sent. */
async function isSent(connectionId?: string, method?: string): Promise<boolean> {
  const before = asked
  await call(connectionId, method)
  return asked > before
}

async function openCircuits(): Promise<number> {
  const text = await metrics.getSingleMetricAsString('tollgate_provider_circuits_open')
  return Number(/\{provider="QBITFLOW"\} (\d+)/.exec(text)?.[1] ?? 0)
}

describe('a provider that cannot be reached', () => {
  test.each([
    ['answers 500', says(500)],
    ['answers 503', says(503)],
    ['closes the connection', LOST],
  ])('because it %s five times in a row is not called for a while, and callers are told at once', async (_, down) => {
    const before = await openCircuits()
    answer = down
    await calls(4)
    expect(await isSent()).toBe(true)
    answer = UP
    expect(await isSent()).toBe(false)
    // A write was not sent either, so that its answer is not in doubt.
    expect(await call('one', 'POST')).toBe('ProviderUnavailable')
    expect(await openCircuits()).toBe(before + 1)
    clock.turn({ seconds: 6 })
    expect(await call()).toBe('ok')
    expect(await openCircuits()).toBe(before)
    expect(await isSent()).toBe(true)
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
      'the provider cannot be reached and is not called for a while',
      'the provider answers again and is called as usual',
    ])
  })

  test('is told as PROVIDER_UNAVAILABLE, with the moment of the next call', async () => {
    answer = LOST
    await calls(5)
    const of = { provider: 'QBITFLOW', tenantId: 'tenant', connectionId: 'one', baseUrl }
    const error = await circuits
      .guard(
        of,
        fetch,
      )(baseUrl)
      .catch((reason: unknown) => reason)
    if (!(error instanceof ProviderError)) throw error
    const { code, facts, message } = problemFrom(error)
    expect(code).toBe('PROVIDER_UNAVAILABLE')
    expect(facts).toMatchObject({ provider: 'QBITFLOW', retryable: true })
    const wait = Date.parse(String(facts?.retryAt)) - clock.now().getTime()
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(5_000)
    expect(message).toContain(String(facts?.retryAt))
  })

  test('is tried by one call after each pause, and the pauses grow to a minute', async () => {
    answer = LOST
    await calls(5)
    for (const seconds of [5, 10, 20, 40, 60, 60]) {
      clock.turn({ seconds: seconds - 2 })
      expect(await isSent()).toBe(false)
      clock.turn({ seconds: 2 })
      const before = asked
      await Promise.all([call(), call(), call()])
      expect(asked - before).toBe(1)
    }
  })

  test('is no reason to stop calling at another address or for another connection', async () => {
    answer = LOST
    await calls(5)
    expect(await isSent('two')).toBe(true)
    answer = UP
    expect(await call('one', 'GET', `${baseUrl}/other`)).toBe('ok')
    expect(await isSent()).toBe(false)
  })

  test('is not left for longer by calls that were under way when it was given up', async () => {
    const held: ServerResponse[] = []
    answer = (response) => void held.push(response)
    const underWay = Array.from({ length: 12 }, () => call())
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(12)
    for (const response of held) response.destroy()
    await Promise.all(underWay)
    answer = UP
    expect(await isSent()).toBe(false)
    clock.turn({ seconds: 6 })
    expect(await call()).toBe('ok')
  })

  test('is called again although the system clock was set back', async () => {
    clock.turn({ hours: 2 })
    answer = LOST
    await calls(5)
    clock.turn({ hours: -1 })
    expect(await isSent()).toBe(true)
  })
})

describe('a provider that answers HTTP 200 whatever happens', () => {
  const asks = (method = 'GET') => call('one', method, baseUrl, byCode)

  test.each([
    ['MAINTENANCE', 'ProviderUnavailable', 'GET'],
    ['MAINTENANCE', 'ProviderUnavailable', 'POST'],
    ['UNKNOWN', 'ProviderAnswerLost', 'POST'],
  ])('and says %s inside five times in a row is not called for a while, and then once', async (code, told, method) => {
    answer = inside(code)
    for (let n = 0; n < 5; n++) expect(await asks(method)).toBe(told)
    answer = inside('OK')
    expect(await isSent()).toBe(false)
    clock.turn({ seconds: 6 })
    expect(await asks(method)).toBe('ok')
    expect(await asks(method)).toBe('ok')
  })

  test('and sends a page instead of an answer is not called for a while either', async () => {
    answer = (response) => void response.end('<html>We will be back soon</html>')
    await calls(5)
    answer = UP
    expect(await isSent()).toBe(false)
  })

  test('and breaks its answer off is not called for a while either', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{')
      setImmediate(() => response.destroy())
    }
    await calls(5)
    answer = UP
    expect(await isSent()).toBe(false)
  })

  test.each(['REFUSED', 'SLOW_DOWN'])('and says %s inside is called as usual', async (code) => {
    answer = inside(code)
    for (let n = 0; n < 12; n++) await asks()
    expect(await isSent()).toBe(true)
  })

  test('now and then is called as usual: only failures in a row count', async () => {
    for (let n = 0; n < 5; n++) {
      answer = inside('MAINTENANCE')
      for (let time = 0; time < 4; time++) await asks()
      answer = inside('REFUSED')
      expect(await asks()).toBe('ProviderRefused')
    }
  })
})

describe('a provider that answers', () => {
  test.each([400, 401, 404, 409, 429])('with a refusal, %i, is called as usual', async (status) => {
    answer = says(status)
    await calls(12)
    expect(await isSent()).toBe(true)
  })

  test('now and then is called as usual: only failures in a row count', async () => {
    for (let n = 0; n < 5; n++) {
      answer = LOST
      await calls(4)
      answer = UP
      expect(await call()).toBe('ok')
    }
  })
})
