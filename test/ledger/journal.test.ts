import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { currency } from '../../src/kernel/currency.ts'
import { DomainError } from '../../src/kernel/errors.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { type AccountSpec, customersOf, organizationOf, sellerOf } from '../../src/ledger/account.ts'
import { LEDGER_CHECKS } from '../../src/ledger/checks.ts'
import { post } from '../../src/ledger/journal.ts'
import { posting } from '../../src/ledger/posting.ts'
import { prove } from '../../src/ledger/proof.ts'
import { reverse } from '../../src/ledger/reversal.ts'
import { transact } from '../../src/work/work.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

const NOW = new Date('2026-03-31T12:00:00Z')
const USD = currency('USD')
const WORLD = customersOf('QBITFLOW', USD)
const SHOP = organizationOf('QBITFLOW', USD)
const SELLER = sellerOf('00000000-0000-7000-8000-000000000001', USD)

let database: TestDatabase
let db: Database
let tenantId: string

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
beforeEach(async () => {
  tenantId = (await newTenant(db)).tenantId
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

/** Moves an amount, for a payment of its own unless one is named. */
function move(from: AccountSpec, to: AccountSpec, amount: bigint, paymentId = newId()) {
  const entry = posting('test', { kind: 'Payment', id: paymentId }, [
    { account: from, amount: -amount },
    { account: to, amount },
  ])
  return transact(db, { tenantId, at: NOW }, (work) => post(work, entry))
}

const undo = (id: string) => transact(db, { tenantId, at: NOW }, (work) => reverse(work, id))

const account = ({ externalId }: AccountSpec) =>
  db.prisma.account.findUniqueOrThrow({ where: { tenantId_externalId: { tenantId, externalId } } })
const balances = (...specs: AccountSpec[]) => Promise.all(specs.map(async (spec) => (await account(spec)).balance))
const breaks = async () => (await prove(db, tenantId, NOW, LEDGER_CHECKS)).breaks

describe('a posting', () => {
  test('changes the balances, numbers its entries, and is announced with the accounts it opened', async () => {
    const id = await move(WORLD, SHOP, 1_000n)
    await move(SHOP, SELLER, 400n)
    expect(await balances(WORLD, SHOP, SELLER)).toEqual([-1_000n, 600n, 400n])
    const where = { tenantId, accountId: (await account(SHOP)).id }
    const entries = await db.prisma.entry.findMany({ where, orderBy: { number: 'asc' } })
    expect(entries).toMatchObject([
      { number: 1n, amount: 1_000n, balanceAfter: 1_000n, transactionId: id },
      { number: 2n, amount: -400n, balanceAfter: 600n },
    ])
    const events = await db.prisma.event.findMany({ where: { tenantId }, orderBy: { cursor: 'asc' } })
    const opened = ['account.created', 'account.created', 'ledger.transaction_posted']
    expect(events.map((event) => event.type)).toEqual([...opened, 'account.created', 'ledger.transaction_posted'])
    expect(await breaks()).toEqual([])
  })

  test('is made once for its cause', async () => {
    const payment = newId()
    expect(await move(WORLD, SHOP, 10n, payment)).toBeDefined()
    expect(await move(WORLD, SHOP, 10n, payment)).toBeUndefined()
    expect(await balances(SHOP)).toEqual([10n])
  })

  test('is made once for its cause by twenty at once, on accounts that none of them found', async () => {
    const payment = newId()
    const ids = await Promise.all(Array.from({ length: 20 }, () => move(WORLD, SHOP, 10n, payment)))
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1)
    expect(await balances(WORLD, SHOP)).toEqual([-10n, 10n])
    expect(await db.prisma.ledgerTransaction.count({ where: { tenantId } })).toBe(1)
    expect(await db.prisma.account.count({ where: { tenantId } })).toBe(2)
    expect(await breaks()).toEqual([])
  })

  test('loses nothing among forty over the same accounts in both directions', async () => {
    await move(WORLD, SHOP, 1_000n)
    await move(WORLD, SELLER, 1_000n)
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? move(SHOP, SELLER, 7n) : move(SELLER, SHOP, 5n))),
    )
    expect(await balances(SHOP, SELLER)).toEqual([1_000n + 20n * 5n - 20n * 7n, 1_000n + 20n * 7n - 20n * 5n])
    expect(await breaks()).toEqual([])
  })

  test('keeps amounts of thirty digits to the last', async () => {
    const amount = 123_456_789_012_345_678_901_234_567_891n
    await move(WORLD, SHOP, amount)
    expect(await balances(WORLD, SHOP)).toEqual([-amount, amount])
  })
})

