import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { House } from '../../src/http/routes.ts'
import type { Caller, Role } from '../../src/kernel/actor.ts'
import { eventually } from '../support/app.ts'
import { openDoor } from './house.ts'

let stop: () => Promise<void> = async () => {}
afterEach(() => stop())

const keyOf = (role: Role): Caller => ({
  kind: 'key',
  actor: { tenantId: 't', organizationId: 'o', mode: 'TEST', role, userId: null, apiKeyId: 'k', requestId: 'r' },
  terms: { rateLimit: 5000, clientAuthUrl: null },
})
const CALLERS: Readonly<Record<string, Caller>> = {
  owner: keyOf('OWNER'),
  admin: keyOf('ADMIN'),
  seller: keyOf('USER'),
  payer: { kind: 'checkout', tenantId: 't', checkoutId: 'c', requestId: 'r' },
}

async function doorTo(pieces: () => AsyncGenerator<string>, patience?: House['patience']) {
  const parts: Partial<House> = {
    patience,
    access: {
      authenticate: async (credential, requestId) =>
        credential === undefined ? { kind: 'anonymous', requestId } : (CALLERS[credential] ?? 'invalid'),
    },
    exports: { data: async () => ({ fileName: 'data.jsonl', pieces: pieces() }) },
  }
  const door = await openDoor(parts)
  stop = () => door.server.stop()
  return door
}

const asking = (url: string, credential?: string) =>
  fetch(`${url}/exports/data`, { headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` } })

async function* two() {
  yield '{"tollgate":"data"}\n'
  yield '{"end":true}\n'
}

test.each(['owner', 'admin'])('an %s takes the file along', async (role) => {
  const { url } = await doorTo(two)
  const response = await asking(url, role)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="data.jsonl"')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(await response.text()).toBe('{"tollgate":"data"}\n{"end":true}\n')
})

test('a parameter of the address is refused by name: the file is always the whole', async () => {
  const { url } = await doorTo(two)
  const response = await fetch(`${url}/exports/data?from=2026-01-01`, { headers: { authorization: 'Bearer owner' } })
  expect([response.status, (await response.json()).error]).toMatchObject([
    400,
    { code: 'BAD_USER_INPUT', message: 'from is not a parameter of this address: it has none' },
  ])
})

test.each([
  ['nobody', undefined, 401, 'UNAUTHENTICATED'],
  ['a key that is none', 'sk_test_no', 401, 'UNAUTHENTICATED'],
  ['a seller', 'seller', 403, 'FORBIDDEN'],
  ['who pays', 'payer', 403, 'FORBIDDEN'],
])('%s is refused in JSON', async (_, credential, status, code) => {
  const { url } = await doorTo(two)
  const response = await asking(url, credential)
  expect(response.status).toBe(status)
  const requestId = response.headers.get('x-request-id')
  expect(await response.json()).toMatchObject({ error: { code, requestId } })
  expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
})

describe('a long export', () => {
  const PIECE = `${'x'.repeat(1024 * 1024)}\n`
  let made = 0
  let ended = 0
  beforeEach(() => {
    made = 0
    ended = 0
  })

  async function* long() {
    try {
      for (; made < 500; made++) yield PIECE
    } finally {
      ended++
    }
  }

  async function begin(url: string): Promise<IncomingMessage> {
    const [response] = (await once(get(`${url}/exports/data`, { headers: { 'x-api-key': 'owner' } }), 'response')) as [
      IncomingMessage,
    ]
    return response
  }

  test('is made no faster than it is read, and ends with its reader', async () => {
    const { url } = await doorTo(long)
    const response = await begin(url)
    await once(response, 'readable')
    let before = -1
    await eventually(async () => {
      const still = made === before
      before = made
      return still && made > 0
    })
    expect(made).toBeLessThan(50)
    response.destroy()
    await eventually(async () => ended === 1)
    expect(made).toBeLessThan(50)
  })

  test('waits for others when too many run, and its place is free again when they go', async () => {
    const { url } = await doorTo(long)
    const running = await Promise.all([begin(url), begin(url), begin(url)])
    const refused = await asking(url, 'owner')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60'])
    for (const response of running) response.destroy()
    await eventually(async () => {
      const response = await asking(url, 'owner')
      await response.body?.cancel()
      return response.status === 200
    })
  })

  test('whose reader has stalled is ended, and its place is free again', async () => {
    const { url } = await doorTo(long, { stalledMs: 300, longestMs: 60_000 })
    const stalled = await Promise.all([begin(url), begin(url)])
    const cut = stalled.map((response) => once(response, 'error'))
    await eventually(async () => ended === stalled.length)
    for (const response of stalled) response.resume()
    expect((await Promise.all(cut)).map(([error]) => error.code)).toEqual(['ECONNRESET', 'ECONNRESET'])
    await eventually(async () => {
      const response = await asking(url, 'owner')
      await response.body?.cancel()
      return response.status === 200
    })
  })

  test('that is read a little at a time is ended too, however long it has been read', async () => {
    const { url } = await doorTo(long, { stalledMs: 60_000, longestMs: 1_000 })
    const response = await begin(url)
    const reading = setInterval(() => response.read(1_024), 20)
    await eventually(async () => ended === 1, 20_000)
    clearInterval(reading)
    expect(made).toBeLessThan(500)
  })

  test('that fails is cut off, not ended', async () => {
    const { url, lines } = await doorTo(async function* () {
      yield PIECE
      yield PIECE
      throw new Error('the database is gone')
    })
    await expect(asking(url, 'owner').then((response) => response.text())).rejects.toThrow()
    expect(lines.map(({ msg }) => msg)).toContain('an export failed')
  })
})
