import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { exportBooks } from '../../src/ledger/export.ts'
import { verifyExport } from '../../src/ledger/verify.ts'
import { call, type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { joined, linesOf } from '../support/lines.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'

interface Line {
  readonly kind: string
  readonly entries?: readonly { readonly amount: string }[]
  readonly parts?: readonly { readonly converted?: string }[]
  readonly [fact: string]: unknown
}

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

function exported({ tenantId }: Actor): Promise<string> {
  return joined(exportBooks(house.app.db, { tenantId, mode: 'TEST', at: new Date('2026-03-31T12:00:00Z') }))
}

const verified = (text: string) => verifyExport(linesOf(text))
const parsed = (text: string): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

/** A file whose lines were changed by somebody who knows how it ends; a line that is not changed keeps every blank. */
function forged(change: (line: Line) => Line | undefined): string {
  const lines = file.trim().split('\n').slice(0, -1)
  const kept = lines.flatMap((text) => {
    const line: Line = JSON.parse(text)
    const changed = change(line)
    return changed === line ? [text] : changed ? [JSON.stringify(changed)] : []
  })
  const text = `${kept.join('\n')}\n`
  const sha256 = createHash('sha256').update(text).digest('hex')
  return `${text}${JSON.stringify({ kind: 'end', lines: kept.length, sha256 })}\n`
}

type Pick = (line: Line) => boolean

const changing = (picks: Pick, change: (line: Line) => object) =>
  forged((line) => (picks(line) ? { ...line, ...change(line) } : line))

const without = (picks: Pick) => forged((line) => (picks(line) ? undefined : line))

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

const is =
  (kind: string): Pick =>
  (line) =>
    line.kind === kind
const account =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'account' && line.id === books[which]
const transaction =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'transaction' && line.id === books[which]
const seal =
  (number: number): Pick =>
  (line) =>
    line.kind === 'seal' && line.number === number
/** The event that posted a transaction. */
const posting =
  (which: keyof BusyBooks): Pick =>
  (line) =>
    line.kind === 'event' && (line.transaction as { id: string }).id === books[which] && line.entries?.[0] !== undefined

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
    () => changing(posting('completed'), ({ entries = [] }) => ({ entries: entries.slice(1) })),
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
    'a conversion that was not rounded half to even',
    () =>
      changing(posting('split'), ({ parts = [] }) => ({
        parts: parts.map((part) => (part.converted ? { ...part, converted: `${part.converted}1` } : part)),
      })),
    ['charges_differ', 'conversion_differs', 'sealed_event_differs'],
  ],
  [
    'a charge that is missing',
    () => changing(posting('split'), ({ parts = [] }) => ({ parts: parts.slice(1) })),
    ['charges_differ', 'parts_differ', 'posting_without_event', 'sealed_event_differs'],
  ],
  [
    'a transaction that nobody announced',
    () => without(posting('rolledBack')),
    ['file_altered', 'posting_without_event', 'running_balance_differs', 'sealed_event_missing', 'state_differs'],
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
