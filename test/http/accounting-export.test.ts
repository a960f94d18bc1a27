import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { call, type TestApp, testApp } from '../support/app.ts'
import { openDoor } from './house.ts'

const ROWS = 1_203

let house: TestApp
let owner: Actor
let door: Awaited<ReturnType<typeof openDoor>>
let key: string
beforeAll(async () => {
  house = await testApp()
  owner = await house.actor()
  const { app } = house
  door = await openDoor({ access: app.access, accounting: app.accounting })
  key = (await app.keys.create(call(owner), { name: 'a key', role: 'OWNER' })).secret ?? ''
  // One each minute from midnight in UTC on, of which a page holds some.
  await app.db.query(
    'test.payments',
    `INSERT INTO payment (tenant_id, id, provider, status, amount_minor, currency, description, provider_fee_minor, settled_at)
     SELECT $1, gen_random_uuid(), 'QBITFLOW', 'COMPLETED', n, 'USD', 'number ' || n, 0, '2026-03-01T00:00:00Z'::timestamptz + n * interval '1 minute'
     FROM generate_series(0, ${ROWS - 1}) AS n`,
    [owner.tenantId],
  )
})
afterAll(async () => {
  await door.server.stop()
  await house.close()
})

const ask = (query: string, headers: Record<string, string> = { authorization: `Bearer ${key}` }) =>
  fetch(`${door.url}/exports/accounting?${query}`, { headers })
const MARCH = 'from=2026-03-01&to=2026-03-31'

describe('GET /exports/accounting', () => {
  test('gives every row of the period once, in the order of time, over many pages', async () => {
    const response = await ask(`${MARCH}&format=csv`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-disposition')).toBe(
      'attachment; filename="accounting-2026-03-01-2026-03-31.csv"',
    )
    const [header, ...lines] = (await response.text()).trimEnd().split('\r\n')
    expect(header).toMatch(/^paymentId,type,txTimeUtc,/)
    expect(lines.map((line) => line.split(',')[6])).toEqual(Array.from({ length: ROWS }, (_, n) => `number ${n}`))
  })

  test('begins with a byte order mark for Excel where it is asked for, and not otherwise', async () => {
    const first = async (query: string) => new Uint8Array(await (await ask(query)).arrayBuffer()).slice(0, 3)
    const day = 'from=2026-03-01&to=2026-03-01&format=csv'
    expect([...(await first(`${day}&bom=true`))]).toEqual([0xef, 0xbb, 0xbf])
    for (const query of [day, `${day}&bom=false`]) expect(new TextDecoder().decode(await first(query))).toBe('pay')
  })

  test('gives the same as JSON', async () => {
    const events = (await (await ask(`${MARCH}&format=json`)).json()) as {
      productName: string
      grossAmountUsd: number
    }[]
    expect(events).toHaveLength(ROWS)
    expect(events.at(-1)).toMatchObject({ productName: `number ${ROWS - 1}`, grossAmountUsd: (ROWS - 1) / 100 })
  })

  test('has the days of the reader’s time zone', async () => {
    const day = 'from=2026-03-01&to=2026-03-01&format=json'
    const [utc, yangon] = await Promise.all([ask(day), ask(day, { 'x-api-key': key, 'time-zone': 'Asia/Yangon' })])
    expect((await utc.json()) as object[]).toHaveLength(ROWS)
    // There the day ends at 17:30 in UTC.
    expect((await yangon.json()) as object[]).toHaveLength(17.5 * 60)
  })

  test('gives another tenant nothing but the header', async () => {
    const { secret } = await house.app.keys.create(call(await house.actor('LIVE')), { name: 'live', role: 'OWNER' })
    const response = await ask(`${MARCH}&format=csv`, { authorization: `Bearer ${secret}` })
    expect((await response.text()).split('\r\n')).toHaveLength(2)
  })

  test.each([
    ['', /from is required; to is required; format/],
    ['from=2026-02-30&to=2026-03-01&format=csv', /from must be a day/],
    ['from=2026-03-02&to=2026-03-01&format=csv', /to must not be before/],
    ['from=yesterday&to=2026-03-01&format=csv', /^from must be a day[^;]*$/],
    ['from=2026-03-01&to=&format=csv', /^to must be a day[^;]*$/],
    [`${MARCH}&format=xlsx`, /format must be csv or json/],
    [`${MARCH}&format=csv&bom=yes`, /bom must be true or false/],
    [`${MARCH}&format=json&bom=true`, /bom is only for csv/],
    [
      `${MARCH}&format=csv&timezone=Asia/Yangon`,
      /^timezone is not a parameter of this address: it has from, to, format, bom$/,
    ],
    [`${MARCH}&fromat=csv`, /^fromat is not a parameter of this address/],
    [`${MARCH}&format=csv&Bom=true`, /^Bom is not a parameter/],
    [`${MARCH}&format=csv&=`, /^An empty name is not a parameter/],
    [`${MARCH}&format=csv&${'x'.repeat(5_000)}=1`, /^x{60}… is not a parameter/],
    [`${MARCH}&format=csv&format=json`, /^format must be given once$/],
    [`${MARCH}&format=csv&to=2026-03-31`, /^to must be given once$/],
    [`${MARCH}&format=csv&from=&page=2&page=3`, /^from must be given once; page is not a parameter of this address/],
  ])('refuses %j as JSON', async (query, message) => {
    const response = await ask(query)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { code: 'BAD_USER_INPUT', message: expect.stringMatching(message) },
    })
  })

  test.each([[{}], [{ authorization: 'Bearer sk_test_nonsense' }]])('needs a secret key, not %j', async (headers) => {
    const response = await ask(`${MARCH}&format=csv`, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })

  test('stops reading when the reader goes', async () => {
    const leaving = new AbortController()
    let read = 0
    let ended = false
    async function* endless() {
      try {
        for (;;) {
          read += 1
          yield 'x'.repeat(64 * 1024)
        }
      } finally {
        ended = true
      }
    }
    const other = await openDoor({
      access: house.app.access,
      accounting: { export: () => ({ type: 'text/csv', text: endless() }) },
    })
    try {
      const response = await fetch(`${other.url}/exports/accounting`, {
        headers: { authorization: `Bearer ${key}` },
        signal: leaving.signal,
      })
      await response.body?.getReader().read()
      const before = read
      await new Promise((resolve) => setTimeout(resolve, 100))
      // No more than the sockets' own buffers hold.
      expect(read).toBeLessThan(before + 400)
      leaving.abort()
      await expect.poll(() => ended).toBe(true)
    } finally {
      await other.server.stop()
    }
  })
})
