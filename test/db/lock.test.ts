import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { lockedRow, lockedRows } from '../../src/db/lock.ts'
import { newId } from '../../src/kernel/id.ts'
import { transact } from '../../src/work/work.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { newTenant } from '../support/tenant.ts'

const NOW = new Date('2026-03-31T12:00:00.123Z')
/** More than a number holds exactly. */
const HUGE = '90071992547409931234'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await freshDatabase()
  db = openDatabase(database.url)
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

async function makeCheckout(): Promise<{ tenantId: string; id: string }> {
  const { tenantId } = await newTenant(db)
  const id = newId()
  const item = { itemName: 'Tea', itemDescription: 'Green tea', priceMinor: HUGE, currency: 'USD' }
  const terms = { frequencyValue: 1, frequencyUnit: 'MONTHS' as const, freeCreditsMinor: '7' }
  const moments = { expiresAt: NOW, nextCheckAt: NOW, createdAt: NOW, updatedAt: NOW }
  const kind = 'PAY_AS_YOU_GO'
  await db.prisma.checkout.create({ data: { tenantId, id, provider: 'QBITFLOW', kind, ...item, ...terms, ...moments } })
  return { tenantId, id }
}

async function makePayment(tenantId: string, externalId: string): Promise<string> {
  const id = newId()
  const money = { amountMinor: HUGE, currency: 'USD', settledMinor: '5', settledCurrency: 'ETH', providerFeeMinor: '0' }
  const chain = { block: '12', nested: { fee: null, text: 'ä' } }
  const data = { tenantId, id, provider: 'QBITFLOW', externalId, status: 'COMPLETED', source: 'ONE_TIME' } as const
  await db.prisma.payment.create({
    data: { ...data, ...money, chain, description: 'Tea', createdAt: NOW, updatedAt: NOW },
  })
  return id
}

/** Prisma's rows carry more than their columns. */
const columnsOf = (row: object) => Object.fromEntries(Object.entries(row))

test('a row that is locked is in every column what a usual read of it is', async () => {
  const { tenantId, id } = await makeCheckout()
  const paymentId = await makePayment(tenantId, 'p1')
  const where = (id: string) => ({ where: { tenantId_id: { tenantId, id } } })
  await transact(db, { tenantId, at: NOW }, async ({ tx }) => {
    expect(await lockedRow(tx, 'checkout', tenantId, id)).toEqual(
      columnsOf(await tx.checkout.findUniqueOrThrow(where(id))),
    )
    const payment = await lockedRow(tx, 'payment', tenantId, paymentId)
    expect(payment).toEqual(columnsOf(await tx.payment.findUniqueOrThrow(where(paymentId))))
    expect(payment?.amountMinor).toBe(BigInt(HUGE))
  })
})

test('a row that is not there, or is another tenant’s, is not locked', async () => {
  const { id } = await makeCheckout()
  const { tenantId } = await newTenant(db)
  await transact(db, { tenantId, at: NOW }, async ({ tx }) => {
    expect(await lockedRow(tx, 'checkout', tenantId, id)).toBeUndefined()
    expect(await lockedRows(tx, 'payment', 'tenant_id = $1::uuid', [tenantId])).toEqual([])
  })
})

test('who waits for a row reads what whoever had it has made of it', async () => {
  const { tenantId, id } = await makeCheckout()
  let waiting: Promise<string | undefined> | undefined
  await transact(db, { tenantId, at: NOW }, async ({ tx }) => {
    await lockedRow(tx, 'checkout', tenantId, id)
    waiting = transact(db, { tenantId, at: NOW }, async (other) => {
      const row = await lockedRow(other.tx, 'checkout', tenantId, id)
      return row?.status
    })
    // It is under way, and has to wait for this transaction.
    await sleep(100)
    await tx.checkout.update({ where: { tenantId_id: { tenantId, id } }, data: { status: 'CANCELLED' } })
  })
  expect(await waiting).toBe('CANCELLED')
})
