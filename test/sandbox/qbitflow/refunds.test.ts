import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { subscribe } from './subscribers.ts'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

const HOOK = 'https://shop.example/hook'

let world: Playground

beforeAll(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  await world.call('PUT', '/_sandbox/organization', { refundWebhooks: true })
})

afterAll(() => world.close())

async function pay(): Promise<string> {
  const uuid = await world.session({ webhookUrl: HOOK })
  await world.play(uuid, { outcome: 'PAY', customer: PAYER })
  await world.passMinute()
  await world.passMinute()
  await reaches(world, uuid, 'completed')
  return uuid
}

const ask = (uuid: string, reason = 'It does not fit') =>
  world.call('POST', '/_sandbox/refunds', { transactionUUID: uuid, reason })
const answer = (refund: string, verb: string, body: object = {}) =>
  world.call('POST', `/_sandbox/refunds/${refund}/${verb}`, body)
const refundOf = (uuid: string) =>
  world.call('GET', `/v1/transaction/refunds/by-transaction/pay@${uuid}`, undefined, null)
const statusOf = async (refund: string) =>
  (await world.call('GET', `/v1/transaction/status?txUUID=${refund}&txType=refund`, undefined, null)).body
const heard = (refund: string) =>
  world.sent
    .map(({ body }) => JSON.parse(body))
    .filter(({ uuid }) => uuid === refund)
    .map(({ status }) => status.status)

