import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sign } from '../../../src/sandbox/qbitflow/signature.ts'
import { PAYER, type Playground, reaches, type Sent, startPlayground, until } from './support.ts'

const HOOK = 'https://shop.example/hook?a=1'

let world: Playground

beforeEach(async () => {
  world = await startPlayground()
})

afterEach(() => world.close())

const statuses = () => world.sent.map((sent) => JSON.parse(sent.body).status.status)

async function payWithWebhook(outcome = 'PAY'): Promise<string> {
  const uuid = await world.session({ webhookUrl: HOOK })
  await world.play(uuid, { outcome, customer: PAYER })
  return uuid
}

const verify = (sent: Sent, payload: unknown, changed: object = {}) =>
  world.call('POST', '/v1/webhooks/verify', {
    payload,
    receivedSignature: sent.headers['X-Webhook-Signature-256'],
    receivedTimestamp: sent.headers['X-Webhook-Timestamp'],
    ...changed,
  })

describe('a webhook', () => {
  test('tells every change of status, signed', async () => {
    const uuid = await payWithWebhook()
    await until(async () => world.sent.length === 3)
    expect(statuses().sort()).toEqual(['completed', 'created', 'waitingConfirmation'])
    const last = world.sent[statuses().indexOf('completed')]
    const payload = JSON.parse(last?.body ?? '')
    expect(payload).toMatchObject({
      uuid: `pay@${uuid}`,
      status: { status: 'completed', txHash: expect.any(String), type: 'payment' },
      session: { uuid: `pay@${uuid}`, price: 19.99, feeBps: 150, customerUUID: expect.any(String) },
      txType: 'payment',
      managementPageLink: `${world.publicUrl}/payment/${uuid}`,
    })
    expect(last?.url).toBe(HOOK)
    const timestamp = last?.headers['X-Webhook-Timestamp'] ?? ''
    expect(last?.headers).toMatchObject({
      'Content-Type': 'application/json',
      'X-Webhook-ID': `pay@${uuid}`,
      'X-Webhook-Signature-256': `sha256=${sign(world.webhookSecret, timestamp, payload)}`,
    })
  })

  test('is sent for final states alone when the organization wants it so', async () => {
    const settings = { webhookStatuses: 'final', name: 'Beta Coffee' }
    expect((await world.call('PUT', '/_sandbox/organization', settings)).body).toMatchObject(settings)
    await payWithWebhook('FAIL')
    await until(async () => world.sent.length > 0)
    expect(statuses()).toEqual(['failed'])
    const { status } = await world.call('PUT', '/_sandbox/organization', { webhookStatuses: 'some' })
    expect(status).toBe(400)
  })

  test('is not sent without a URL', async () => {
    const uuid = await world.session()
    await world.play(uuid, { outcome: 'PAY', customer: PAYER })
    await reaches(world, uuid, 'completed')
    expect(world.sent).toEqual([])
  })

  test('is sent again until it is answered with 200, and given up after five more times', async () => {
    const answers = [() => new Response('', { status: 201 }), () => new Response('', { status: 500 })]
    world.receive = () => {
      if (world.sent.length === 3) throw new Error('connection refused')
      return answers[world.sent.length - 1]?.() ?? new Response('ok')
    }
    await payWithWebhook('CANCEL')
    await until(async () => world.sent.length === 4)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(world.sent).toHaveLength(4)
    expect(new Set(world.sent.map((sent) => sent.body)).size).toBe(1)

    world.sent.length = 0
    world.receive = () => new Response('', { status: 404 })
    await payWithWebhook('CANCEL')
    await until(async () => world.sent.length === 6)
    await world.sandbox.runDue()
    const { rows } = await world.pool.query(`SELECT 1 FROM sandbox_task WHERE kind = 'webhook'`)
    expect(rows).toEqual([])
  })
})

describe('POST /webhooks/verify', () => {
  test('accepts what was sent, as an object in any order of keys or as the raw text', async () => {
    await payWithWebhook('CANCEL')
    await until(async () => world.sent.length === 1)
    const sent = world.sent[0] as Sent
    const payload = JSON.parse(sent.body)
    const reversed = Object.fromEntries(Object.entries(payload).reverse())
    for (const form of [payload, reversed, sent.body]) {
      expect(await verify(sent, form)).toEqual({ status: 200, body: { message: 'webhook verified!' } })
    }
  })

  test('refuses what was changed, what is old and what is incomplete', async () => {
    await payWithWebhook('CANCEL')
    await until(async () => world.sent.length === 1)
    const sent = world.sent[0] as Sent
    const mismatch = { status: 400, body: { error: 'signature mismatch' } }
    const payload = JSON.parse(sent.body)
    expect(await verify(sent, { ...payload, uuid: 'pay@other' })).toEqual(mismatch)
    expect(await verify(sent, payload, { receivedSignature: 'sha256=00' })).toEqual(mismatch)
    expect(await verify(sent, payload, { receivedTimestamp: 'now' })).toEqual(mismatch)
    const signedAt = (seconds: number) => {
      const receivedTimestamp = String(Math.floor(Date.now() / 1_000) + seconds)
      const receivedSignature = sign(world.webhookSecret, receivedTimestamp, payload)
      return verify(sent, payload, { receivedSignature, receivedTimestamp })
    }
    for (const seconds of [-310, 310]) expect(await signedAt(seconds)).toEqual(mismatch)
    expect((await signedAt(-290)).status).toBe(200)
    const { body } = await world.call('POST', '/v1/webhooks/verify', {})
    expect(body.errors.map((error: { field: string }) => error.field)).toEqual([
      'ReceivedSignature',
      'ReceivedTimestamp',
      'Payload',
    ])
  })
})
