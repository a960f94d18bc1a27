import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openCredentials } from '../../src/providers/credentials.ts'
import { call, SECRET_KEY } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'

const SECRETS = { apiKey: 'their-very-own-api-key', webhookSecret: 'their-very-own-webhook-secret' }

let shop: Shop
let server: Server
let baseUrl: string
/** What their server answers, and which keys it was shown. */
let status = 200
const shown: (string | string[] | undefined)[] = []

beforeAll(async () => {
  shop = await openShop()
  server = createServer((request, response) => {
    shown.push(request.headers['x-api-key'])
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"no such key"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterAll(async () => {
  server.close()
  await shop.close()
})

const connect = (input: object, actor = shop.owner) =>
  shop.app.connections.connect(call(actor), { provider: 'QBITFLOW', credentials: SECRETS, ...input })
const connection = (tenantId = shop.owner.tenantId) =>
  shop.app.db.prisma.providerConnection.findFirst({ where: { tenantId, provider: 'QBITFLOW' } })

describe('a connection with an account of their own', () => {
  test('is asked with the credentials before it is kept, and the simulator has no part in it then', async () => {
    status = 200
    await shop.open()
    await connect({ baseUrl: `${baseUrl}/` })
    expect(shown.at(-1)).toBe(SECRETS.apiKey)
    const row = await connection()
    expect(row?.baseUrl).toBe(baseUrl)
    expect(openCredentials(SECRET_KEY, row?.id ?? '', row?.credentials ?? new Uint8Array())).toEqual(SECRETS)
    const [shownAs] = await shop.app.connections.list(shop.owner.tenantId)
    expect(shownAs).toMatchObject({ baseUrl })
    expect(shownAs?.sandbox).toBeUndefined()
    const fault = { provider: 'QBITFLOW', kind: 'DELAY' }
    expect(await refusals(shop.app.faults.inject(call(shop.owner), fault))).toEqual(['UNSUPPORTED provider'])
  })

  test('goes back to the simulator in test mode, which serves as before', async () => {
    await connect({ credentials: {}, baseUrl: null })
    const { id, problems } = await shop.open()
    expect(problems ?? []).toEqual([])
    expect((await shop.checkout(id)).status).toBe('OPEN')
  })

  test.each([
    [401, 'PROVIDER_REFUSED'],
    [500, 'PROVIDER_UNAVAILABLE'],
  ])('that answers %s is refused, and the one before stays', async (answer, code) => {
    status = answer
    const before = await connection()
    expect(await refusals(connect({ baseUrl }))).toEqual([code])
    expect(await connection()).toEqual(before)
    status = 200
  })

  test('is for an owner', async () => {
    expect(await refusals(connect({ baseUrl }, { ...shop.owner, role: 'ADMIN' }))).toEqual(['FORBIDDEN'])
  })

  test.each([
    [{ credentials: { apiKey: 'x' }, baseUrl: 'http://x.example' }, ['REQUIRED credentials.webhookSecret']],
    [{ credentials: { ...SECRETS, more: 'x' }, baseUrl: 'http://x.example' }, ['INVALID credentials.more']],
    [{ credentials: 'all of them', baseUrl: 'http://x.example' }, ['INVALID credentials']],
    [{ baseUrl: 'ftp://x.example' }, ['INVALID baseUrl']],
    [{ baseUrl: 'sandbox' }, ['INVALID baseUrl']],
    [{ baseUrl: null }, ['INVALID credentials']],
    [{ provider: 'QFPAY', baseUrl: 'https://x.example' }, ['UNSUPPORTED provider']],
    [{ provider: 'QBITPAY', credentials: {} }, ['UNSUPPORTED provider']],
  ])('is refused where the input is bad: %j', async (input, problems) => {
    expect(await refusals(connect(input))).toEqual(problems)
  })

  test('in live mode is reached over https alone', async () => {
    const live = await shop.actor('LIVE')
    expect(await refusals(connect({ baseUrl }, live))).toEqual(['INVALID baseUrl'])
    expect(await connection(live.tenantId)).toBeNull()
  })

  test('by two at once ends with one of them', async () => {
    await Promise.all([connect({ baseUrl }), connect({ baseUrl, credentials: { ...SECRETS, apiKey: 'other' } })])
    const row = await connection()
    const kept = openCredentials(SECRET_KEY, row?.id ?? '', row?.credentials ?? new Uint8Array())
    expect([SECRETS.apiKey, 'other']).toContain(kept.apiKey)
    await connect({ credentials: {} })
  })

  test('leaves no credential in events or idempotency records', async () => {
    const input = { provider: 'QBITFLOW', credentials: SECRETS, baseUrl }
    await shop.app.connections.connect(call(shop.owner, 'connect-1', input), input)
    const { event, idempotencyRecord } = shop.app.db.prisma
    const kept = JSON.stringify([await event.findMany(), await idempotencyRecord.findMany()], (_key, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    expect(kept).toContain('provider.connected')
    for (const secret of Object.values(SECRETS)) expect(kept).not.toContain(secret)
  })
})
