import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DatabaseWire, openDatabaseWire } from '../../bench/support/database-wire.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { sendAhead } from '../../src/db/sending-ahead.ts'
import { hasCode } from '../../src/kernel/unavailable.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let wire: DatabaseWire
let db: Database

beforeAll(async () => {
  database = await freshDatabase()
  wire = await openDatabaseWire(database.url)
  db = openDatabase(wire.url)
  await db.query(undefined, 'CREATE TABLE note (text text PRIMARY KEY)')
})
afterAll(async () => {
  await db.close()
  await wire.close()
  await database.drop()
})

const WRITE = 'INSERT INTO note VALUES ($1)'
const write = (text: string) => db.query(undefined, WRITE, [text])
const notes = () => db.query<{ text: string }>(undefined, 'SELECT text FROM note ORDER BY text')

/** How often the network is waited for. */
async function roundTrips(work: () => Promise<unknown>): Promise<number> {
  const before = wire.traffic().roundTrips
  await work()
  return wire.traffic().roundTrips - before
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error) => error,
  )
}

describe('a statement that is sent ahead', () => {
  test('costs no wait of its own, and neither does the beginning of a transaction', async () => {
    await db.prisma.$transaction((tx) => tx.$queryRaw`SELECT 1`)
    const cost = await roundTrips(() =>
      db.prisma.$transaction(async (tx) => {
        await sendAhead(tx, WRITE, 'one')
        await sendAhead(tx, WRITE, 'two')
        await tx.$executeRawUnsafe(WRITE, 'three')
        await sendAhead(tx, WRITE, 'four')
      }),
    )
    expect(cost).toBe(2)
    expect((await notes()).map(({ text }) => text)).toEqual(['four', 'one', 'three', 'two'])
  })

  test('and fails is told to the next statement, and nothing of the transaction is kept', async () => {
    await write('there')
    const error = await failureOf(
      db.prisma.$transaction(async (tx) => {
        await sendAhead(tx, WRITE, 'kept by nobody')
        await sendAhead(tx, WRITE, 'there')
        await tx.$queryRaw`SELECT 1`
      }),
    )
    expect(hasCode(error, '23505'), String(error)).toBe(true)
    expect(await notes()).not.toContainEqual({ text: 'kept by nobody' })
  })

  test('and fails last is told by the commit, and nothing of the transaction is kept', async () => {
    const error = await failureOf(
      db.prisma.$transaction(async (tx) => {
        await tx.$executeRawUnsafe(WRITE, 'kept by nobody either')
        await sendAhead(tx, WRITE, 'there')
      }),
    )
    expect(hasCode(error, '23505'), String(error)).toBe(true)
    expect(await notes()).not.toContainEqual({ text: 'kept by nobody either' })
  })

  test('and fails is told again after somebody caught what it did to the next', async () => {
    const error = await failureOf(
      db.prisma.$transaction(async (tx) => {
        await sendAhead(tx, WRITE, 'there')
        await tx.$queryRaw`SELECT 1`.catch(() => {})
      }),
    )
    expect(hasCode(error, '23505'), String(error)).toBe(true)
  })

  test('leaves nothing behind for the next transaction on the connection', async () => {
    for (const text of ['five', 'six', 'seven']) {
      await db.prisma.$transaction((tx) => tx.$executeRawUnsafe(WRITE, text))
    }
    expect(await notes()).toContainEqual({ text: 'seven' })
  })
})
