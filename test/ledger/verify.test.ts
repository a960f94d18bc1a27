import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { exportBooks } from '../../src/ledger/export.ts'
import { call, type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { joined } from '../support/lines.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'
import { changedIn, exportOf, is, type Line, leftOutOf, type Pick, parsed, postingOf, verified } from './book-file.ts'

let house: TestApp
let actor: Actor
let books: BusyBooks
let file: string

beforeAll(async () => {
  house = await testApp()
  actor = await newTenant(house.app.db)
  books = await busyBooks(house.app, actor)
  await house.app.ledger.sealDue()
  await fund()
  await house.app.ledger.sealDue()
  file = await exported(actor)
})
afterAll(() => house.close())

function fund() {
  const total = { amount: '1.00', currency: 'USD' }
  return house.app.transactions.fund(call(actor), { accountId: encodeId('Account', books.payer), total })
}

const exported = (of: Actor) => exportOf(house.app, of)
const changing = (picks: Pick, change: (line: Line) => object) => changedIn(file, picks, change)
const without = (picks: Pick) => leftOutOf(file, picks)

test('an export proves itself, and says how much there is of what', async () => {
  const [manifest] = parsed(file)
  const { head } = await house.app.ledger.proof(actor.tenantId)
  expect(manifest).toMatchObject({ kind: 'manifest', tenant: actor.tenantId, mode: 'TEST', seals: 2, head })
  const { found, breaks, unsealed } = await verified(file)
  expect([breaks, unsealed]).toEqual([[], 0])
  const where = { tenantId: actor.tenantId }
  const { account, entry, ledgerTransaction } = house.app.db.prisma
  expect(found).toMatchObject({
    accounts: await account.count({ where }),
    entries: await entry.count({ where }),
    transactions: await ledgerTransaction.count({ where }),
    seals: 2,
  })
})

test('what was posted after the last seal is proven too, and counted', async () => {
  await fund()
  const { breaks, unsealed } = await verified(await exported(actor))
  expect([breaks, unsealed]).toEqual([[], 1])
})

test('books of nothing prove', async () => {
  const text = await exported(await newTenant(house.app.db))
  expect(await verified(text)).toMatchObject({ breaks: [], found: { accounts: 0, events: 0, seals: 0 } })
})

test('an export is of one moment though others post meanwhile', async () => {
  const { tenantId } = actor
  const pieces = exportBooks(house.app.db, { tenantId, mode: 'TEST', at: new Date() })
  const first = await pieces.next()
  await fund()
  await house.app.ledger.sealDue()
  expect((await verified(`${first.value}${await joined(pieces)}`)).breaks).toEqual([])
})

describe('a file that was damaged is found out', () => {
  test('wherever it is cut off', async () => {
    const lines = file.trim().split('\n')
    for (let kept = 0; kept < lines.length; kept++) {
      const { breakCount } = await verified(lines.slice(0, kept).join('\n'))
      expect(breakCount, `the first ${kept} lines`).toBeGreaterThan(0)
    }
    expect((await verified(file.slice(0, -20))).breakCount).toBeGreaterThan(0)
  })

  test('whichever digit of it is another', async () => {
    const places = [...file.matchAll(/\d/g)].map(({ index }) => index)
    const tried = places.filter((_, place) => place % Math.ceil(places.length / 150) === 0)
    for (const place of tried) {
      const text = `${file.slice(0, place)}${(Number(file[place]) + 1) % 10}${file.slice(place + 1)}`
      expect((await verified(text)).breakCount, file.slice(place - 40, place + 20)).toBeGreaterThan(0)
    }
  })

  test('where lines are swapped, doubled or follow its end', async () => {
    const lines = file.trim().split('\n')
    const [a = '', b = '', ...rest] = lines
    for (const text of [[b, a, ...rest], [a, a, b, ...rest], [...lines, b], ['no JSON', ...lines], []]) {
      expect((await verified(text.join('\n'))).breakCount).toBeGreaterThan(0)
    }
  })
})

const account =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'account' && line.id === books[which]
const transaction =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'transaction' && line.id === books[which]
const metadata =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'metadata' && line.transaction === books[which]
const seal =
  (number: number): Pick =>
  (line) =>
    line.kind === 'seal' && line.number === number
const posting =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    postingOf(books[which])(line)

const FORGERIES: readonly (readonly [what: string, file: () => string, kinds: readonly string[]])[] = [
  [
    'an event that was changed',
    () => changing(posting('split'), () => ({ at: '2020-01-01T00:00:00' })),
    ['sealed_event_differs'],
  ],
  [
    'amounts that were changed against each other',
    () =>
      changing(posting('split'), ({ entries = [] }) => ({
        entries: entries.map((entry) => ({ ...entry, amount: String(BigInt(entry.amount) * 2n) })),
      })),
    ['charges_differ', 'running_balance_differs', 'sealed_event_differs'],
  ],
  [
    'an entry that is missing',
    () =>
      changing(posting('completed'), ({ entries = [] }) => ({
        entries: entries.filter(({ account }) => account !== books.payer),
      })),
    [
      'charges_differ',
      'currency_out_of_balance',
      'file_altered',
      'running_balance_differs',
      'sealed_event_differs',
      'transaction_out_of_balance',
    ],
  ],
  [
    'a conversion that was not rounded down',
    () =>
      changing(posting('split'), ({ parts = [] }) => ({
        parts: parts.map((part) => (part.converted ? { ...part, converted: `${part.converted}1` } : part)),
      })),
    ['charges_differ', 'conversion_differs', 'sealed_event_differs'],
  ],
  [
    'a charge that is missing',
    () => changing(posting('split'), ({ parts = [] }) => ({ parts: parts.slice(1) })),
    ['charges_differ', 'metadata_misplaced', 'parts_differ', 'posting_without_event', 'sealed_event_differs'],
  ],
  [
    'a transaction that nobody announced',
    () => without(posting('rolledBack')),
    [
      'file_altered',
      'metadata_misplaced',
      'posting_without_event',
      'running_balance_differs',
      'sealed_event_missing',
      'state_differs',
    ],
  ],
  ['a balance that was changed', () => changing(account('shop'), () => ({ balance: '7' })), ['balance_differs']],
  ['an amount held that was changed', () => changing(account('payer'), () => ({ held: '0' })), ['balance_differs']],
  ['an account that is overdrawn', () => changing(is('account'), () => ({ overdraft: false })), ['overdrawn']],
  ['a hold that was changed', () => changing(transaction('held'), () => ({ total: '1' })), ['state_differs']],
  [
    'a hold’s charge that is missing',
    () => without((line) => line.kind === 'transaction' && line.parent === books.held),
    ['file_altered', 'parts_differ'],
  ],
  [
    'a state that was changed',
    () => changing(transaction('declined'), () => ({ state: 'COMPLETED' })),
    ['state_differs'],
  ],
  ['a refund that was forgotten', () => changing(transaction('split'), () => ({ refunded: '0' })), ['state_differs']],
  ['a transaction that is missing', () => without(transaction('split')), ['file_altered', 'transaction_missing']],
  ['a seal that was changed', () => changing(seal(1), () => ({ hash: 'ff'.repeat(32) })), ['seal_broken']],
  ['a seal that is missing', () => without(seal(1)), ['file_altered', 'seal_broken', 'sealed_event_differs']],
  ['a chain that is cut short', () => without(seal(2)), ['file_altered']],
  [
    'metadata in which one letter was changed',
    () => changing(metadata('split'), ({ text }) => ({ text: String(text).replace('A-1', 'A-2') })),
    ['metadata_differs'],
  ],
  [
    'metadata that only look the same',
    () => changing(metadata('split'), ({ text }) => ({ text: `${text} ` })),
    ['metadata_differs'],
  ],
  ['metadata that are missing', () => without(metadata('declined')), ['metadata_missing']],
  [
    'metadata that were put in',
    () => changing(metadata('split'), () => ({ transaction: books.held })),
    ['metadata_misplaced', 'metadata_missing'],
  ],
  ['metadata of which every text is missing', () => without(is('metadata')), ['metadata_missing']],
  ['a salt that was changed', () => changing(is('manifest'), () => ({ salt: 'ff'.repeat(32) })), ['metadata_differs']],
  ['a salt that is missing', () => changing(is('manifest'), () => ({ salt: undefined })), ['metadata_misplaced']],
  ['another tenant’s name', () => changing(is('manifest'), () => ({ tenant: books.payer })), ['seal_broken']],
]

test.each(FORGERIES)('a forger who mends the file’s own hash is found out by %s', async (_, forgery, kinds) => {
  const { breaks } = await verified(forgery())
  expect([...new Set(breaks.map(({ kind }) => kind))].sort()).toEqual(kinds)
})

test('what was altered in the database is found in its export', async () => {
  const spoilt = await newTenant(house.app.db)
  const { split } = await busyBooks(house.app, spoilt)
  await house.app.ledger.sealDue()
  const statement = `UPDATE ledger_transaction SET metadata = '{}' WHERE tenant_id = $1 AND id = $2`
  expect(await tamper(house.app.db, statement, [spoilt.tenantId, split])).toBe(1)
  expect((await verified(await exported(spoilt))).breaks).toMatchObject([
    { kind: 'sealed_event_differs', transactionId: split },
  ])
})
