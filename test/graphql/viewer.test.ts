import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { busyBooks } from '../support/busy-books.ts'
import { ITEM } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let tenantId: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  tenantId = (await door.house.actor()).tenantId
})
afterAll(() => door.close())

const MINUTE_MS = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE_MS)

async function viewer(selection: string, headers: Record<string, string> = {}) {
  const { data, errors } = await ask(`{ viewer { ${selection} } }`, {}, headers)
  expect(errors).toBeUndefined()
  return data.viewer
}

const NONE = {
  openCheckouts: 0,
  checkoutsInDoubt: 0,
  paymentsToday: 0,
  failedDeliveries: 0,
  pendingDeliveries: 0,
  inboxWaiting: 0,
  heldTransactions: 0,
}

test('with nothing to do there is nothing to tell', async () => {
  expect(await viewer('notifications counters dataRemovalDueAt')).toEqual({
    notifications: [],
    counters: NONE,
    dataRemovalDueAt: null,
  })
})

async function fill(tenant: string): Promise<void> {
  const { prisma } = door.app.db
  const checkout = (status: 'OPEN' | 'UNKNOWN' | 'EXPIRED', updatedAt = ago(1)) => ({
    tenantId: tenant,
    id: newId(),
    provider: 'QBITFLOW' as const,
    kind: 'PAYMENT' as const,
    status,
    itemName: ITEM.name,
    itemDescription: ITEM.description,
    priceMinor: '1',
    currency: 'USD',
    expiresAt: ago(-60),
    updatedAt,
  })
  const checkouts = [checkout('OPEN'), checkout('EXPIRED'), checkout('UNKNOWN'), checkout('UNKNOWN', ago(61))]
  await prisma.checkout.createMany({ data: checkouts })
  const [hookId, entityId] = [newId(), newId()]
  const endpoint = { tenantId: tenant, id: hookId, url: 'https://shop.example/hook', secret: Buffer.from('x') }
  await prisma.webhookEndpoint.create({
    data: {
      ...endpoint,
      kind: 'EVENT',
      active: false,
      disabledReason: 'it answered 410',
      updatedAt: '2026-03-29T00:30:00Z',
    },
  })
  const deletedId = newId()
  await prisma.webhookEndpoint.create({
    data: { ...endpoint, id: deletedId, kind: 'EVENT', deletedAt: ago(9), updatedAt: ago(9) },
  })
  for (const [status, cursor, endpointId] of [
    ['FAILED', 1, hookId],
    ['FAILED', 2, hookId],
    ['PENDING', 3, hookId],
    ['DELIVERED', 4, hookId],
    // Nothing can be done about one whose endpoint is deleted.
    ['FAILED', 5, deletedId],
  ] as const) {
    const nextAttemptAt = status === 'PENDING' ? ago(-60 * 24) : null
    const delivery = {
      tenantId: tenant,
      id: newId(),
      endpointId,
      entityId,
      eventId: newId(),
      cursor,
      status,
      nextAttemptAt,
    }
    await prisma.webhookDelivery.create({ data: delivery })
  }
  const message = {
    tenantId: tenant,
    provider: 'QBITFLOW' as const,
    body: '{}',
    receivedAt: new Date('2026-03-29T00:30:00Z'),
  }
  await prisma.inboxMessage.createMany({
    data: [
      { ...message, id: newId(), dedupeKey: 'given up', nextAttemptAt: null },
      { ...message, id: newId(), dedupeKey: 'waits', nextAttemptAt: ago(-60 * 24) },
      { ...message, id: newId(), dedupeKey: 'done', appliedAt: ago(5) },
    ],
  })
  const payment = { tenantId: tenant, provider: 'QBITFLOW' as const, status: 'COMPLETED' as const, amountMinor: '1' }
  for (const createdAt of [ago(0), ago(60 * 24 * 2)]) {
    await prisma.payment.create({ data: { ...payment, id: newId(), currency: 'USD', description: 'tea', createdAt } })
  }
}

