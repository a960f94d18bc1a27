import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { LEDGER_REMAINS } from '../../src/ledger/remains.ts'
import { call, type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'
import { changedIn, exportOf, is, leftOutOf, type Pick, parsed, postingOf, verified } from './book-file.ts'

let house: TestApp
let actor: Actor
let books: BusyBooks
let file: string

beforeAll(async () => {
  house = await testApp()
  actor = await newTenant(house.app.db)
  books = await busyBooks(house.app, actor)
  await house.app.ledger.sealDue()
  file = await exportOf(house.app, actor)
})
afterAll(() => house.close())

const texts = (text: string) => parsed(text).filter(is('metadata'))

/** How many transactions and parts have metadata that do not change any more. */
async function settled({ tenantId }: Actor): Promise<number> {
  const of = `SELECT 1 FROM ledger_transaction WHERE tenant_id = $1 AND metadata <> '{}' AND state <> 'HELD'`
  return (await house.app.db.pool.query(of, [tenantId])).rowCount ?? 0
}

test('the metadata of transactions are in the file as they are in the books, each after its event', async () => {
  const found = texts(file).filter(({ transaction }) => transaction === books.split)
  expect(found.map(({ text }) => JSON.parse(String(text)))).toEqual([{ order: 'A-1' }])
  const lines = parsed(file)
  const after = lines.slice(lines.findIndex(postingOf(books.split)) + 1).findIndex((line) => !is('metadata')(line))
  expect(after).toBe(4)
  expect(texts(file)).toHaveLength(await settled(actor))
  expect((await verified(file)).metadata).toEqual({ proven: texts(file).length, removed: 0 })
})

test('the transaction is named whose metadata, or a charge’s of it, are others or missing', async () => {
  const lines = parsed(file)
  const at = lines.findIndex(postingOf(books.split))
  for (const place of [at + 1, at + 2, at + 3, at + 4]) {
    const picked = JSON.stringify(lines[place])
    const pick: Pick = (line) => JSON.stringify(line) === picked
    for (const [forgery, kind] of [
      [changedIn(file, pick, () => ({ text: '{"order": "A-1 "}' })), 'metadata_differs'],
      [leftOutOf(file, pick), 'metadata_missing'],
    ] as const) {
      expect((await verified(forgery)).breaks).toMatchObject([{ kind, transactionId: books.split }])
    }
  }
})

test('the metadata of a hold are proven as they are when it ends, whatever they were before', async () => {
  const { app } = house
  const tenant = await newTenant(app.db)
  const { held } = await busyBooks(app, tenant)
  const transactionId = encodeId('LedgerTransaction', held)
  const provenTexts = async () => {
    await app.ledger.sealDue()
    const text = await exportOf(house.app, tenant)
    expect((await verified(text)).breaks).toEqual([])
    return texts(text).filter(({ transaction: id }) => id === held)
  }
  expect(await provenTexts()).toEqual([])
  const total = { amount: '3.75', currency: 'USD' }
  await app.holds.update(call(tenant), { transactionId, total, metadata: { order: 'B-2' } })
  expect(await provenTexts()).toEqual([])
  await app.holds.complete(call(tenant), { transactionId })
  expect(await provenTexts()).toMatchObject([{ text: '{"order": "B-2"}' }])
})

test('the metadata of transactions follow their events however many there are', async () => {
  const { app } = house
  const tenant = await newTenant(app.db)
  const { id } = await app.accounts.create(call(tenant), { currency: 'USD', kind: 'CLIENT' })
  const total = { amount: '1.00', currency: 'USD' }
  const fundings = Array.from({ length: 210 }, (_, place) =>
    app.transactions.fund(call(tenant), { accountId: encodeId('Account', id), total, metadata: { place } }),
  )
  await Promise.all(fundings)
  await app.ledger.sealDue()
  const { breaks, metadata: found } = await verified(await exportOf(house.app, tenant))
  expect([breaks, found]).toEqual([[], { proven: await settled(tenant), removed: 0 }])
  expect(found.proven).toBeGreaterThanOrEqual(210)
})

test('the metadata of transactions are not in the file from the moment that they are to be removed, and the hashes still prove', async () => {
  const tenant = await newTenant(house.app.db)
  await busyBooks(house.app, tenant)
  await house.app.ledger.sealDue()
  const before = await verified(await exportOf(house.app, tenant))
  const { cleaned } = LEDGER_REMAINS.ledger_transaction ?? {}
  for (const statement of [
    'UPDATE tenant SET removed_at = now() WHERE id = $1',
    `UPDATE ledger_transaction t SET ${cleaned?.set} WHERE tenant_id = $1 AND ${cleaned?.rows}`,
    `UPDATE tenant SET seal_salt = '' WHERE id = $1`,
  ]) {
    expect(await tamper(house.app.db, statement, [tenant.tenantId])).toBeGreaterThan(0)
    const text = await exportOf(house.app, tenant)
    const { breaks, manifest, metadata: found } = await verified(text)
    expect([breaks, manifest?.head, manifest?.salt]).toEqual([[], before.manifest?.head, undefined])
    expect([text.includes('A-1'), texts(text)]).toEqual([false, []])
    expect(found).toEqual({ proven: 0, removed: before.metadata.proven })
  }
})
