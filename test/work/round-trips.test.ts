import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DatabaseWire, openDatabaseWire } from '../../bench/support/database-wire.ts'
import type { App } from '../../src/app.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, openApp, type TestApp, testApp } from '../support/app.ts'

let main: TestApp
let wire: DatabaseWire
let app: App
let actor: Actor

beforeAll(async () => {
  main = await testApp()
  actor = { ...(await main.actor()), clockAheadMs: 0 }
  wire = await openDatabaseWire(main.databaseUrl)
  app = await openApp(wire.url)
})
afterAll(async () => {
  await app.close()
  await wire.close()
  await main.close()
})

/** How often a verb waits for the database, after it was done before. */
async function costOf(verb: () => Promise<unknown>): Promise<number> {
  await verb()
  const before = wire.traffic().roundTrips
  await verb()
  return wire.traffic().roundTrips - before
}

function customer() {
  const input = { name: 'Ada', lastName: 'Lovelace', email: `${newId()}@example.com` }
  return app.customers.create(call(actor, newId(), input), input)
}

async function account(): Promise<string> {
  const input = { kind: 'CLIENT', currency: 'USD', overdraft: true }
  const { id } = await app.accounts.create(call(actor, newId(), input), input)
  return encodeId('Account', id)
}

test('a customer is made, announced and its key kept in two waits for the database', async () => {
  expect(await costOf(customer)).toBe(2)
})

test('money is held in two waits for the database, besides the looks at the accounts before', async () => {
  const [accountId, destinationId] = [await account(), await account()]
  const money = { amount: '1.00', currency: 'USD' }
  const hold = () => {
    const input = { accountId, total: money, charges: [{ destinationId, subtotal: money }] }
    return app.holds.create(call(actor, newId(), input), input)
  }
  expect(await costOf(hold)).toBeLessThanOrEqual(4)
})
