import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { newId } from '../../src/kernel/id.ts'
import { rateLimits } from '../../src/organizations/rate-limit.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

/** Nodes share nothing but the database. */
let database: TestDatabase
let db: Database
let tenantId: string
let asked = 0
let now = new Date('2026-11-21T10:07:00Z')

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
  tenantId = (await newTenant(db)).tenantId
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

const counting = () => ({
  ...db,
  query: ((name: string, text: string, values: readonly unknown[]) => {
    asked += 1
    return db.query(name, text, values)
  }) as Database['query'],
})
const node = () => rateLimits({ db: counting(), clock: { now: () => now } })
const newKey = () => ({ tenantId, id: newId() })

async function grantedOf(takes: Promise<{ granted: boolean }>[]): Promise<number> {
  return (await Promise.all(takes)).filter(({ granted }) => granted).length
}

describe('the nodes together', () => {
  test.each([1, 2, 10, 499, 500, 999])('give out exactly %i where that is the limit', async (limit) => {
    const [key, nodes] = [newKey(), [node(), node()]]
    const takes = Array.from(
      { length: limit + 50 },
      (_, n) => nodes[n % 2]?.take({ ...key, limit: limit }) ?? expect.fail(),
    )
    expect(await grantedOf(takes)).toBe(limit)
  })

  test('give out no more than 5000, and at most one per cent less, one by one and many at once', async () => {
    const [key, nodes] = [newKey(), [node(), node()]]
    let granted = 0
    for (let batch = 0; batch < 130; batch++) {
      const takes = Array.from(
        { length: 40 },
        (_, n) => nodes[(batch + (n % 3)) % 2]?.take({ ...key, limit: 5_000 }) ?? expect.fail(),
      )
      granted += await grantedOf(takes)
    }
    expect(granted).toBeLessThanOrEqual(5_000)
    expect(granted).toBeGreaterThanOrEqual(4_950)
  })
})

test('a permit costs a statement for one request in ten, and none once the limit is reached', async () => {
  const [key, alone] = [newKey(), node()]
  asked = 0
  for (let request = 0; request < 5_000; request++)
    expect((await alone.take({ ...key, limit: 5_000 })).granted).toBe(true)
  expect(asked).toBe(500)
  for (let request = 0; request < 20; request++)
    expect((await alone.take({ ...key, limit: 5_000 })).granted).toBe(false)
  expect(asked).toBe(500)
})

test('what remains is counted down one by one, to the quarter of the hour', async () => {
  const [key, alone] = [newKey(), node()]
  const resetAt = new Date('2026-11-21T10:15:00Z')
  for (const remaining of [24, 23, 22]) {
    expect(await alone.take({ ...key, limit: 25 })).toMatchObject({ granted: true, limit: 25, remaining, resetAt })
  }
})

test('the next window begins anew, on each node', async () => {
  const [key, nodes] = [newKey(), [node(), node()]]
  const [one, other] = nodes as [ReturnType<typeof node>, ReturnType<typeof node>]
  expect(await grantedOf(Array.from({ length: 8 }, () => one.take({ ...key, limit: 5 })))).toBe(5)
  now = new Date('2026-11-21T10:14:59.999Z')
  expect((await other.take({ ...key, limit: 5 })).granted).toBe(false)
  now = new Date('2026-11-21T10:15:00Z')
  expect(await one.take({ ...key, limit: 5 })).toMatchObject({
    remaining: 4,
    resetAt: new Date('2026-11-21T10:30:00Z'),
  })
  expect(await grantedOf(Array.from({ length: 8 }, () => other.take({ ...key, limit: 5 })))).toBe(4)
})

test('a permit that is given back is given out again, also after the limit was reached', async () => {
  const [key, alone] = [newKey(), node()]
  const first = await alone.take({ ...key, limit: 2 })
  await alone.take({ ...key, limit: 2 })
  expect((await alone.take({ ...key, limit: 2 })).granted).toBe(false)
  expect(await first.giveBack()).toMatchObject({ remaining: 1 })
  expect((await alone.take({ ...key, limit: 2 })).granted).toBe(true)
  const refused = await alone.take({ ...key, limit: 2 })
  expect(refused.granted).toBe(false)
  expect((await refused.giveBack()).remaining).toBe(0)
})

test('a limit that is changed holds from the next request on', async () => {
  const [key, alone] = [newKey(), node()]
  expect(await grantedOf(Array.from({ length: 6 }, () => alone.take({ ...key, limit: 3 })))).toBe(3)
  expect(await grantedOf(Array.from({ length: 6 }, () => alone.take({ ...key, limit: 5 })))).toBe(2)
  expect((await alone.take({ ...key, limit: 2 })).granted).toBe(false)
})

test('keys are counted each for itself', async () => {
  const [one, other, alone] = [newKey(), newKey(), node()]
  await alone.take({ ...one, limit: 1 })
  expect((await alone.take({ ...one, limit: 1 })).granted).toBe(false)
  expect((await alone.take({ ...other, limit: 1 })).granted).toBe(true)
})
