import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { Collection } from '../../src/sandbox/collection.ts'
import { inTransaction } from '../../src/sandbox/store.ts'
import { cancelTasks } from '../../src/sandbox/tasks.ts'
import { write } from '../../src/sandbox/writes.ts'
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

describe('what a transaction writes', () => {
  /** The pool, and every statement that is sent through it. */
  function counted() {
    const texts: string[] = []
    const noting = (through: pg.Pool | pg.PoolClient) => (text: string, values?: unknown[]) => {
      texts.push(text.trim())
      return through.query(text, values)
    }
    const connect = async () => {
      const client = await pool.connect()
      return { query: noting(client), release: (broken?: boolean) => client.release(broken) }
    }
    return { texts, counted: { query: noting(pool), connect } }
  }
  const tasksOf = async (realm: string) =>
    (await pool.query('SELECT subject FROM sandbox_task WHERE tenant_id = $1 ORDER BY id', [realm])).rows.map(
      ({ subject }) => subject,
    )
  const task = (subject: string) => ({ kind: 'sip', subject, body: {}, dueAt: new Date() })

  test('is one statement where nothing is read, and one between a beginning and a commit where something is', async () => {
    const realm = newId()
    const { texts, counted: through } = counted()
    await inTransaction(through, 'cafe', realm, async (inside) => {
      for (const id of ['a', 'b']) await cups.insert(inside, id, { sips: 0 })
      await write(inside, { scheduled: [task('a'), task('b')] })
    })
    expect(texts).toHaveLength(1)
    await inTransaction(through, 'cafe', realm, async (inside) => {
      const cup = await cups.lock(inside, 'a')
      await cups.replace(inside, 'a', { sips: (cup?.sips ?? 0) + 1 })
      await cups.replace(inside, 'b', { sips: 7 })
    })
    expect(texts.slice(1)).toEqual(['BEGIN', expect.stringContaining('FOR UPDATE'), expect.any(String), 'COMMIT'])
    expect(await cups.list({ db: pool, provider: 'cafe', realm })).toEqual([{ sips: 7 }, { sips: 1 }])
    expect(await tasksOf(realm)).toEqual(['a', 'b'])
  })

  test('is seen by what it reads after that, and the last that it wrote of a document counts', async () => {
    const realm = newId()
    await inTransaction(pool, 'cafe', realm, async (inside) => {
      await cups.insert(inside, 'a', { sips: 1 })
      await cups.replace(inside, 'a', { sips: 2 })
      expect(await cups.find(inside, 'a')).toEqual({ sips: 2 })
      await cups.replace(inside, 'a', { sips: 3 })
      await cups.replace(inside, 'a', { sips: 4 })
    })
    expect(await cups.find({ db: pool, provider: 'cafe', realm }, 'a')).toEqual({ sips: 4 })
  })

  test('leaves the tasks as if each change had been made by itself', async () => {
    const realm = newId()
    await inTransaction(pool, 'cafe', realm, (inside) => write(inside, { scheduled: [task('a'), task('b')] }))
    await inTransaction(pool, 'cafe', realm, async (inside) => {
      await write(inside, { scheduled: [task('c'), task('d')] })
      for (const subject of ['a', 'c']) await cancelTasks(inside, 'sip', subject)
      await write(inside, { scheduled: [task('a')] })
    })
    expect(await tasksOf(realm)).toEqual(['b', 'd', 'a'])
  })

  test('is not there when the work fails, whether or not it had read something', async () => {
    const realm = newId()
    for (const reads of [false, true]) {
      const failing = inTransaction(pool, 'cafe', realm, async (inside) => {
        await cups.insert(inside, 'a', { sips: 0 })
        if (reads) await cups.find(inside, 'a')
        throw new Error('no cup')
      })
      await expect(failing).rejects.toThrow('no cup')
    }
    expect(await cups.list({ db: pool, provider: 'cafe', realm })).toEqual([])
  })

  test('is refused as a whole where a document of the name is there already', async () => {
    const realm = newId()
    await inTransaction(pool, 'cafe', realm, (inside) => cups.insert(inside, 'a', { sips: 0 }))
    const again = inTransaction(pool, 'cafe', realm, async (inside) => {
      await cups.insert(inside, 'b', { sips: 0 })
      await cups.insert(inside, 'a', { sips: 9 })
    })
    await expect(again).rejects.toThrow('sandbox_document_pkey')
    expect(await cups.list({ db: pool, provider: 'cafe', realm })).toEqual([{ sips: 0 }])
  })
})