describe('a posting is refused, and leaves nothing behind,', () => {
  async function refusal(work: Promise<unknown>) {
    const error = await work.catch((reason: unknown) => reason)
    if (!(error instanceof DomainError)) throw new Error(`it was not refused, but: ${error}`)
    return error.problems[0]
  }

  test('where the funds do not suffice, saying what is available', async () => {
    await move(WORLD, SHOP, 100n)
    const shop = await account(SHOP)
    await db.prisma.account.update({ where: { tenantId_id: { tenantId, id: shop.id } }, data: { held: '30' } })
    expect(await refusal(move(SHOP, SELLER, 71n))).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      facts: { account: encodeId('Account', shop.id), available: { minor: 70n, currency: 'USD' } },
    })
    expect(await db.prisma.account.count({ where: { tenantId } })).toBe(2)
    expect(await balances(SHOP)).toEqual([100n])
    expect(await move(SHOP, SELLER, 70n)).toBeDefined()
  })

  test('where funds would suffice for one of two, but not for both', async () => {
    await move(WORLD, SHOP, 100n)
    const both = await Promise.allSettled([move(SHOP, SELLER, 60n), move(SHOP, SELLER, 60n)])
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await balances(SHOP)).toEqual([40n])
  })

  test.each([
    ['pays', SHOP],
    ['is paid', SELLER],
  ])('where an account that %s is frozen', async (_, frozen) => {
    await move(WORLD, SHOP, 100n)
    await move(SHOP, SELLER, 10n)
    const { id } = await account(frozen)
    await db.prisma.account.update({ where: { tenantId_id: { tenantId, id } }, data: { frozen: true } })
    expect(await refusal(move(SHOP, SELLER, 1n))).toMatchObject({
      code: 'ACCOUNT_FROZEN',
      facts: { account: encodeId('Account', id) },
    })
    expect(await balances(SHOP, SELLER)).toEqual([90n, 10n])
  })
})

describe('a reversal', () => {
  test('restores every balance, once, and names what it reverses', async () => {
    const id = (await move(WORLD, SHOP, 100n)) as string
    const mirror = (await undo(id)) as string
    expect(await balances(WORLD, SHOP)).toEqual([0n, 0n])
    expect(await undo(id)).toBeUndefined()
    expect(await balances(WORLD, SHOP)).toEqual([0n, 0n])
    const rows = await db.prisma.ledgerTransaction.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })
    expect(rows).toMatchObject([
      { id, state: 'ROLLED_BACK', total: 100n },
      { id: mirror, state: 'COMPLETED', referenceId: id, recipe: 'rollback', total: 100n },
    ])
    expect(await breaks()).toEqual([])
  })

  test('happens once when ten ask for it at once', async () => {
    const id = (await move(WORLD, SHOP, 100n)) as string
    const mirrors = await Promise.all(Array.from({ length: 10 }, () => undo(id)))
    expect(mirrors.filter((mirror) => mirror !== undefined)).toHaveLength(1)
    expect(await balances(WORLD, SHOP)).toEqual([0n, 0n])
  })

  test('is refused when the money has gone on', async () => {
    const id = (await move(WORLD, SHOP, 100n)) as string
    await move(SHOP, SELLER, 50n)
    await expect(undo(id)).rejects.toThrow('available balance of the account is too low')
    expect(await balances(WORLD, SHOP)).toEqual([-100n, 50n])
  })
})

describe('the database', () => {
  const insert = (transactionId: string, accountId: string, number: number, amounts: readonly number[]) =>
    db.pool.query(
      `INSERT INTO entry (tenant_id, id, account_id, transaction_id, number, amount, currency, balance_after, at)
       SELECT $1, gen_random_uuid(), $2, $3, $4::int + place, amount, 'USD', 0, now()
       FROM unnest($5::numeric[]) WITH ORDINALITY AS wanted(amount, place)`,
      [tenantId, accountId, transactionId, number, amounts],
    )

  test('refuses entries that do not sum to zero, whoever writes them', async () => {
    const id = (await move(WORLD, SHOP, 100n)) as string
    const shop = await account(SHOP)
    await expect(insert(id, shop.id, 10, [5])).rejects.toThrow('must sum to zero')
    await expect(insert(id, shop.id, 10, [5, -4])).rejects.toThrow('must sum to zero')
    await expect(insert(id, shop.id, 10, [5, -5])).resolves.toBeDefined()
  })

  test('refuses to change or delete an entry, whoever asks', async () => {
    await move(WORLD, SHOP, 100n)
    const ask = (statement: string) => db.pool.query(`${statement} WHERE tenant_id = $1`, [tenantId])
    await expect(ask('UPDATE entry SET amount = amount * 2')).rejects.toThrow('never changed')
    await expect(ask('UPDATE entry SET amount = amount')).rejects.toThrow('never changed')
    await expect(ask('DELETE FROM entry')).rejects.toThrow('never changed')
    await expect(db.pool.query('TRUNCATE entry')).rejects.toThrow()
    expect(await db.prisma.entry.count({ where: { tenantId } })).toBe(2)
  })

  test('refuses an entry of one tenant on an account of another', async () => {
    const id = (await move(WORLD, SHOP, 100n)) as string
    const mine = await account(SHOP)
    tenantId = (await newTenant(db)).tenantId
    await expect(insert(id, mine.id, 10, [5, -5])).rejects.toThrow('foreign key')
  })
})
