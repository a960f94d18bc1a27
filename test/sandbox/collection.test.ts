import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { Collection, DuplicateKeyError } from '../../src/sandbox/collection.ts'
import { inTransaction, nextNumber, type World } from '../../src/sandbox/store.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

interface Cup {
  readonly name: string
  readonly colour: string
}

const cups = new Collection<Cup>('cup', (cup) => ({ name: cup.name }))

let database: TestDatabase
let pool: pg.Pool

beforeAll(async () => {
  database = await freshDatabase()
  pool = new pg.Pool({ connectionString: database.url, max: 8 })
})

afterAll(async () => {
  await pool.end()
  await database.drop()
})

const aWorld = (): World => ({ db: pool, provider: 'cafe', realm: newId() })

function add(world: World, id: string, cup: Cup): Promise<void> {
  return inTransaction(pool, world.provider, world.realm, (inside) => cups.insert(inside, id, cup))
}

describe('a collection', () => {
  test('keeps the documents of each realm apart', async () => {
    const [here, there] = [aWorld(), aWorld()]
    await add(here, '1', { name: 'a', colour: 'red' })
    await add(there, '1', { name: 'a', colour: 'blue' })
    expect(await cups.find(here, '1')).toEqual({ name: 'a', colour: 'red' })
    expect(await cups.list(there)).toEqual([{ name: 'a', colour: 'blue' }])
    expect((await cups.findAnywhere(pool, 'cafe', '1'))?.document.name).toBe('a')
  })

  test('gives a unique key to exactly one of many who want it at once', async () => {
    const world = aWorld()
    const names = Array.from({ length: 8 }, (_, index) => add(world, `${index}`, { name: 'same', colour: `${index}` }))
    const results = await Promise.allSettled(names)
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(DuplicateKeyError)
    }
    expect(await cups.list(world)).toHaveLength(1)
  })

  test('leaves nothing behind when a key is taken, so that the transaction can go on', async () => {
    const world = aWorld()
    await add(world, '1', { name: 'a', colour: 'red' })
    const found = await inTransaction(pool, world.provider, world.realm, async (inside) => {
      await expect(cups.insert(inside, '2', { name: 'a', colour: 'blue' })).rejects.toThrow(DuplicateKeyError)
      await cups.insert(inside, '2', { name: 'b', colour: 'blue' })
      return cups.findBy(inside, 'name', 'b')
    })
    expect(found?.colour).toBe('blue')
  })

  test('frees the keys of a document that is changed or removed', async () => {
    const world = aWorld()
    await add(world, '1', { name: 'a', colour: 'red' })
    await inTransaction(pool, world.provider, world.realm, (inside) =>
      cups.replace(inside, '1', { name: 'b', colour: 'red' }),
    )
    await add(world, '2', { name: 'a', colour: 'blue' })
    expect(await cups.remove(world, '2')).toBe(true)
    expect(await cups.remove(world, '2')).toBe(false)
    await add(world, '3', { name: 'a', colour: 'green' })
    expect((await cups.findBy(world, 'name', 'a'))?.colour).toBe('green')
  })

  test('pages from newest to oldest, over inserts and removals in between', async () => {
    const world = aWorld()
    for (const name of ['a', 'b', 'c', 'd']) await add(world, name, { name, colour: name === 'b' ? 'red' : 'blue' })
    const first = await cups.list(world, { limit: 2 })
    expect(first?.map((cup) => cup.name)).toEqual(['d', 'c'])
    await add(world, 'e', { name: 'e', colour: 'blue' })
    await cups.remove(world, 'c')
    expect((await cups.list(world, { limit: 2, after: 'c' }))?.map((cup) => cup.name)).toEqual(['b', 'a'])
    expect((await cups.list(world, { where: { colour: 'red' } }))?.map((cup) => cup.name)).toEqual(['b'])
    expect(await cups.list(world, { after: 'unheard of' })).toBeUndefined()
  })

  test('undoes everything when the transaction fails, and then tells nobody', async () => {
    const world = aWorld()
    let told = false
    const failing = inTransaction(pool, world.provider, world.realm, async (inside) => {
      inside.afterCommit(() => {
        told = true
      })
      await cups.insert(inside, '1', { name: 'a', colour: 'red' })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await cups.find(world, '1')).toBeUndefined()
    expect(told).toBe(false)
  })

  test('gives out each number once', async () => {
    const numbers = await Promise.all(Array.from({ length: 20 }, () => nextNumber(aWorld())))
    expect(new Set(numbers).size).toBe(20)
  })
})
