import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { accessService } from '../../src/organizations/access.ts'
import { bootstrap } from '../../src/organizations/bootstrap.ts'
import { developmentKey } from '../../src/organizations/development-key.ts'
import { grantKey } from '../../src/organizations/grant.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

const NOW = new Date('2026-03-31T12:00:00Z')
const clock: Clock = { now: () => NOW }
const later = (hours: number): Clock => ({ now: () => new Date(NOW.getTime() + hours * 3_600_000) })
const secretKey = Buffer.alloc(32, 7)

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
  await bootstrap(db, clock)
})

afterAll(async () => {
  await db.close()
  await database.drop()
})

const callerOf = (secret: string, at = clock) => accessService({ db, clock: at, secretKey }).authenticate(secret, 'r1')

describe('a key granted on the machine', () => {
  test('opens the tenant of its mode with its role, and is announced', async () => {
    const secret = await grantKey(db, clock, { mode: 'LIVE', role: 'ADMIN', name: 'Till' })
    expect(secret).toMatch(/^sk_live_/)
    expect(await callerOf(secret)).toMatchObject({ kind: 'key', actor: { mode: 'LIVE', role: 'ADMIN', userId: null } })
    expect(await db.prisma.event.count({ where: { type: 'api_key.created' } })).toBeGreaterThan(0)
  })

  test('of the role USER acts for a seller, the same one each time', async () => {
    const wanted = { mode: 'TEST', role: 'USER', name: 'Stall' } as const
    const [first, second] = [await grantKey(db, clock, wanted), await grantKey(db, clock, wanted)]
    const actors = await Promise.all([callerOf(first), callerOf(second)])
    const ids = actors.map((caller) => caller !== 'invalid' && caller.kind === 'key' && caller.actor.userId)
    expect(ids[0]).toBeTruthy()
    expect(ids[1]).toBe(ids[0])
  })

  test('is refused for people and organizations that are not there', async () => {
    const wanted = { mode: 'TEST', role: 'USER', name: 'Stall' } as const
    for (const userId of ['nobody', encodeId('User', newId()), encodeId('Product', newId())]) {
      await expect(grantKey(db, clock, { ...wanted, userId })).rejects.toThrow('User not found')
    }
    const organizationId = encodeId('Organization', newId())
    await expect(grantKey(db, clock, { ...wanted, organizationId })).rejects.toThrow('Organization not found')
  })
})

describe('the development key', () => {
  test('is the same after a restart, and lapses a day after it was last asked for', async () => {
    const first = await developmentKey(db, clock, secretKey)
    expect(first).toMatch(/^sk_test_/)
    expect(await developmentKey(db, later(20), secretKey)).toBe(first)
    expect(await callerOf(first ?? '', later(43))).toMatchObject({ kind: 'key', actor: { mode: 'TEST' } })
    expect(await callerOf(first ?? '', later(44))).toBe('invalid')
    expect(await developmentKey(db, clock, Buffer.alloc(32, 8))).not.toBe(first)
  })

  test('stays away once somebody has deleted it', async () => {
    const other = Buffer.alloc(32, 9)
    await developmentKey(db, clock, other)
    await db.prisma.apiKey.updateMany({ where: { name: 'GraphiQL in development' }, data: { deletedAt: NOW } })
    expect(await developmentKey(db, clock, other)).toBeUndefined()
  })
})

test('where there are several organizations, one has to be named', async () => {
  const organization = await db.prisma.organization.create({ data: { id: newId(), name: 'Second' } })
  await db.prisma.tenant.create({ data: { id: newId(), organizationId: organization.id, mode: 'TEST' } })
  const wanted = { mode: 'TEST', role: 'OWNER', name: 'Till' } as const
  await expect(grantKey(db, clock, wanted)).rejects.toThrow(
    'there are several organizations; choose one with --organization <id>: org_',
  )
  const secret = await grantKey(db, clock, { ...wanted, organizationId: encodeId('Organization', organization.id) })
  expect(await callerOf(secret)).toMatchObject({ actor: { organizationId: organization.id } })
})
