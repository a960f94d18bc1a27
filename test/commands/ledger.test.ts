import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { tollgate, unread } from '../support/command-line.ts'
import { newTenant } from '../support/tenant.ts'

/** Whole processes are started here, beside whatever else the machine does. */
const PATIENCE_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'tollgate-ledger-'))
const file = join(folder, 'books.jsonl')

let house: TestApp
let books: BusyBooks

beforeAll(async () => {
  house = await testApp()
  books = await busyBooks(house.app, await house.actor())
})
afterAll(async () => {
  await house.close()
  rmSync(folder, { recursive: true })
})

const exporting = (...options: string[]) =>
  tollgate(['ledger', 'export', ...options], { DATABASE_URL: house.databaseUrl })
/** Without a database, and where there is none to be had. */
const verifying = (path: string) => tollgate(['ledger', 'verify', path], { DATA_DIR: '/dev/null/nowhere' })

describe('the ledger’s commands', { timeout: PATIENCE_MS }, () => {
  test('export the books, sealed to the last, and prove them without a database', async () => {
    expect(await exporting('--output', file)).toEqual({ code: 0, stdout: '', stderr: '' })
    const { tenantId } = await house.actor()
    const { head, accountsChecked, entriesChecked } = await house.app.ledger.proof(tenantId)
    const { code, stdout, stderr } = await verifying(file)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`The TEST ledger of tenant ${tenantId}`)
    expect(stdout).toContain(`Checked ${accountsChecked} accounts`)
    expect(stdout).toContain(` ${entriesChecked} entries`)
    expect(stdout).toContain(`Head ${head}\n`)
    expect(stdout).not.toContain('not sealed')
  })

  test('print to standard output what they write to a file', async () => {
    const { code, stdout, stderr } = await exporting('--mode', 'test', '--format', 'jsonl')
    expect([code, stderr]).toEqual([0, ''])
    const withoutMoments = (text: string) => text.split('\n').slice(1, -2)
    expect(withoutMoments(stdout)).toEqual(withoutMoments(readFileSync(file, 'utf8')))
  })

  test('name what is altered, and fail', async () => {
    const altered = join(folder, 'altered.jsonl')
    writeFileSync(altered, readFileSync(file, 'utf8').replaceAll('A-1', 'A-2'))
    const { code, stdout, stderr } = await verifying(altered)
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^tollgate: .*altered\.jsonl is inconsistent: \d+ breaks\n$/),
    ])
    expect(stdout).toContain(`has sealed (${encodeId('LedgerTransaction', books.split)})\n`)
    expect(stdout).toContain('file_altered: it is not what was written')
  })

  test('write a journal for hledger', async () => {
    const { code, stdout } = await exporting('--format', 'hledger')
    expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringContaining('; Tollgate, TEST books of tenant')])
    expect(stdout).toContain(`(${encodeId('LedgerTransaction', books.split)}) transfer`)
  })

  test('write the books of the live tenant when told to', async () => {
    const { stdout } = await exporting('--mode', 'live')
    const { tenantId } = await house.actor('LIVE')
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ tenant: tenantId, mode: 'LIVE', transactions: 0 })
  })

  test('answer mistakes with one line or the usage', async () => {
    const mistakes = [
      [['verify'], 2, '<file> is missing'],
      [['verify', file, 'another'], 2, 'unexpected argument: another'],
      [['verify', join(folder, 'none')], 1, 'no such file'],
      [['export', '--format', 'csv'], 2, '--format must be'],
      [['export', '--mode', 'beta'], 2, '--mode must be'],
      [['export', '--output', join(folder, 'none', 'file')], 1, 'no such file'],
      [['export', '--organization', 'org_unknown'], 1, 'Organization not found'],
    ] as const
    const outcomes = await Promise.all(
      mistakes.map(([args]) => tollgate(['ledger', ...args], { DATABASE_URL: house.databaseUrl })),
    )
    for (const [index, { code, stderr }] of outcomes.entries()) {
      const [args, expected, message] = mistakes[index] ?? []
      expect([args, code, stderr]).toEqual([args, expected, expect.stringContaining(message ?? '')])
      if (expected === 1) expect(stderr).toMatch(/^tollgate: .*\n$/)
    }
  })

  test.each([
    [['ledger', 'export']],
    [['ledger', 'export', '--format', 'hledger']],
    [['organizations', 'list']],
    [['--help']],
  ])('%j ends without a word where nobody reads on, as for head', async (args) => {
    expect(await unread(args, { DATABASE_URL: house.databaseUrl })).toEqual({ code: 141, stderr: '' })
  })

  test('name the organizations where there are several', async () => {
    const other = await newTenant(house.app.db)
    const { code, stderr } = await exporting()
    expect([code, stderr]).toEqual([1, expect.stringContaining(encodeId('Organization', other.organizationId))])
    expect(stderr).toContain('choose one with --organization <id>')
    const chosen = await exporting('--organization', encodeId('Organization', other.organizationId))
    expect(JSON.parse(chosen.stdout.split('\n')[0] ?? '')).toMatchObject({ tenant: other.tenantId })
  })
})
