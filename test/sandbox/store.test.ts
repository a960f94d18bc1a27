import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { Collection } from '../../src/sandbox/collection.ts'
import { inTransaction } from '../../src/sandbox/store.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

const cups = new Collection<{ readonly sips: number }>('cup')

let database: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  database = await freshDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 4 })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

test('two transactions that wait for each other are both done, each once, and their hooks run once', async () => {
  const realm = newId()
  const world = { db: pool, provider: 'cafe', realm }
  await inTransaction(pool, 'cafe', realm, async (inside) => {
    for (const id of ['a', 'b']) await cups.insert(inside, id, { sips: 0 })
  })
  let hooks = 0
  let holding = 0
  const bothHold = async () => {
    holding += 1
    while (holding < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const sip = (first: string, second: string) =>
    inTransaction(pool, 'cafe', realm, async (inside) => {
      inside.afterCommit(() => {
        hooks += 1
      })
      for (const id of [first, second]) {
        const cup = await cups.lock(inside, id)
        if (id === first) await bothHold()
        await cups.replace(inside, id, { sips: (cup?.sips ?? 0) + 1 })
      }
    })
  await Promise.all([sip('a', 'b'), sip('b', 'a')])
  expect([await cups.find(world, 'a'), await cups.find(world, 'b')]).toEqual([{ sips: 2 }, { sips: 2 }])
  expect(hooks).toBe(2)
})

test('work that fails for a reason of its own is not tried again', async () => {
  let tries = 0
  const failing = inTransaction(pool, 'cafe', newId(), async () => {
    tries += 1
    throw new Error('no cup')
  })
  await expect(failing).rejects.toThrow('no cup')
  expect(tries).toBe(1)
})