describe('a refund', () => {
  test('waits for the merchant, and is approved once the chain has confirmed it', async () => {
    const uuid = await pay()
    const { status, body: asked } = await ask(`pay@${uuid}`)
    const { body: payment } = await world.call('GET', `/v1/transaction/payment/${uuid}`)
    expect(status).toBe(201)
    expect(asked).toEqual({
      uuid: expect.stringMatching(/^refund@/),
      txId: `pay@${uuid}`,
      test: true,
      reason: 'It does not fit',
      status: 'pending',
      createdAt: expect.any(String),
      merchantMessage: '',
      respondedAt: null,
      organizationId: payment.organizationId,
      txHash: '',
      amountMinUnits: payment.amountMinUnits,
      metadata: null,
    })
    expect((await world.call('GET', '/v1/transaction/refunds/all')).body).toEqual([asked])
    expect(await statusOf(asked.uuid)).toMatchObject({ status: 'created', type: 'refund' })
    const { body: approved } = await answer(asked.uuid, 'approve')
    expect(approved).toMatchObject({ status: 'pending', respondedAt: expect.any(String), txHash: '' })
    expect(await statusOf(asked.uuid)).toMatchObject({
      status: 'waitingConfirmation',
      txHash: expect.stringMatching(/^0x/),
    })
    await world.passMinute()
    const { body: paid } = await refundOf(uuid)
    expect(paid).toMatchObject({
      status: 'approved',
      txHash: expect.stringMatching(/^0x/),
      metadata: { networkFees: { amount: expect.any(String) }, blockData: { timestamp: expect.any(Number) } },
    })
    expect(await statusOf(asked.uuid)).toMatchObject({ status: 'completed', txHash: paid.txHash })
    expect((await world.call('GET', '/v1/transaction/refunds/all')).body).toEqual([])
    const { body: page } = await world.call('GET', '/v1/transaction/refunds/all/inactive?limit=1')
    expect(page).toEqual({ items: [paid], nextCursor: null })
    await world.passMinute()
    expect(heard(asked.uuid).sort()).toEqual(['completed', 'created', 'waitingConfirmation'])
  })

  test('may be refused with a message, and may then be asked for anew', async () => {
    const uuid = await pay()
    const { body: first } = await ask(uuid)
    const { body: refused } = await answer(first.uuid, 'refuse', { message: 'It was worn' })
    expect(refused).toMatchObject({
      status: 'refused',
      merchantMessage: 'It was worn',
      respondedAt: expect.any(String),
    })
    expect(await statusOf(first.uuid)).toMatchObject({ status: 'cancelled', message: 'It was worn' })
    const { body: second } = await ask(uuid)
    expect(second.uuid).not.toBe(first.uuid)
    expect((await refundOf(uuid)).body).toEqual(second)
  })

  test('that fails on the chain says so', async () => {
    const uuid = await pay()
    const { body: refund } = await ask(uuid)
    await answer(refund.uuid, 'approve', { outcome: 'FAIL' })
    await world.passMinute()
    expect((await refundOf(uuid)).body).toMatchObject({ status: 'failed', txHash: '', metadata: null })
    expect(await statusOf(refund.uuid)).toMatchObject({ status: 'failed', message: expect.any(String) })
  })

  test('is one, however often and however simultaneously it is asked for', async () => {
    const uuid = await pay()
    const asked = await Promise.all([1, 2, 3, 4].map(() => ask(uuid)))
    expect(new Set(asked.map(({ body }) => body.uuid)).size).toBe(1)
    await answer(asked[0]?.body.uuid, 'approve')
    await world.passMinute()
    expect((await ask(uuid)).body).toMatchObject({ uuid: asked[0]?.body.uuid, status: 'approved' })
  })

  test('is answered once', async () => {
    const { body: refund } = await ask(await pay())
    const answers = await Promise.all([answer(refund.uuid, 'approve'), answer(refund.uuid, 'refuse')])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    await world.passMinute()
    expect((await answer(refund.uuid, 'approve')).status).toBe(409)
  })

  test('is of something that was paid', async () => {
    const open = await world.session()
    for (const uuid of [open, newId(), 'nonsense']) {
      expect([uuid, (await ask(uuid)).status]).toEqual([uuid, 404])
      expect([uuid, (await refundOf(uuid)).status]).toEqual([uuid, 404])
    }
    expect((await world.call('POST', '/_sandbox/refunds', {})).status).toBe(400)
    for (const verb of ['approve', 'refuse']) expect((await answer(newId(), verb)).status).toBe(404)
  })

  test('may be of one bill of a subscription', async () => {
    const subscription = await subscribe(world)
    const { body: history } = await world.call('GET', `/v1/transaction/subscription/history/${subscription}`)
    const { body: refund } = await ask(history[0].uuid)
    expect(refund).toMatchObject({ txId: history[0].uuid, amountMinUnits: history[0].amountMinUnits })
    await answer(refund.uuid, 'approve')
    await world.passMinute()
    const path = `/v1/transaction/refunds/by-transaction/${history[0].uuid}`
    expect((await world.call('GET', path, undefined, null)).body).toMatchObject({ status: 'approved' })
    expect((await ask(`sub@${subscription}`)).status).toBe(404)
  })

  test('of another realm is not there', async () => {
    const uuid = await pay()
    const { body: refund } = await ask(uuid)
    const { apiKey } = await world.sandbox.provision(newId())
    const call = (path: string, body?: object) => world.call('POST', path, body, apiKey)
    expect((await call('/_sandbox/refunds', { transactionUUID: uuid })).status).toBe(404)
    expect((await call(`/_sandbox/refunds/${refund.uuid}/approve`)).status).toBe(404)
    expect((await world.call('GET', '/v1/transaction/refunds/all', undefined, apiKey)).body).toEqual([])
  })
})

test('refunds are told to nobody unless the account asks for it, as the provider documents no such webhook', async () => {
  const other = await startPlayground(BY_THE_CLOCK)
  const uuid = await other.session({ webhookUrl: HOOK })
  await other.play(uuid, { outcome: 'PAY', customer: PAYER })
  await other.passMinute()
  await other.passMinute()
  const { body } = await other.call('POST', '/_sandbox/refunds', { transactionUUID: uuid })
  await other.call('POST', `/_sandbox/refunds/${body.uuid}/approve`)
  await other.passMinute()
  await other.passMinute()
  const refund = await other.call('GET', `/v1/transaction/refunds/by-transaction/pay@${uuid}`)
  expect(refund.body.status).toBe('approved')
  const told = other.sent.map(({ headers }) => headers['X-Webhook-ID'])
  expect(new Set(told)).toEqual(new Set([`pay@${uuid}`]))
  await other.close()
})
