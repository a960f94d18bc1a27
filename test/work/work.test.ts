import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import type { NewEvent } from '../../src/events/catalogue.ts'
import type { Actor, Call } from '../../src/kernel/actor.ts'
import { newId } from '../../src/kernel/id.ts'
import { transact, transactOnce } from '../../src/work/work.ts'
import { call } from '../support/app.ts'
import { ageKeys } from '../support/clock.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { refusals } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'

const NOW = new Date('2026-03-31T12:00:00Z')

let database: TestDatabase
let db: Database
let actor: Actor

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
beforeEach(async () => {
  actor = await newTenant(db)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const customers = (tenantId = actor.tenantId) => db.prisma.customer.count({ where: { tenantId } })
const events = (tenantId = actor.tenantId) =>
  db.prisma.event.findMany({ where: { tenantId }, orderBy: { cursor: 'asc' } })

function fact(entityId: string): NewEvent {
  return { type: 'customer.created', entityKind: 'Customer', entityId, object: { id: entityId } }
}

/** Makes a customer and announces it, once under the call's key. */
function create(by: Call, at = NOW, id = newId()) {
  return transactOnce(db, by, at, id, async (work) => {
    await work.tx.customer.create({ data: { tenantId: by.actor.tenantId, id, name: 'Ada' } })
    work.emit(fact(id))
  })
}

describe('a change and its events', () => {
  test('are committed together', async () => {
    const { id } = await create(call(actor))
    expect(await customers()).toBe(1)
    expect(await events()).toMatchObject([
      { cursor: 1n, sequence: 1, entityId: id, type: 'customer.created', requestId: 'test', at: NOW },
    ])
  })

  test('are not there at all when the work fails after it announced them', async () => {
    const { tenantId } = actor
    const failing = transact(db, { tenantId, at: NOW }, async (work) => {
      const id = newId()
      await work.tx.customer.create({ data: { tenantId, id, name: 'Ada' } })
      work.emit(fact(id))
      throw new Error('after all, no')
    })
    await expect(failing).rejects.toThrow('after all, no')
    expect([await customers(), (await events()).length]).toEqual([0, 0])
  })

  test('are not there at all when the events cannot be written', async () => {
    const { tenantId } = actor
    const failing = transact(db, { tenantId, at: NOW }, async (work) => {
      await work.tx.customer.create({ data: { tenantId, id: newId(), name: 'Ada' } })
      work.emit(fact('no uuid'))
    })
    await expect(failing).rejects.toThrow()
    expect([await customers(), (await events()).length]).toEqual([0, 0])
  })

  test('are made again from the start after a deadlock, and counted once', async () => {
    const { tenantId } = actor
    const [first = '', second = ''] = await Promise.all([create(call(actor)), create(call(actor))]).then((all) =>
      all.map((done) => done.id),
    )
    const attempts: string[] = []
    let holding = 0
    let meet: () => void = () => {}
    const met = new Promise<void>((resolve) => (meet = resolve))
    let over: () => void = () => {}
    const oneIsOver = new Promise<void>((resolve) => (over = resolve))
    const crossing = (name: string, order: readonly string[]) =>
      transact(db, { tenantId, at: NOW }, async (work) => {
        attempts.push(name)
        // One that begins again may be quicker than the one that waited, and they would meet a second time.
        if (attempts.length > 2) await oneIsOver
        for (const id of order) {
          await work.tx
            .$queryRaw`SELECT 1 FROM customer WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
          holding += 1
          if (holding === 2) meet()
          await met
        }
        work.emit(fact(first))
      })
    await Promise.all([crossing('a', [first, second]).then(over), crossing('b', [second, first]).then(over)])
    expect(attempts.length).toBe(3)
    expect((await events()).map((event) => event.cursor)).toEqual([1n, 2n, 3n, 4n])
  })
})

test('a burst wider than the pool waits its turn', async () => {
  const narrow = openDatabase(database.url, { poolSize: 1 })
  try {
    const slow = () =>
      transact(narrow, { tenantId: actor.tenantId, at: NOW }, async (work) => {
        await work.tx.$queryRaw`SELECT 1 AS one FROM pg_sleep(0.8)`
      })
    await Promise.all([slow(), slow(), slow(), slow()])
  } finally {
    await narrow.close()
  }
})

describe('numbers', () => {
  test('of a tenant and of each entity have no gap under fifty transactions at once, some of which fail', async () => {
    const { tenantId } = actor
    const entities = [newId(), newId(), newId()]
    const work = Array.from({ length: 50 }, (_, index) =>
      transact(db, { tenantId, at: NOW }, async (work) => {
        work.emit(fact(entities[index % 3] as string))
        work.emit(fact(entities[(index + 1) % 3] as string))
        work.emit(fact(entities[index % 3] as string))
        if (index % 10 === 9) throw new Error('no')
      }).catch(() => {}),
    )
    await Promise.all(work)
    const written = await events()
    expect(written.map((event) => event.cursor)).toEqual(Array.from({ length: 135 }, (_, index) => BigInt(index + 1)))
    for (const entity of entities) {
      const sequences = written.filter((event) => event.entityId === entity).map((event) => event.sequence)
      expect(sequences).toEqual(sequences.map((_, index) => index + 1))
    }
  })

  test('of two tenants do not meet', async () => {
    const other = await newTenant(db)
    await Promise.all([actor, other, actor].map((who) => create(call(who))))
    expect((await events()).map((event) => event.cursor)).toEqual([1n, 2n])
    expect((await events(other.tenantId)).map((event) => event.cursor)).toEqual([1n])
  })
})

describe('an idempotency key', () => {
  test('does the work once, and answers a repeat with its object', async () => {
    const first = await create(call(actor, 'k1', { name: 'Ada' }))
    const second = await create(call(actor, 'k1', { name: 'Ada' }))
    expect(first.replayed).toBe(false)
    expect(second).toEqual({ id: first.id, replayed: true })
    expect([await customers(), (await events()).length]).toEqual([1, 1])
  })

  test('does the work once for thirty at the same moment, and gives all the same answer', async () => {
    const answers = await Promise.all(Array.from({ length: 30 }, () => create(call(actor, 'k1', { name: 'Ada' }))))
    expect(new Set(answers.map((done) => done.id)).size).toBe(1)
    expect(answers.filter((done) => !done.replayed)).toHaveLength(1)
    expect([await customers(), (await events()).length]).toEqual([1, 1])
  })

  test('that came with other input is refused, and nothing is done', async () => {
    await create(call(actor, 'k1', { name: 'Ada' }))
    expect(await refusals(create(call(actor, 'k1', { name: 'Eve' })))).toEqual([
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    ])
    expect(await customers()).toBe(1)
  })

  test('is free again when the work failed', async () => {
    const by = call(actor, 'k1')
    await expect(transactOnce(db, by, NOW, newId(), () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await create(by)).toMatchObject({ replayed: false })
  })

  test('lasts 24 hours of real time and works anew after them, with other input too', async () => {
    const first = await create(call(actor, 'k1', 1))
    await ageKeys(db, { hours: 23.9 })
    expect(await create(call(actor, 'k1', 1))).toEqual({ id: first.id, replayed: true })
    await ageKeys(db, { hours: 0.1 })
    const anew = await create(call(actor, 'k1', 2))
    expect(anew).toMatchObject({ replayed: false })
    await ageKeys(db, { hours: 23 })
    expect(await create(call(actor, 'k1', 2))).toEqual({ id: anew.id, replayed: true })
    expect(await customers()).toBe(2)
  })

  test('belongs to one tenant and one operation', async () => {
    const other = await newTenant(db)
    const answers = [
      await create(call(actor, 'k1')),
      await create(call(other, 'k1')),
      await create({ ...call(actor, 'k1'), operation: 'another' }),
    ]
    expect(answers.map((done) => done.replayed)).toEqual([false, false, false])
  })

  test('that cannot be kept is refused by name', async () => {
    expect(await refusals(create(call(actor, 'k'.repeat(256))))).toEqual(['TOO_LONG idempotencyKey'])
    expect(await refusals(create(call(actor, 'a\u0000')))).toEqual(['INVALID idempotencyKey'])
    expect(await create(call(actor, 'k'.repeat(255)))).toMatchObject({ replayed: false })
  })

  test('left out does the work each time', async () => {
    await create(call(actor))
    await create(call(actor))
    expect(await customers()).toBe(2)
  })
})
