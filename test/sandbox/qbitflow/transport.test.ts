import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/kernel/clock.ts'
import { newId } from '../../../src/kernel/id.ts'
import { createQbitflowSandbox } from '../../../src/sandbox/qbitflow/index.ts'
import { type Playground, SECRET, startPlayground } from './support.ts'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

describe('a key', () => {
  test('is asked for on every route that is not public', async () => {
    const uuid = newId()
    for (const [method, path] of [
      ['POST', '/v1/product'],
      ['GET', '/v1/product/'],
      ['GET', '/v1/product/id/1'],
      ['GET', '/v1/product/reference/x'],
      ['PUT', '/v1/product/1'],
      ['DELETE', '/v1/product/1'],
      ['POST', '/v1/customer/'],
      ['GET', '/v1/customer/all'],
      ['GET', `/v1/customer/uuid/${uuid}`],
      ['GET', '/v1/customer/email/a@b.co'],
      ['PUT', `/v1/customer/${uuid}`],
      ['PUT', '/v1/customer/'],
      ['DELETE', `/v1/customer/uuid/${uuid}`],
      ['GET', '/v1/user'],
      ['POST', '/v1/transaction/session-checkout/new/payment'],
      ['POST', '/v1/transaction/session-checkout/'],
      ['GET', '/v1/transaction/payments'],
      ['GET', '/v1/transaction/payments/combined'],
      ['GET', `/v1/transaction/payment/${uuid}`],
      ['GET', `/v1/transaction/customer/${uuid}`],
      ['POST', '/v1/webhooks/verify'],
      ['POST', `/_sandbox/sessions/${uuid}/play`],
      ['PUT', '/_sandbox/organization'],
    ] as const) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      for (const key of [null, 'nonsense', world.apiKey.replace('_test_', '_live_'), `${world.apiKey}0`]) {
        const answer = await world.call(method, path, body, key)
        expect([path, answer.status, answer.body]).toEqual([
          path,
          401,
          { error: 'invalid or missing authentication token' },
        ])
      }
    }
  })

  test('is the same for a realm whenever it is asked for, and kept nowhere in clear', async () => {
    const again = await Promise.all([1, 2, 3].map(() => world.sandbox.provision(world.realm)))
    for (const credentials of again) {
      expect(credentials).toEqual({ apiKey: world.apiKey, webhookSecret: world.webhookSecret })
    }
    expect(world.apiKey).toMatch(/^sk_[0-9a-f]{32}_test_\w{40}$/)
    const { rows } = await world.pool.query('SELECT body::text FROM sandbox_document')
    const kept = rows.map((row) => row.body).join()
    expect(kept).toContain('Alma Coffee')
    expect(kept).not.toContain(world.apiKey.split('_')[3])
    expect(kept).not.toContain(world.webhookSecret)
  })

  test('opens its own realm only', async () => {
    const { body: product } = await world.call('POST', '/v1/product', { name: 'Tea', description: 'Green', price: 3 })
    const { apiKey } = await world.sandbox.provision(newId())
    expect((await world.call('GET', `/v1/product/id/${product.id}`, undefined, apiKey)).status).toBe(404)
    expect((await world.call('DELETE', `/v1/product/${product.id}`, undefined, apiKey)).status).toBe(404)
    expect((await world.call('GET', '/v1/product', undefined, apiKey)).body).toEqual([])
    const uuid = await world.session()
    const played = await world.call('POST', `/_sandbox/sessions/${uuid}/play`, { outcome: 'CANCEL' }, apiKey)
    expect(played.status).toBe(404)
  })
})

describe('a request', () => {
  test('may carry a content type and no body', async () => {
    const headers = { 'X-API-Key': world.apiKey, 'Content-Type': 'application/json' }
    const response = await fetch(`${world.publicUrl}/v1/product/999`, { method: 'DELETE', headers })
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json'])
  })

  test('with a body that is no JSON object is refused', async () => {
    for (const text of ['{', '[]', '"x"', '5']) {
      const response = await fetch(`${world.publicUrl}/v1/product`, {
        method: 'POST',
        headers: { 'X-API-Key': world.apiKey },
        body: text,
      })
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({ error: expect.any(String) })
    }
  })

  test('for nothing that is there gets a 404 in JSON', async () => {
    for (const path of ['/v1', '/v1/nothing', '/v1/transaction/nothing', '/_sandbox']) {
      expect((await world.call('GET', path)).body).toEqual({ error: expect.any(String) })
    }
  })

  test('may come in process, with a full URL', async () => {
    const request = new Request(`${world.publicUrl}/v1/user/`, { headers: { 'X-API-Key': world.apiKey } })
    const response = await world.sandbox.fetch(request)
    expect(await response.json()).toMatchObject({ role: 'owner', organizationFeeBps: 0, email: 'owner@shop.example' })
  })
})

describe('GET /utils', () => {
  test('lists the currencies for anybody', async () => {
    const all = await world.call('GET', '/v1/utils/all-available-currencies?test=true', undefined, null)
    const main = await world.call('GET', '/v1/utils/all-main-currencies', undefined, null)
    expect(all.body.map((currency: { id: number }) => currency.id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(main.body.map((currency: { symbol: string }) => currency.symbol)).toEqual(['ETH', 'SOL', 'ETH'])
  })
})

test('a server mounted at the root works as well', async () => {
  const sandbox = createQbitflowSandbox({
    pool: world.pool,
    secret: SECRET,
    publicUrl: 'http://sandbox.test/',
    log: { info: () => {}, warn: () => {}, error: () => {} },
    clock: systemClock,
    clockOf: async () => new Date(),
    fetch: async () => new Response(),
  })
  const headers = { 'X-API-Key': world.apiKey }
  expect((await sandbox.fetch(new Request('http://sandbox.test/v1/product', { headers }))).status).toBe(200)
  await sandbox.close()
})
