import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket from 'ws'
import { act, bills, DAY, pass, passUntil, subscribe, subscription } from './subscribers.ts'
import { BY_THE_CLOCK, PAYER, type Playground, startPlayground, until } from './support.ts'

let world: Playground

beforeEach(async () => {
  world = await startPlayground(BY_THE_CLOCK)
})

afterEach(() => world.close())

const statusOf = (id: string, type: string) =>
  world.call('GET', `/v1/transaction/status?txUUID=${id}&txType=${type}`, undefined, null)

test('every operation has a status of its own from the moment that somebody acts', async () => {
  const uuid = await subscribe(world)
  const operations = [
    ['increaseAllowance', 'top-up', { allowance: 5 }],
    ['updateMaxAmount', 'raise-maximum', { maximum: 50 }],
    ['cancelSubscription', 'cancel', {}],
  ] as const
  for (const [type, verb, body] of operations) {
    expect((await statusOf(`sub@${uuid}`, type)).status).toBe(404)
    await world.call('POST', `/_sandbox/subscriptions/sub@${uuid}/${verb}`, body)
    expect((await statusOf(`sub@${uuid}`, type)).body).toEqual({ status: 'created', txHash: '', type })
    await pass(world, 60_000)
    expect((await statusOf(uuid, type)).body.status).toBe('waitingConfirmation')
    await pass(world, 60_000)
    const { body: end } = await statusOf(uuid, type)
    expect([end.status, end.txHash]).toEqual(['completed', expect.stringMatching(/^0x[0-9a-f]{64}$/)])
  }
  expect((await statusOf(uuid, 'allowance')).body.type).toBe('increaseAllowance')
  expect((await statusOf(uuid, 'createPAYGSubscription')).status).toBe(404)
  expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 119, stopped: true })
})

test('a bill is followed over the socket that its answer names, up to its end', async () => {
  await world.call('PUT', '/_sandbox/organization', { earlyTestBilling: true })
  const uuid = await subscribe(world)
  const { body } = await world.call('GET', `/v1/transaction/subscription/processing/execute-billing/sub@${uuid}`)
  const socket = new WebSocket(body.statusLink)
  const frames: { transactionUUID: string; status: { status: string } }[] = []
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  await until(async () => frames.length === 1)
  await pass(world, 60_000)
  await pass(world, 60_000)
  expect(await closed).toBe(1000)
  expect(frames.map(({ status }) => status.status)).toEqual(['created', 'waitingConfirmation', 'completed'])
  const [bill] = (await bills<string>(world, uuid, 'uuid')).slice(-1)
  expect(new Set(frames.map(({ transactionUUID }) => transactionUUID))).toEqual(new Set([bill]))
})

test('a bill that cannot be taken fails, and says why', async () => {
  await world.call('PUT', '/_sandbox/organization', { earlyTestBilling: true })
  const uuid = await subscribe(world)
  await act(world, uuid, 'drain', { allowance: 1 })
  const { body } = await world.call('GET', `/v1/transaction/subscription/processing/execute-billing/${uuid}`)
  const { searchParams } = new URL(body.statusLink)
  const status = await statusOf(searchParams.get('txUUID') ?? '', 'executeSubscription')
  expect(status.body).toMatchObject({ status: 'failed', message: 'the allowance does not cover the bill' })
  expect((await subscription(world, uuid)).body.subscriptionStatus).toBe('past_due')
})

test('an operation that comes too late for its subscription is cancelled', async () => {
  const uuid = await subscribe(world)
  await world.call('GET', `/v1/transaction/subscription/processing/force-cancel/${uuid}`)
  await world.call('POST', `/_sandbox/subscriptions/${uuid}/top-up`, { allowance: 5 })
  await pass(world, 5 * 60_000)
  expect((await statusOf(uuid, 'cancelSubscription')).body.status).toBe('completed')
  expect((await statusOf(uuid, 'increaseAllowance')).body.status).toBe('cancelled')
})

test('bills go on after a restart, and any number of servers bill once', async () => {
  await passUntil(world, '2027-01-31T09:30:00.000Z')
  const uuid = await subscribe(world)
  await passUntil(world, '2027-03-02T09:35:00.000Z')
  await world.sandbox.close()
  const servers = [world.restart(), world.restart(), world.restart()]
  await passAll('2027-06-01T00:00:00.000Z')
  expect((await bills<string>(world, uuid, 'createdAt')).map((date) => date.slice(0, 10))).toEqual([
    '2027-01-31',
    '2027-03-02',
    '2027-04-01',
    '2027-05-01',
    '2027-05-31',
  ])
  const told = world.sent.map(({ body }) => JSON.parse(body)).filter(({ type }) => type === 'billing')
  expect(new Set(told.map(({ data }) => data.uuid)).size).toBe(told.length)

  /** Until nobody finds anything to do, since one server leaves to another what that one has taken. */
  async function passAll(moment: string): Promise<void> {
    world.aheadMs = new Date(moment).getTime() - Date.now()
    await until(async () => (await Promise.all(servers.map((server) => server.runDue()))).every((done) => done === 0))
  }
})

test('bills and payments share one list, page by page, the last one first', async () => {
  const uuid = await subscribe(world, {}, { periods: 12 })
  const payment = await world.session()
  await world.play(payment, { outcome: 'PAY', customer: PAYER })
  await pass(world, 5 * 60_000)
  await pass(world, 31 * DAY)
  const all = await world.call('GET', '/v1/transaction/payments/combined')
  const kinds = all.body.items.map((item: { source: string; subscriptionUUID: string | null; uuid: string }) => [
    item.source,
    item.subscriptionUUID,
    item.uuid.split('@')[0],
  ])
  expect(kinds).toEqual([
    ['subscription_history', `sub@${uuid}`, 'sub-hist'],
    ['payment', null, 'pay'],
    ['subscription_history', `sub@${uuid}`, 'sub-hist'],
  ])
  expect(all.body.items[0]).not.toHaveProperty('organizationId')
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await world.call('GET', `/v1/transaction/payments/combined?limit=1&cursor=${cursor}`)
    seen.push(...page.body.items.map((item: { uuid: string }) => item.uuid))
    cursor = page.body.nextCursor ?? ''
  } while (cursor)
  expect(seen).toEqual(all.body.items.map((item: { uuid: string }) => item.uuid))
  expect((await world.call('GET', '/v1/transaction/payments')).body.items).toHaveLength(1)
})
