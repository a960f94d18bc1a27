import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { openContext } from '../../src/sandbox/context.ts'
import { DELIVERY, type DeliveryRules, deliveryTask, scheduleDelivery } from '../../src/sandbox/deliveries.ts'
import { addFault } from '../../src/sandbox/faults.ts'
import type { TaskHandler } from '../../src/sandbox/tasks.ts'
import { eventually } from '../support/app.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { openReceiver, type Receiver } from '../support/receiver.ts'

/** The notifications of a provider for whom the words of the answer count, and not its status alone. */
const RULES: DeliveryRules = {
  headers: (_realm, { id }, isForged) => ({ 'X-Notice': id, 'X-Signature': isForged ? 'wrong' : 'right' }),
  isReceived: async (response) => response.status === 200 && (await response.text()) === 'SUCCESS',
  retryDelaysMs: [50, 100],
  timeoutMs: 2_000,
}

let database: TestDatabase
let pool: pg.Pool
let receiver: Receiver
let simulator: ReturnType<typeof openSimulator>
const warnings: unknown[] = []
beforeAll(async () => {
  database = await freshDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 4 })
  receiver = await openReceiver()
  simulator = openSimulator()
})
afterAll(async () => {
  await simulator.tasks.close()
  await receiver.close()
  await pool.end()
  await database.drop()
})

function openSimulator() {
  const clock = { now: () => new Date() }
  const log = { info: () => {}, warn: (fields: object) => void warnings.push(fields), error: () => {} }
  const clockOf = async () => clock.now()
  const handlers: Record<string, TaskHandler> = {}
  const parts = { pool, log, clock, clockOf, secret: 's', publicUrl: 'http://localhost/sandbox/cafe', fetch }
  const context = openContext('cafe', parts, handlers)
  handlers[DELIVERY] = deliveryTask(context, RULES)
  return context
}

async function notify(id: string, realm = newId()): Promise<void> {
  const delivery = { url: receiver.url, id, payload: '{}' }
  await simulator.transaction(realm, (world) => scheduleDelivery(simulator, world, delivery, id, new Date()))
}

const heardOf = (id: string) => receiver.heard.filter(({ headers }) => headers['x-notice'] === id)
const nothingIsLeft = async () => (await pool.query('SELECT 1 FROM sandbox_task')).rows.length === 0

test('a notification is received when the answer says so in the words of the provider, and is sent once', async () => {
  receiver.answer = (_heard, outgoing) => outgoing.end('SUCCESS')
  await notify('received')
  await eventually(nothingIsLeft)
  expect(heardOf('received')).toHaveLength(1)
})

test('one whose answer has other words is sent again after each wait, and then given up with a warning', async () => {
  receiver.answer = (_heard, outgoing) => outgoing.end('OK')
  await notify('refused')
  await eventually(nothingIsLeft)
  expect(heardOf('refused')).toHaveLength(3)
  expect(warnings).toEqual([{ url: receiver.url, id: 'refused', attempt: 3, failure: 'answered 200' }])
})

test('a wrong signature is that of the provider who signs, and the next attempt has a right one', async () => {
  receiver.answer = ({ headers }, outgoing) => outgoing.end(headers['x-signature'] === 'right' ? 'SUCCESS' : 'NO')
  const realm = newId()
  await addFault(simulator.world(realm), { kind: 'WRONG_SIGNATURE' })
  await notify('forged', realm)
  await eventually(nothingIsLeft)
  expect(heardOf('forged').map(({ headers }) => headers['x-signature'])).toEqual(['wrong', 'right'])
})
