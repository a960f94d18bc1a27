import { afterEach, beforeEach, expect, test } from 'vitest'
import { BY_THE_CLOCK, PAYER, type Playground, reaches, startPlayground } from './support.ts'

const HOOK = 'https://shop.example/hook'

let world: Playground

beforeEach(async () => {
  world = await startPlayground(BY_THE_CLOCK)
})

afterEach(() => world.close())

const statuses = () => world.sent.map((sent) => JSON.parse(sent.body).status.status)

test('a payment goes on after a restart, and is told to the shop once', async () => {
  const uuid = await world.session({ webhookUrl: HOOK })
  await world.play(uuid, { outcome: 'PAY', customer: PAYER })
  await world.sandbox.close()
  world.aheadMs = 10 * 60_000
  const [next, beside] = [world.restart(), world.restart()]
  await Promise.all([next.runDue(), beside.runDue(), next.runDue()])
  await next.runDue()
  await reaches(world, uuid, 'completed')
  await next.runDue()
  expect(statuses().sort()).toEqual(['completed', 'created', 'waitingConfirmation'])
  const { body } = await world.call('GET', '/v1/transaction/payments')
  expect(body.items).toHaveLength(1)
})

test('a webhook that nobody took is sent by the next server', async () => {
  world.receive = () => new Response('', { status: 503 })
  const uuid = await world.session({ webhookUrl: HOOK })
  await world.play(uuid, { outcome: 'CANCEL' })
  await world.sandbox.runDue()
  await world.sandbox.close()
  expect(statuses()).toEqual(['cancelled'])
  world.receive = () => new Response('ok')
  world.aheadMs = 61_000
  await world.restart().runDue()
  expect(statuses()).toEqual(['cancelled', 'cancelled'])
})

test('a session expires by the clock, at its own moment, and tells the shop', async () => {
  const uuid = await world.session({ webhookUrl: HOOK })
  await world.sandbox.close()
  world.aheadMs = 365 * 24 * 3_600_000
  const { body } = await reaches(world, uuid, 'expired')
  expect(body.txHash).toBe('')
  expect((await world.play(uuid, { outcome: 'PAY', customer: PAYER })).status).toBe(409)
  await world.restart().runDue()
  expect(statuses()).toEqual(['expired'])
  const { rows } = await world.pool.query(`SELECT body FROM sandbox_document WHERE kind = 'session'`)
  expect(rows[0].body.history).toEqual([{ status: 'expired', at: rows[0].body.expiresAt, txHash: '' }])
})

test('a paid session does not expire', async () => {
  const uuid = await world.session()
  await world.play(uuid, { outcome: 'PAY', customer: PAYER })
  world.aheadMs = 48 * 3_600_000
  await world.sandbox.runDue()
  await reaches(world, uuid, 'completed')
  const { rows } = await world.pool.query('SELECT kind FROM sandbox_task')
  expect(rows).toEqual([])
})
