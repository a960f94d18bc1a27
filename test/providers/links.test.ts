import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { newId } from '../../src/kernel/id.ts'
import { type Linked, linkedReference } from '../../src/providers/links.ts'
import type { Connected } from '../../src/providers/registry.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 31, 12, minute))
let database: TestDatabase
let db: Database
let provider: Connected
let sent: string[]

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
beforeEach(async () => {
  const { tenantId } = await newTenant(db)
  provider = {
    name: 'QBITFLOW',
    tenantId,
    connectionId: newId(),
    simulated: true,
    missing: [],
    capabilitiesCheckedAt: null,
    isDown: false,
  }
  sent = []
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

function linked(id: string, updatedAt: Date, copy = `copy of ${id}`): Linked {
  return {
    kind: 'Product',
    id,
    userId: null,
    updatedAt,
    async create() {
      sent.push('create')
      return copy
    },
    async update(reference) {
      sent.push(`update ${reference}`)
    },
  }
}
const links = () => db.prisma.providerLink.findMany({ where: { tenantId: provider.tenantId } })

describe('the copy of an object', () => {
  test('is made once and then known', async () => {
    const id = newId()
    for (let time = 0; time < 3; time++) {
      expect(await linkedReference(db, provider, linked(id, at(0)))).toBe(`copy of ${id}`)
    }
    expect(sent).toEqual(['create'])
  })

  test('is brought up to date after each change, once', async () => {
    const id = newId()
    await linkedReference(db, provider, linked(id, at(0)))
    await linkedReference(db, provider, linked(id, at(1)))
    await linkedReference(db, provider, linked(id, at(1)))
    await linkedReference(db, provider, linked(id, at(2)))
    expect(sent).toEqual(['create', `update copy of ${id}`, `update copy of ${id}`])
  })

  test('is sent again when it failed, and when it was changed while it was sent', async () => {
    const id = newId()
    const failing = { ...linked(id, at(0)), create: () => Promise.reject(new Error('away')) }
    await expect(linkedReference(db, provider, failing)).rejects.toThrow('away')
    expect(await links()).toEqual([])
    await linkedReference(db, provider, linked(id, at(0)))
    await expect(
      linkedReference(db, provider, { ...linked(id, at(5)), update: () => Promise.reject(new Error('away')) }),
    ).rejects.toThrow('away')
    await linkedReference(db, provider, linked(id, at(5)))
    expect(sent).toEqual(['create', `update copy of ${id}`])
  })

  test('is linked once by ten at the same moment', async () => {
    const id = newId()
    await Promise.all(Array.from({ length: 10 }, () => linkedReference(db, provider, linked(id, at(0)))))
    expect(await links()).toHaveLength(1)
  })

  test('passes to another object that the provider takes for the same, and is brought up to date', async () => {
    const [gone, next] = [newId(), newId()]
    await linkedReference(db, provider, linked(gone, at(0), 'one copy'))
    expect(await linkedReference(db, provider, linked(next, at(0), 'one copy'))).toBe('one copy')
    await linkedReference(db, provider, linked(next, at(0), 'one copy'))
    expect(sent).toEqual(['create', 'create', 'update one copy'])
    expect(await links()).toMatchObject([{ entityId: next, externalId: 'one copy' }])
  })

  test('stays that of another owner’s object until that is deleted', async () => {
    const { tenantId } = provider
    const id = newId()
    const names = { name: 'Sam', lastName: 'Seller', email: 'sam@shop.example', role: 'USER' as const }
    await db.prisma.user.create({ data: { tenantId, id, ...names } })
    const [theirs, ours] = [newId(), newId()]
    await db.prisma.customer.create({ data: { tenantId, id: theirs, userId: id, name: 'Ada' } })
    const customer = { kind: 'Customer' as const }
    await linkedReference(db, provider, { ...linked(theirs, at(0), 'one copy'), ...customer, userId: id })
    const asked = () => linkedReference(db, provider, { ...linked(ours, at(0), 'one copy'), ...customer })
    expect(await asked()).toBeUndefined()
    expect(await links()).toMatchObject([{ entityId: theirs }])
    await db.prisma.customer.update({ where: { tenantId_id: { tenantId, id: theirs } }, data: { deletedAt: at(1) } })
    expect(await asked()).toBe('one copy')
    expect(sent).toEqual(['create', 'create', 'create', 'update one copy'])
  })

  test('is another one in another tenant', async () => {
    const id = newId()
    await linkedReference(db, provider, linked(id, at(0)))
    const other = { ...provider, tenantId: (await newTenant(db)).tenantId }
    await linkedReference(db, other, linked(id, at(0)))
    expect(sent).toEqual(['create', 'create'])
  })
})