test('what waits for a person is told, in their time zone, and counted', async () => {
  const owner = await door.house.actor()
  await busyBooks(door.app, owner)
  await fill(tenantId)
  await fill((await newTenant(door.app.db, 'LIVE')).tenantId)
  const soon = new Date(Math.trunc(Date.now() / 1000) * 1000 + 6 * 24 * 60 * MINUTE_MS)
  await door.app.keys.create(call(owner), { name: 'till', role: 'ADMIN', expiresAt: soon })
  await door.app.keys.create(call(owner), { name: 'later', role: 'ADMIN', expiresAt: ago(-8 * 24 * 60) })
  const { dueAt } = await door.app.removal.request(call(owner))
  const seen = await viewer('notifications counters dataRemovalDueAt')
  expect(seen.counters).toEqual({
    openCheckouts: 1,
    checkoutsInDoubt: 2,
    paymentsToday: 1,
    failedDeliveries: 2,
    pendingDeliveries: 1,
    inboxWaiting: 2,
    heldTransactions: 1,
  })
  expect(seen.dataRemovalDueAt).toBe(dueAt?.toISOString())
  expect(seen.notifications).toEqual([
    'The webhook endpoint https://shop.example/hook was disabled at 2026-03-29T00:30:00.000Z: it answered 410',
    '1 notification of QBITFLOW was given up, the latest from 2026-03-29T00:30:00.000Z.',
    '2 webhook deliveries were given up; redeliverWebhook sends them again.',
    expect.stringMatching(/^1 checkout has had an unknown status for more than an hour, since \d{4}-/),
    `The API key "till" expires at ${soon.toISOString()}.`,
    `All data in test mode will be removed at ${dueAt?.toISOString()}; cancelDataRemoval keeps them.`,
  ])
  const { attention } = await viewer(`attention {
    counters { openCheckouts checkoutsInDoubt paymentsToday failedDeliveries pendingDeliveries inboxWaiting heldTransactions }
    notifications { kind message count amount { amount } at } }`)
  expect(attention.counters).toEqual(seen.counters)
  expect(attention.notifications.map(({ message }: { message: string }) => message)).toEqual(seen.notifications)
  expect(attention.notifications.slice(0, 3)).toMatchObject([
    { kind: 'ENDPOINT_DISABLED', count: 1, amount: null, at: '2026-03-29T00:30:00.000Z' },
    { kind: 'INBOX_GIVEN_UP', count: 1 },
    { kind: 'DELIVERIES_GIVEN_UP', count: 2, at: null },
  ])
  const { notifications } = await viewer('notifications', { 'time-zone': 'Europe/Amsterdam' })
  expect(notifications[0]).toContain('2026-03-29T01:30:00.000+01:00')
})

test('is asked of the database only where it is asked for, each in one statement, and none reads a table through', async () => {
  const { pool } = door.app.db
  const query = vi.spyOn(door.app.db, 'query')
  await viewer('mode')
  expect(query.mock.calls.filter(([name]) => name?.startsWith('attention'))).toEqual([])
  await viewer('notifications counters(timezone: "Asia/Yangon")')
  const asked = query.mock.calls.filter(([name]) => name?.startsWith('attention'))
  query.mockRestore()
  expect(asked.map(([name]) => name).sort()).toEqual(['attention.counters', 'attention.matters'])
  const client = await pool.connect()
  try {
    // Where no index serves, the tables of this test would be read through even so.
    await client.query('SET enable_seqscan = off')
    for (const [, text, values = []] of asked) {
      const { rows } = await client.query(`EXPLAIN ${text}`, [...values])
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      expect(plan).toContain('Index')
      expect(plan).not.toContain('Seq Scan')
    }
  } finally {
    await client.query('RESET enable_seqscan')
    client.release()
  }
})

test('a removal of data is asked for and taken back by its owner, under a key that names the wish', async () => {
  const fields = 'organization { id } userErrors { code field } replayed'
  const cancel = (key: string) =>
    ask(`mutation { cancelDataRemoval(input: { idempotencyKey: "${key}" }) { ${fields} } }`)
  const request = (input: string) => ask(`mutation { requestDataRemoval(input: { ${input} }) { dueAt ${fields} } }`)
  const { data: kept } = await cancel('keep')
  expect(kept.cancelDataRemoval).toMatchObject({ organization: { id: expect.any(String) }, userErrors: [] })
  expect(await viewer('dataRemovalDueAt')).toEqual({ dataRemovalDueAt: null })
  const { data: first } = await request('idempotencyKey: "go"')
  expect(first.requestDataRemoval).toMatchObject({
    dueAt: expect.stringMatching(/Z$/),
    userErrors: [],
    replayed: false,
  })
  const { data: again } = await request('idempotencyKey: "go"')
  expect(again.requestDataRemoval).toMatchObject({ dueAt: null, userErrors: [], replayed: true })
  const { data: twice } = await request('')
  expect(twice.requestDataRemoval.userErrors).toEqual([{ code: 'INVALID_STATE', field: null }])
  const admin = await door.as('TEST', 'ADMIN')
  const { data: refused } = await admin(`mutation { cancelDataRemoval(input: {}) { ${fields} } }`)
  expect(refused.cancelDataRemoval.userErrors).toEqual([{ code: 'FORBIDDEN', field: null }])
  await cancel('keep after all')
})

test('a seller is told nothing of it', async () => {
  const sellerId = newId()
  const seller = {
    tenantId,
    id: sellerId,
    name: 'Sam',
    lastName: 'Seller',
    email: 'sam@shop.example',
    role: 'USER' as const,
  }
  await door.app.db.prisma.user.create({ data: seller })
  const asSeller = await door.as('TEST', 'USER', sellerId)
  for (const field of ['notifications', 'counters', 'dataRemovalDueAt', 'attention']) {
    const selected = field === 'attention' ? 'attention { notifications { message } }' : field
    const { data, errors } = await asSeller(`{ viewer { mode ${selected} } }`)
    expect([field, errors?.[0]?.extensions?.code]).toEqual([field, 'FORBIDDEN'])
    expect(data?.viewer?.[field] ?? null).toBeNull()
  }
})
