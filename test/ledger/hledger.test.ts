import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { findCurrency } from '../../src/kernel/currency.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { formatDecimal } from '../../src/kernel/money.ts'
import { exportJournal } from '../../src/ledger/hledger.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { busyBooks } from '../support/busy-books.ts'
import { joined } from '../support/lines.ts'
import { newTenant } from '../support/tenant.ts'

let house: TestApp
let actor: Actor
let journal: string
const folder = mkdtempSync(join(tmpdir(), 'tollgate-hledger-'))

beforeAll(async () => {
  house = await testApp()
  actor = await newTenant(house.app.db)
  await busyBooks(house.app, actor)
  journal = await journalOf(actor)
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true })
})

function journalOf({ tenantId }: Actor): Promise<string> {
  return joined(exportJournal(house.app.db, { tenantId, mode: 'TEST', at: new Date('2026-03-31T12:00:00Z') }))
}

test('the journal is ASCII, so that any locale can read it, and quotes symbols with digits', () => {
  expect(journal).toMatch(/^[\n -~]+$/)
  expect(journal).toContain('commodity 1000.000 "COIN2"\n')
  expect(journal).toContain('commodity 1000. JPY\n')
  expect(journal).toMatch(/^account client:payer-quoted-twice acct_\w+$/m)
})

const installed = spawnSync('hledger', ['--version']).status === 0

describe.skipIf(!installed)(`hledger${installed ? '' : ' (skipped: it is not installed)'}`, () => {
  function hledger(text: string, ...args: string[]): string {
    const file = join(folder, 'books.journal')
    writeFileSync(file, text)
    return execFileSync('hledger', ['-f', file, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: 'pipe',
    })
  }

  test('confirms every balance', async () => {
    const csv = hledger(journal, 'balance', '--flat', '--empty', '--no-total', '--output-format=csv')
    const rows = csv
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => /^"(.*)","(.*)"$/.exec(row)?.slice(1) ?? [])
    const said = new Map(
      rows.map(([name = '', balance]) => [name.split(' ').at(-1)?.split(':').at(-1), balance?.replaceAll('""', '"')]),
    )
    const accounts = await house.app.db.prisma.account.findMany({ where: { tenantId: actor.tenantId } })
    const kept = accounts.map(({ id, balance, currency }): [string, string] => {
      const exponent = findCurrency(currency)?.exponent ?? 3
      const symbol = currency === 'COIN2' ? '"COIN2"' : currency
      return [encodeId('Account', id), balance === 0n ? '0' : `${formatDecimal(balance, exponent)} ${symbol}`]
    })
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(kept))
  })

  test('refuses the journal when a balance is another by the smallest unit', () => {
    const places = [...journal.matchAll(/ = \d+\.\d*(\d) ETH$/gm)]
    expect(places.length).toBeGreaterThan(0)
    for (const place of places) {
      const at = place.index + place[0].length - ' ETH'.length - 1
      const wrong = `${journal.slice(0, at)}${(Number(journal[at]) + 1) % 10}${journal.slice(at + 1)}`
      expect(() => hledger(wrong, 'balance')).toThrow(/assertion/i)
    }
  })

  test('reads the books of nothing', async () => {
    const empty = await journalOf(await newTenant(house.app.db))
    expect(hledger(empty, 'balance', '--no-total').trim()).toBe('')
  })

  test('finds every transaction that moved money', () => {
    const posted = journal.match(/^\d{4}-\d\d-\d\d \* \(txn_/gm)?.length
    expect(hledger(journal, 'stats')).toMatch(new RegExp(`Transactions\\s+: ${(posted ?? 0) + 1} `))
  })
})
