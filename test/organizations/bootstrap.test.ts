import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { accessService } from '../../src/organizations/access.ts'
import { bootstrap } from '../../src/organizations/bootstrap.ts'
import { clocksOf } from '../../src/organizations/clocks.ts'
import { SECRET_KEY } from '../support/app.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

const NOW = new Date('2026-03-31T12:00:00Z')
const clock: Clock = { now: () => NOW }
let database: TestDatabase
let db: Database

beforeEach(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
afterEach(async () => {
  await db.close()
  await database.drop()
})

test('the first start makes one organization with an owner, a test and a live tenant, and a key that opens the first', async () => {
  const { testKey } = await bootstrap(db, clock)
  expect(testKey).toMatch(/^sk_test_/)
  expect(await db.prisma.organization.count()).toBe(1)
  const tenants = await db.prisma.tenant.findMany({ include: { users: true, apiKeys: true }, orderBy: { mode: 'asc' } })
  expect(tenants).toMatchObject([
    { mode: 'TEST', users: [{ role: 'OWNER' }], apiKeys: [{ role: 'OWNER' }] },
    { mode: 'LIVE', users: [{ role: 'OWNER' }], apiKeys: [] },
  ])
  const caller = await accessService({ db, clock, secretKey: SECRET_KEY }).authenticate(testKey, 'r1')
  expect(caller).toMatchObject({ kind: 'key', actor: { mode: 'TEST', role: 'OWNER', tenantId: tenants[0]?.id } })
  for (const empty of [db.prisma.product, db.prisma.customer, db.prisma.checkout]) {
    expect(await (empty as typeof db.prisma.product).count()).toBe(0)
  }
})

test('a second start changes nothing and shows no key', async () => {
  await bootstrap(db, clock)
  const count = async () => [
    await db.prisma.tenant.count(),
    await db.prisma.apiKey.count(),
    await db.prisma.event.count(),
  ]
  const before = await count()
  expect(await bootstrap(db, clock)).toEqual({})
  expect(await count()).toEqual(before)
})

test('of two first starts at the same moment one makes the organization', async () => {
  const other = openDatabase(database.url)
  try {
    const all = await Promise.all([db, other, db, other].map((each) => bootstrap(each, clock)))
    expect(all.filter(({ testKey }) => testKey !== undefined)).toHaveLength(1)
    expect(await db.prisma.organization.count()).toBe(1)
    expect(await db.prisma.tenant.count()).toBe(2)
  } finally {
    await other.close()
  }
})

test('a tenant’s clock runs ahead of ours by as much as it was turned, and nobody else’s does', async () => {
  await bootstrap(db, clock)
  const [first, second] = await db.prisma.tenant.findMany()
  await db.prisma.tenant.update({ where: { id: first?.id ?? '' }, data: { clockAheadMs: 90_000n } })
  const clocks = clocksOf(db, clock)
  expect((await clocks.now(first?.id ?? '')).getTime() - NOW.getTime()).toBe(90_000)
  expect(await clocks.now(second?.id ?? '')).toEqual(NOW)
})
