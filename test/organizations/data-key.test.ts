import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeSecretKey } from '../../src/organizations/data-key.ts'
import { apiOf } from '../support/api.ts'
import { eventually, openApp } from '../support/app.ts'
import { look } from '../support/books.ts'
import { tollgate } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { createCheckout, readCheckout, simulate } from '../support/storefront.ts'

const ONE_LINE = /^SECRET_KEY, [^\n]+ is not the key of this database[^\n]+$/

let database: TestDatabase
let key = randomBytes(32)
let testKey: string
beforeAll(async () => {
  database = await freshDatabase()
  const node = await startNode(database.url, { secretKey: key })
  testKey = node.gateway.testKey ?? ''
  await node.stop()
})
afterAll(() => database.drop())

test('a gateway with another secret key, or with none of its own, does not start', async () => {
  await expect(startNode(database.url, { secretKey: randomBytes(32) })).rejects.toThrow(ONE_LINE)
  // Its data folder is new: it draws a key there.
  await expect(startNode(database.url, { secretKey: undefined })).rejects.toThrow(ONE_LINE)
})

test('the secret key is changed by a command; then the new one opens everything, and the old one nothing', async () => {
  const before = await startNode(database.url, { secretKey: key })
  const api = apiOf(before.url, testKey)
  const { checkout } = await createCheckout(api)
  const next = randomBytes(32)
  const variables = {
    DATABASE_URL: database.url,
    SECRET_KEY: key.toString('base64'),
    NEW_SECRET_KEY: next.toString('base64'),
  }
  expect(await tollgate(['keys', 'rotate-secret'], variables)).toMatchObject({ code: 0, stderr: '' })
  await simulate(api, checkout.id, 'PAY')
  await eventually(async () => (await readCheckout(api, checkout.id)).status === 'COMPLETED')
  await before.stop()

  await expect(startNode(database.url, { secretKey: key })).rejects.toThrow(ONE_LINE)
  const after = await startNode(database.url, { secretKey: next })
  const again = apiOf(after.url, testKey)
  const { checkout: second } = await createCheckout(again)
  await simulate(again, second.id, 'PAY')
  await eventually(async () => (await readCheckout(again, second.id)).status === 'COMPLETED')
  // What was handed out under the old key stays good.
  const watched = await apiOf(after.url, checkout.clientSecret).ask<object>(
    `{ checkout(id: "${checkout.id}") { status } }`,
  )
  expect(watched).toEqual({ checkout: { status: 'COMPLETED' } })
  await after.stop()
  key = next
})

test('a change is refused with the wrong key, or without a new one', async () => {
  const sealed = () => look<{ sealed: Buffer }>(database.url, 'SELECT sealed FROM data_key')
  const before = await sealed()
  await expect(changeSecretKey(database.url, randomBytes(32), randomBytes(32))).rejects.toThrow(ONE_LINE)
  const { code, stderr } = await tollgate(['keys', 'rotate-secret'], { DATABASE_URL: database.url })
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^tollgate: NEW_SECRET_KEY must be set[^\n]*\n$/)])
  expect(await sealed()).toEqual(before)
})

test('a database whose secrets were encrypted before it had a data key is opened by their key alone', async () => {
  const old = await freshDatabase()
  await (await openApp(old.url)).close()
  await expect(startNode(old.url, { secretKey: randomBytes(32) })).rejects.toThrow(ONE_LINE)
  expect(await look(old.url, 'SELECT FROM data_key')).toEqual([])
  await (await startNode(old.url)).stop()
  await old.drop()
})
