import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeSecretKey } from '../../src/organizations/data-key.ts'
import { keyFile, keyIn, nextKeyFile } from '../../src/secret-key.ts'
import { apiOf } from '../support/api.ts'
import { eventually, openApp } from '../support/app.ts'
import { look } from '../support/books.ts'
import { tollgate } from '../support/command-line.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { startNode } from '../support/gateway.ts'
import { createCheckout, readCheckout, simulate } from '../support/storefront.ts'

const ONE_LINE = /^SECRET_KEY, [^\n]+ is not the key of this database[^\n]+$/

const folder = mkdtempSync(join(tmpdir(), 'tollgate-data-key-'))
let database: TestDatabase
let key: Buffer = randomBytes(32)
let testKey: string
beforeAll(async () => {
  database = await freshDatabase()
  const node = await startNode(database.url, { secretKey: key })
  testKey = node.gateway.testKey ?? ''
  await node.stop()
})
afterAll(async () => {
  await database.drop()
  rmSync(folder, { recursive: true })
})

test('a gateway with another secret key, or with none of its own, does not start', async () => {
  await expect(startNode(database.url, { secretKey: randomBytes(32) })).rejects.toThrow(ONE_LINE)
  // Its data folder is new: it draws a key there.
  await expect(startNode(database.url, { secretKey: undefined })).rejects.toThrow(ONE_LINE)
})

test('the secret key is changed by a command; then the new one opens everything, and the old one nothing', async () => {
  const before = await startNode(database.url, { secretKey: key })
  const api = apiOf(before.url, testKey)
  const { checkout } = await createCheckout(api)
  const file = join(folder, 'new-secret.key')
  const variables = { DATABASE_URL: database.url, SECRET_KEY: key.toString('base64') }
  const changed = await tollgate(['keys', 'rotate-secret', '--new-key', file], variables)
  expect(changed).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(file) })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const next = keyIn(file)
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
    `{ checkout(by: { id: "${checkout.id}" }) { status } }`,
  )
  expect(watched).toEqual({ checkout: { status: 'COMPLETED' } })
  await after.stop()
  key = next
})

test('a change is refused with the wrong key, or where the new one would not be kept', async () => {
  const sealed = () => look<{ sealed: Buffer }>(database.url, 'SELECT sealed FROM data_key')
  const before = await sealed()
  await expect(changeSecretKey(database.url, randomBytes(32), randomBytes(32))).rejects.toThrow(ONE_LINE)
  const variables = { DATABASE_URL: database.url, SECRET_KEY: key.toString('base64') }
  const unnamed = await tollgate(['keys', 'rotate-secret'], variables)
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringMatching(/^tollgate: --new-key <file> is required/)])
  const nowhere = await tollgate(['keys', 'rotate-secret', '--new-key', join(folder, 'none', 'key')], variables)
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringMatching(/^tollgate: .*cannot be written.*\n$/)])
  const damaged = join(folder, 'damaged.key')
  writeFileSync(damaged, 'short')
  const unread = await tollgate(['keys', 'rotate-secret', '--new-key', damaged], variables)
  expect([unread.code, unread.stderr]).toEqual([
    1,
    expect.stringMatching(/^tollgate: .*cannot be read: .*damaged.*\n$/),
  ])
  expect(await sealed()).toEqual(before)
})

describe('the secret key of a data folder', () => {
  let own: TestDatabase
  let dataDir: string
  beforeAll(async () => {
    own = await freshDatabase()
    dataDir = join(folder, 'data')
    await (await startOwn()).stop()
  })
  afterAll(() => own.drop())

  const startOwn = () => startNode(own.url, { secretKey: undefined, dataDir })
  const rotate = () => tollgate(['keys', 'rotate-secret'], { DATABASE_URL: own.url, DATA_DIR: dataDir })

  test('is replaced there, and the next start opens the database with it', async () => {
    const before = keyIn(keyFile(dataDir))
    expect(await rotate()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(keyFile(dataDir)) })
    expect(keyIn(keyFile(dataDir))).not.toEqual(before)
    expect(statSync(keyFile(dataDir)).mode & 0o777).toBe(0o600)
    expect(existsSync(nextKeyFile(dataDir))).toBe(false)
    await (await startOwn()).stop()
    await expect(startNode(own.url, { secretKey: before })).rejects.toThrow(ONE_LINE)
  })

  test.each([
    ['before the database is changed', false],
    ['after it, before the file is replaced', true],
  ])('opens the database when its change was cut off %s, and the next call finishes', async (_when, isChanged) => {
    const old = keyIn(keyFile(dataDir))
    const next = keyIn(nextKeyFile(dataDir))
    if (isChanged) await changeSecretKey(own.url, old, next)
    await (await startOwn()).stop()
    expect([keyIn(keyFile(dataDir)), keyIn(nextKeyFile(dataDir))]).toEqual([old, next])
    expect(await rotate()).toMatchObject({ code: 0, stderr: '' })
    expect(keyIn(keyFile(dataDir))).toEqual(next)
    await (await startOwn()).stop()
  })

  test('is not made by the command that changes it', async () => {
    const DATA_DIR = join(folder, 'empty')
    const { code, stderr } = await tollgate(['keys', 'rotate-secret'], { DATABASE_URL: own.url, DATA_DIR })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^tollgate: SECRET_KEY is not set, and there is no /)])
    expect(existsSync(DATA_DIR)).toBe(false)
  })
})

test('a database whose secrets were encrypted before it had a data key is opened by their key alone', async () => {
  const old = await freshDatabase()
  await (await openApp(old.url)).close()
  await expect(startNode(old.url, { secretKey: randomBytes(32) })).rejects.toThrow(ONE_LINE)
  expect(await look(old.url, 'SELECT FROM data_key')).toEqual([])
  await (await startNode(old.url)).stop()
  await old.drop()
})
