import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import type { App } from '../../src/app.ts'
import { eventRow } from '../../src/events/outbox.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { type GuardedFetch, guardedFetch } from '../../src/outbound/guarded-fetch.ts'
import { eventually, openApp } from '../support/app.ts'
import { turnableClock } from '../support/clock.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'
import { groupsOf, stageOf } from './stage.ts'

const HOUR_MS = 3_600_000

let database: TestDatabase
let apps: App[] = []

afterEach(async () => {
  await Promise.all(apps.map((app) => app.close()))
  apps = []
  await database.drop()
})

async function open(outbound: GuardedFetch, clock = turnableClock()): Promise<App> {
  const app = await openApp(database.url, { outbound, clock })
  apps.push(app)
  return app
}

/** So many events of each of so many entities, an hour ahead of the tenant's clock. */
async function happenInAnHour(app: App, tenantId: string, entities: number, each: number): Promise<void> {
  const ids = Array.from({ length: entities }, newId)
  const events = Array.from({ length: each }, () =>
    ids.map((entityId) =>
      eventRow({ type: 'customer.updated', entityKind: 'Customer', entityId, object: { entityId } }),
    ),
  )
  const at = new Date(app.clock.now().getTime() + HOUR_MS)
  await app.db.query('test.append', 'SELECT append_events($1, $2, $3, NULL)', [
    tenantId,
    JSON.stringify(events.flat()),
    at,
  ])
}

test('5,000 deliveries that are due at once over two nodes are sent once each, in the order of each entity', async () => {
  database = await freshDatabase()
  const heard: { node: number; place: string; entity: string; sequence: number }[] = []
  const under = new Map<string, number>()
  let most = 0
  const node =
    (number: number): GuardedFetch =>
    async (url, { body = '' }) => {
      const { entity, sequence } = JSON.parse(body)
      const place = `${number} ${url}`
      under.set(place, (under.get(place) ?? 0) + 1)
      most = Math.max(most, under.get(place) ?? 0)
      await new Promise((resolve) => setTimeout(resolve, 1))
      heard.push({ node: number, place: url, entity: entity.id, sequence })
      under.set(place, (under.get(place) ?? 0) - 1)
      return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
    }
  const first = await open(node(1))
  const second = await open(node(2))
  const actor = await newTenant(first.db)
  const stage = stageOf({ app: first }, actor)
  for (const place of [1, 2, 3, 4, 5]) await stage.endpoint(`http://receiver-${place}.example`)
  await happenInAnHour(first, actor.tenantId, 200, 5)
  await first.db.prisma.tenant.update({ where: { id: actor.tenantId }, data: { clockAheadMs: 2 * HOUR_MS } })
  await Promise.all([first, second].map((app) => app.webhooks.deliverDue()))
  await eventually(async () => heard.length >= 5_000, 20_000)
  await stage.over()
  await Promise.all([first, second].map((app) => app.webhooks.idle()))

  expect(heard).toHaveLength(5_000)
  const perEntity = groupsOf(heard, ({ place, entity }) => `${place} ${entity}`)
  expect(perEntity).toHaveLength(1_000)
  for (const sent of perEntity) expect(sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5])
  for (const number of [1, 2]) expect(heard.filter((each) => each.node === number).length).toBeGreaterThan(500)
  expect(most).toBeLessThanOrEqual(8)
  const once = { tenantId: actor.tenantId, status: 'DELIVERED' as const, tries: 1 }
  expect(await first.db.prisma.webhookDelivery.count({ where: once })).toBe(5_000)
}, 60_000)

test('what a node that was killed was sending is sent by another once its lease has ended', async () => {
  database = await freshDatabase()
  const stuck: (() => void)[] = []
  const dead = await open(async () => {
    await new Promise<void>((resolve) => stuck.push(resolve))
    return { status: 500, headers: new Headers(), body: Buffer.alloc(0) }
  })
  const actor = await newTenant(dead.db)
  const stage = stageOf({ app: dead }, actor)
  await stage.endpoint('http://receiver.example')
  const made = await Promise.all(Array.from({ length: 5 }, () => stage.customer()))
  await eventually(async () => stuck.length === 5)

  const clock = turnableClock()
  const sent: string[] = []
  const alive = await open(async (_url, { body = '' }) => {
    sent.push(JSON.parse(body).entity.id)
    return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
  }, clock)
  clock.turn({ seconds: 5 })
  await alive.webhooks.deliverDue()
  await alive.webhooks.idle()
  expect(sent).toEqual([])
  clock.turn({ seconds: 15 })
  await alive.webhooks.deliverDue()
  await alive.webhooks.idle()
  expect(sent.sort()).toEqual(made.map(({ id }) => encodeId('Customer', id)).sort())

  for (const resolve of stuck) resolve()
  await dead.webhooks.idle()
  const deliveries = await stage.deliveries()
  expect(deliveries.map(({ status, tries, attempts }) => [status, tries, attempts.length])).toEqual(
    made.map(() => ['DELIVERED', 1, 2]),
  )
})

