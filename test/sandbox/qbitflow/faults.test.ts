import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { sign } from '../../../src/sandbox/qbitflow/signature.ts'
import { openDoor } from '../../http/house.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, type Sent, startPlayground, until } from './support.ts'

const HOOK = 'https://shop.example/hook'
const TEA = { name: 'Tea', description: 'Green', price: 3 }

let world: Playground
let door: Awaited<ReturnType<typeof openDoor>>

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  door = await openDoor({ sandboxes: { qbitflow: world.sandbox } })
})

afterEach(async () => {
  await world.call('DELETE', '/_sandbox/faults')
  world.sent.length = 0
})

afterAll(async () => {
  await door.server.stop()
  await world.close()
})

const inject = async (rule: object) => {
  const answer = await world.call('POST', '/_sandbox/faults', rule)
  expect([answer.status, answer.body]).toEqual([201, expect.objectContaining(rule)])
  return answer.body
}
const rules = async () => (await world.call('GET', '/_sandbox/faults')).body

/** A call over the product's own door. */
function over(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${door.url}/sandbox/qbitflow/v1${path}`, {
    method,
    headers: { 'X-API-Key': world.apiKey, 'Content-Type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

const productCount = async () => (await world.call('GET', '/v1/product')).body.length

describe('a call', () => {
  test('whose answer is lost before has done nothing, and is cut off', async () => {
    const before = await productCount()
    await inject({ kind: 'LOSE_ANSWER_BEFORE', operation: 'POST /product' })
    await expect(over('POST', '/product/', TEA)).rejects.toThrow(TypeError)
    expect(await productCount()).toBe(before)
    expect((await over('POST', '/product', TEA)).status).toBe(201)
  })

  test('whose answer is lost after has had its effect, and is cut off', async () => {
    const before = await productCount()
    await inject({ kind: 'LOSE_ANSWER_AFTER', operation: 'POST /product' })
    await expect(over('POST', '/product', TEA)).rejects.toThrow(TypeError)
    expect(await productCount()).toBe(before + 1)
  })

  test('in process rejects as fetch does', async () => {
    await inject({ kind: 'LOSE_ANSWER_BEFORE' })
    const request = new Request(`${world.publicUrl}/v1/user`, { headers: { 'X-API-Key': world.apiKey } })
    const error = await world.sandbox.fetch(request).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNRESET' } })
  })

  test('may be late, answered with an error, or asked to wait', async () => {
    await inject({ kind: 'DELAY', delayMs: 120 })
    const begin = performance.now()
    expect((await over('GET', '/user')).status).toBe(200)
    expect(performance.now() - begin).toBeGreaterThanOrEqual(115)
    const before = await productCount()
    await inject({ kind: 'SERVER_ERROR', operation: 'POST /product' })
    expect((await over('POST', '/product', TEA)).status).toBe(500)
    await inject({ kind: 'RATE_LIMITED', operation: 'POST /product', retryAfter: 7 })
    const limited = await over('POST', '/product', TEA)
    expect([limited.status, limited.headers.get('retry-after'), await limited.json()]).toEqual([
      429,
      '7',
      { error: expect.any(String) },
    ])
    expect(await productCount()).toBe(before)
  })

  test('may be answered with JSON that is none, after its effect', async () => {
    const before = await productCount()
    for (const kind of ['MALFORMED_JSON', 'TRUNCATED_JSON']) {
      await inject({ kind, operation: 'POST /product' })
      const answer = await over('POST', '/product', TEA)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([201, expect.stringContaining('json')])
      const text = await answer.text()
      expect(() => JSON.parse(text)).toThrow(SyntaxError)
    }
    expect(await productCount()).toBe(before + 2)
  })

  test('of another realm, or beside the API, goes as ever', async () => {
    await inject({ kind: 'SERVER_ERROR', times: 9 })
    const { apiKey } = await world.sandbox.provision(newId())
    expect((await world.call('GET', '/v1/user', undefined, apiKey)).status).toBe(200)
    expect(await rules()).toHaveLength(1)
    expect((await world.call('GET', '/v1/user')).status).toBe(500)
    expect((await rules())[0].times).toBe(8)
  })
})

describe('a route beside the API', () => {
  test('goes wrong where a rule names it, and what disarms faults never does', async () => {
    await inject({ kind: 'SERVER_ERROR', operation: '* /_sandbox/*', times: 2 })
    const renamed = () => world.call('PUT', '/_sandbox/organization', { name: 'Another shop' })
    expect((await world.call('GET', '/v1/user')).status).toBe(200)
    expect([(await renamed()).status, (await rules())[0].times]).toEqual([500, 1])
    expect((await world.call('DELETE', '/_sandbox/faults')).status).toBe(200)
    expect((await renamed()).status).toBe(200)
  })
})

describe('a rule', () => {
  test('strikes exactly so often, also when calls come at once, and is gone then', async () => {
    await inject({ kind: 'SERVER_ERROR', operation: 'GET /user', times: 5 })
    const answers = await Promise.all(Array.from({ length: 12 }, () => world.call('GET', '/v1/user')))
    expect(answers.filter(({ status }) => status === 500)).toHaveLength(5)
    expect(await rules()).toEqual([])
  })

  test('with a probability strikes at the same turns for the same seed, also after a restart', async () => {
    const path = '/v1/user'
    const headers = { 'X-API-Key': world.apiKey }
    const draw = async (restart: boolean) => {
      await inject({ kind: 'SERVER_ERROR', operation: 'GET /user', probability: 0.5, seed: 'sunny' })
      const struck: boolean[] = []
      let sandbox = world.sandbox
      for (let turn = 0; turn < 12; turn += 1) {
        if (restart && turn === 6) sandbox = world.restart(BY_THE_CLOCK)
        struck.push((await sandbox.fetch(new Request(`${world.publicUrl}${path}`, { headers }))).status === 500)
      }
      await world.call('DELETE', '/_sandbox/faults')
      return struck
    }
    const first = await draw(false)
    expect(await draw(true)).toEqual(first)
    expect(new Set(first)).toEqual(new Set([true, false]))
  })

  test('is deleted by its id, and refused when it is wrong', async () => {
    const rule = await inject({ kind: 'SERVER_ERROR' })
    expect(rule).toEqual({ id: expect.any(String), kind: 'SERVER_ERROR', times: 1 })
    expect((await world.call('DELETE', `/_sandbox/faults/${rule.id}`)).status).toBe(200)
    expect((await world.call('DELETE', `/_sandbox/faults/${rule.id}`)).status).toBe(404)
    const { status, body } = await world.call('POST', '/_sandbox/faults', { kind: 'NONSENSE', times: 0 })
    expect([status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([400, ['Kind', 'Times']])
  })
})

describe('a webhook', () => {
  const cancel = async () => {
    const uuid = await world.session({ webhookUrl: HOOK })
    await world.play(uuid, { outcome: 'CANCEL' })
    return `pay@${uuid}`
  }
  const ids = () => world.sent.map((sent) => JSON.parse(sent.body).uuid)
  const isSigned = ({ headers, body }: Sent) => {
    const timestamp = headers['X-Webhook-Timestamp'] ?? ''
    return headers['X-Webhook-Signature-256'] === `sha256=${sign(world.webhookSecret, timestamp, JSON.parse(body))}`
  }

  test('may come twice', async () => {
    await inject({ kind: 'DUPLICATE_WEBHOOK' })
    const id = await cancel()
    await until(async () => world.sent.length === 2)
    expect(ids()).toEqual([id, id])
    await cancel()
    await until(async () => world.sent.length === 3)
  })

  test('may come after a later one, or by itself when none follows', async () => {
    await inject({ kind: 'REORDER_WEBHOOKS' })
    const first = await cancel()
    await until(async () => (await rules()).length === 0)
    await until(
      async () => (await world.pool.query(`SELECT FROM sandbox_task WHERE subject = 'held back'`)).rows.length === 1,
    )
    const second = await cancel()
    await until(async () => world.sent.length === 2)
    expect(ids()).toEqual([second, first])

    await inject({ kind: 'REORDER_WEBHOOKS' })
    const third = await cancel()
    await until(
      async () => (await world.pool.query(`SELECT FROM sandbox_task WHERE subject = 'held back'`)).rows.length === 1,
    )
    await world.passMinute()
    await until(async () => ids()[2] === third)
  })

  test('may be signed wrong, and right when it is sent again', async () => {
    world.receive = () =>
      new Response('', { status: world.sent.every(isSigned) ? 200 : world.sent.length > 1 ? 200 : 401 })
    await inject({ kind: 'WRONG_SIGNATURE' })
    await cancel()
    await until(async () => world.sent.length === 1)
    await until(async () => {
      await world.passMinute()
      return world.sent.length === 2
    })
    expect(world.sent.map(isSigned)).toEqual([false, true])
    world.receive = () => new Response('ok')
  })
})

describe('a payer', () => {
  const pay = async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', currencySymbol: 'USDC', customer: PAYER })
    return uuid
  }

  test('may pay too little, or too much', async () => {
    await inject({ kind: 'UNDERPAY' })
    await inject({ kind: 'OVERPAY' })
    const [short, long] = [await pay(), await pay()]
    await world.passMinute()
    await world.passMinute()
    await reaches(world, short, 'failed')
    await reaches(world, long, 'completed')
    expect((await world.call('GET', `/v1/transaction/payment/${long}`)).body.amount).toBe(21.98)
  })

  test('may pay so late that the session is over before', async () => {
    await inject({ kind: 'PAY_LATE' })
    const uuid = await pay()
    await world.passMinute()
    await reaches(world, uuid, 'waitingConfirmation')
    world.aheadMs += 24 * 60 * 60_000 - 60_000
    await world.sandbox.runDue()
    await reaches(world, uuid, 'expired')
    await world.passMinute()
    await reaches(world, uuid, 'completed')
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).status).toBe(200)
  })
})

test('a reset leaves the organization, its owner and their keys', async () => {
  const { body: owner } = await world.call('GET', '/v1/user')
  const { body: user } = await world.call('POST', '/v1/user', {
    name: 'Mia',
    lastName: 'Mint',
    email: 'm@example.com',
    role: 'user',
  })
  await world.session({ webhookUrl: HOOK })
  await world.call('POST', '/v1/product', { ...TEA, reference: 'tea' })
  await inject({ kind: 'SERVER_ERROR', operation: 'GET /nothing' })
  const { apiKey } = await world.sandbox.provision(newId())
  const { body: foreign } = await world.call('POST', '/v1/product', { ...TEA, reference: 'tea' }, apiKey)
  expect((await world.call('POST', '/_sandbox/reset')).status).toBe(200)
  expect((await world.call('GET', '/v1/user')).body).toEqual(owner)
  expect((await world.call('GET', `/v1/user/id/${user.id}`)).status).toBe(404)
  expect((await world.call('GET', '/v1/product')).body).toEqual([])
  expect(await rules()).toEqual([])
  const { rows } = await world.pool.query('SELECT FROM sandbox_task WHERE tenant_id = $1', [world.realm])
  expect(rows).toHaveLength(0)
  expect((await world.call('POST', '/v1/product', { ...TEA, reference: 'tea' })).status).toBe(201)
  expect((await world.call('GET', `/v1/product/id/${foreign.id}`, undefined, apiKey)).body).toEqual(foreign)
})
