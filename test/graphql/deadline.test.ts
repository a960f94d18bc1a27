import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../support/app.ts'
import { look } from '../support/look.ts'
import { type Door, openDoor } from './door.ts'
import { connect } from './socket.ts'

/** An operation waits for a lock that somebody holds, longer than an operation may take. */

const DEADLINE_MS = 700
const MESSAGE = 'The operation was stopped after 0.7 seconds; try again'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let holder: pg.Client
beforeAll(async () => {
  door = await openDoor({ deadlineMs: DEADLINE_MS })
  ask = await door.as()
  holder = new pg.Client({ connectionString: door.house.databaseUrl })
  await holder.connect()
})
afterAll(async () => {
  await holder.end()
  await door.close()
})

async function whileLocked<T>(table: string, work: () => Promise<T>): Promise<T> {
  await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  try {
    return await work()
  } finally {
    await holder.query('ROLLBACK')
  }
}

const waiting = (table: string) =>
  look(
    door.house.databaseUrl,
    `SELECT pid FROM pg_locks JOIN pg_class c ON c.oid = relation WHERE relname = '${table}' AND NOT granted`,
  )

test('a query is given up at the deadline, and what the database does for it ends', async () => {
  await whileLocked('product', async () => {
    const { status, headers, errors } = await ask('{ viewer { mode } products { totalCount } }')
    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(errors).toMatchObject([{ message: MESSAGE, extensions: { code: 'UNAVAILABLE' } }])
    // The lock is still held: nothing waits for it any more, long before a wait for a lock ends by itself.
    await eventually(async () => (await waiting('product')).length === 0, 4_000)
  })
  expect((await ask('{ products { totalCount } }')).data).toEqual({ products: { totalCount: 0 } })
})

test('a query over WebSocket is given up at the deadline, and its connection goes on', async () => {
  const it = await connect(door.url)
  await it.init({ apiKey: ask.key })
  await whileLocked('product', async () => {
    it.subscribe('late', '{ products { totalCount } }')
    expect(await it.next()).toMatchObject({ id: 'late', payload: { errors: [{ message: MESSAGE }] } })
  })
  expect((await it.next()).type).toBe('complete')
  it.subscribe('next', '{ products { totalCount } }')
  expect((await it.next()).payload.data).toEqual({ products: { totalCount: 0 } })
  it.socket.terminate()
})

test('a mutation that is given up is carried through, and a repeat under its key is told what came of it', async () => {
  const create = `mutation { createCustomer(input: { idempotencyKey: "late", name: "Ada", lastName: "L", email: "a@x.de" }) {
    customer { email } replayed userErrors { message } } }`
  await whileLocked('customer', async () => {
    const { status, errors } = await ask(create)
    expect([status, errors?.[0]?.message]).toEqual([503, MESSAGE])
  })
  const again = await eventually(async () => {
    const { data } = await ask(create)
    return data?.createCustomer
  })
  expect(again).toEqual({ customer: { email: 'a@x.de' }, replayed: true, userErrors: [] })
  expect((await ask('{ customers { totalCount } }')).data).toEqual({ customers: { totalCount: 1 } })
})