test('a delivery whose receiver takes long is not sent by another node while the first one lives', async () => {
  database = await freshDatabase()
  const heard: string[] = []
  const answers: (() => void)[] = []
  const slow = await open(async (_url, { body = '' }) => {
    heard.push(JSON.parse(body).entity.id)
    await new Promise<void>((resolve) => answers.push(resolve))
    return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
  })
  const stage = stageOf({ app: slow }, await newTenant(slow.db))
  await stage.endpoint('http://receiver.example')
  await stage.customer()
  await eventually(async () => heard.length === 1)
  const clock = turnableClock()
  const other = await open(async (_url, { body = '' }) => {
    heard.push(JSON.parse(body).entity.id)
    return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
  }, clock)
  clock.turn({ seconds: 9 })
  // By the other's clock the lease would have ended, had it not been renewed.
  await sleep(7_000)
  await other.webhooks.deliverDue()
  await other.webhooks.idle()
  expect(heard).toHaveLength(1)
  for (const answer of answers) answer()
  await slow.webhooks.idle()
  expect((await stage.only()).status).toBe('DELIVERED')
}, 30_000)

test('what was answered while the connections were lost is recorded, and not sent again', async () => {
  database = await freshDatabase()
  const heard: string[] = []
  const killer = new pg.Client({ connectionString: database.url })
  await killer.connect()
  const text = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'tollgate%'`
  let kills = 0
  const app = await open(async (_url, { body = '' }) => {
    heard.push(JSON.parse(body).entity.id)
    if (kills < 3) {
      kills += 1
      await killer.query(text)
    }
    return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
  })
  const actor = await newTenant(app.db)
  const stage = stageOf({ app }, actor)
  await stage.endpoint('http://receiver.example')
  await happenInAnHour(app, actor.tenantId, 20, 2)
  await app.db.prisma.tenant.update({ where: { id: actor.tenantId }, data: { clockAheadMs: 2 * HOUR_MS } })
  const looking = setInterval(app.webhooks.due.wake, 500)
  try {
    await eventually(async () => {
      const left = { tenantId: actor.tenantId, status: 'PENDING' as const }
      return (await app.db.prisma.webhookDelivery.count({ where: left }).catch(() => 1)) === 0
    }, 12_000)
  } finally {
    clearInterval(looking)
    await killer.end()
  }
  expect(heard).toHaveLength(40)
  const deliveries = await stage.deliveries()
  expect(deliveries.map(({ tries, attempts }) => [tries, attempts.length])).toEqual(deliveries.map(() => [1, 1]))
}, 30_000)

test('an endpoint that keeps silent does not hold up the others', async () => {
  database = await freshDatabase()
  const silent: (() => void)[] = []
  const guarded = guardedFetch({ allowLoopback: true, resolve: async () => [] })
  const app = await open(async (url, request) => {
    if (url.includes('silent')) await new Promise<void>((resolve) => silent.push(resolve))
    if (url.includes('silent')) return guarded(url, request)
    return { status: 200, headers: new Headers(), body: Buffer.alloc(0) }
  })
  const actor = await newTenant(app.db)
  const stage = stageOf({ app }, actor)
  await stage.endpoint('http://silent.example')
  const lively = await stage.endpoint('http://lively.example')
  await happenInAnHour(app, actor.tenantId, 400, 1)
  await app.db.prisma.tenant.update({ where: { id: actor.tenantId }, data: { clockAheadMs: 2 * HOUR_MS } })
  await app.webhooks.deliverDue()
  const { tenantId } = actor
  const where = { tenantId, endpointId: lively.uuid, status: 'DELIVERED' as const }
  await eventually(async () => (await app.db.prisma.webhookDelivery.count({ where })) === 400)
  expect(silent).toHaveLength(8)
  const ending = setInterval(() => silent.splice(0).forEach((resolve) => void resolve()), 5)
  await app.webhooks.idle()
  clearInterval(ending)
})
