import { afterEach, describe, expect, test } from 'vitest'
import { openDoor } from './house.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function open(parts: Parameters<typeof openDoor>[0] = {}) {
  const door = await openDoor(parts)
  cleanups.push(() => door.server.stop())
  return door
}

describe('health', () => {
  test('live and ready while the database answers', async () => {
    const { url } = await open()
    expect(await (await fetch(`${url}/health/live`)).json()).toEqual({ status: 'live' })
    const ready = await fetch(`${url}/health/ready`)
    expect(ready.status).toBe(200)
    expect(ready.headers.get('cache-control')).toBe('no-store')
    expect(await ready.json()).toEqual({ status: 'ready' })
  })

  test('live but not ready without the database, and nothing internal is told', async () => {
    const { url } = await open({
      askDatabase: async () => {
        throw new Error('connect ECONNREFUSED 10.0.0.7:5432')
      },
    })
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    const ready = await fetch(`${url}/health/ready`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toEqual({ status: 'unready', reason: 'database' })
  })

  test('a database that hangs is not waited for', async () => {
    const { url } = await open({ askDatabase: () => new Promise(() => {}) })
    expect((await fetch(`${url}/health/ready`)).status).toBe(503)
  })

  test.each([
    ['database_read_only', '25006', 'cannot execute UPDATE in a read-only transaction'],
    ['database_disk_full', '53100', 'could not extend file "base/5/16384": No space left on device'],
    ['database', '57P03', 'the database system is starting up'],
  ])('a database that takes no writes makes it unready: %s', async (reason, code, message) => {
    const { url } = await open({ askDatabase: () => Promise.reject(Object.assign(new Error(message), { code })) })
    const ready = await fetch(`${url}/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'unready', reason }])
  })

  test('schedules that do not run make it unready, and are named', async () => {
    const { url } = await open({ lateSchedules: () => ['webhooks', 'inbox'] })
    const ready = await fetch(`${url}/health/ready`)
    expect(await ready.json()).toEqual({ status: 'unready', reason: 'schedules', schedules: ['webhooks', 'inbox'] })
    expect(ready.status).toBe(503)
  })

  test('a prober in a hurry does not load the database', async () => {
    let asked = 0
    const askDatabase = async () => {
      asked += 1
    }
    const { url } = await open({ askDatabase })
    await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/health/ready`)))
    expect(asked).toBe(1)
  })
})

describe('the inbox', () => {
  test('receives the exact bytes, the headers and the request id', async () => {
    const { url, received } = await open()
    const rawBody = '\ufeff{"amount": 1.0,\r\n "name":"Zoë \u{1f600}"}\n'
    const response = await fetch(`${url}/inbox/qbitflow/0192`, {
      method: 'POST',
      headers: { 'x-webhook-signature-256': 'abc', 'x-request-id': 'r-1' },
      body: Buffer.from(rawBody),
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ received: true })
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ provider: 'qbitflow', connectionId: '0192', rawBody, requestId: 'r-1' })
    expect(received[0]?.headers.get('x-webhook-signature-256')).toBe('abc')
  })

  test('answers what the inbox decides', async () => {
    const { url } = await open({
      inbox: {
        receive: async () => ({ status: 401, body: { error: { code: 'BAD_SIGNATURE' } } }),
        isKnown: () => true,
      },
    })
    expect((await fetch(`${url}/inbox/qbitflow/0192`, { method: 'POST', body: '{}' })).status).toBe(401)
  })

  test('refuses more than 256 KB, announced or not', async () => {
    const { url, received } = await open()
    const large = Buffer.alloc(256 * 1024 + 1, 'a')
    const announced = await fetch(`${url}/inbox/qbitflow/0192`, { method: 'POST', body: large })
    expect(announced.status).toBe(413)
    expect(await announced.json()).toMatchObject({ error: { code: 'TOO_LARGE' } })
    const inChunks = { method: 'POST', body: new Response(large).body, duplex: 'half' }
    const streamed = await fetch(`${url}/inbox/qbitflow/0192`, inChunks)
    expect(streamed.status).toBe(413)
    expect(received).toHaveLength(0)
    const fits = await fetch(`${url}/inbox/qbitflow/0192`, { method: 'POST', body: large.subarray(1) })
    expect(fits.status).toBe(200)
  })

  test('an inbox that fails is a 500 without its reason', async () => {
    const { url } = await open({
      inbox: {
        receive: async () => {
          throw new Error('relation "inbox_message" does not exist')
        },
        isKnown: () => true,
      },
    })
    const response = await fetch(`${url}/inbox/qbitflow/0192`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('inbox_message')
  })
})

describe('the other addresses', () => {
  test('a sandbox gets every method and path below its name, untouched', async () => {
    const { url } = await open({
      sandboxes: {
        qbitflow: {
          fetch: async (request) =>
            Response.json({ method: request.method, url: request.url, body: await request.text() }),
          knowsCaller: async () => false,
          hasSocket: () => false,
          upgrade: () => {},
        },
      },
    })
    const response = await fetch(`${url}/sandbox/qbitflow/v1/payments/pay@1?x=1`, { method: 'PUT', body: 'b' })
    expect(await response.json()).toEqual({
      method: 'PUT',
      url: `${url}/sandbox/qbitflow/v1/payments/pay@1?x=1`,
      body: 'b',
    })
    expect((await fetch(`${url}/sandbox/nobody/v1`)).status).toBe(404)
  })

  test('/ leads to GraphiQL where it is on, and nowhere where it is off', async () => {
    const on = await open({ graphiql: true })
    const redirect = await fetch(`${on.url}/`, { redirect: 'manual' })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, '/graphql'])
    const off = await open()
    expect((await fetch(`${off.url}/`)).status).toBe(404)
  })

  test('every answer forbids sniffing and framing', async () => {
    const { url } = await open()
    for (const path of ['/health/live', '/graphql', '/nowhere']) {
      const { headers } = await fetch(url + path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
    }
  })
})
