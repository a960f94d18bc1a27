import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { genesis, hex } from '../../src/ledger/chain.ts'
import type { LedgerProof } from '../../src/ledger/proof.ts'
import { sealService } from '../../src/ledger/seal.ts'
import { transact } from '../../src/work/work.ts'
import { call, openApp, type TestApp, testApp } from '../support/app.ts'
import { type BusyBooks, busyBooks } from '../support/busy-books.ts'
import { tamper } from '../support/tamper.ts'
import { newTenant } from '../support/tenant.ts'

let house: TestApp
let actor: Actor
let books: BusyBooks

beforeAll(async () => {
  house = await testApp()
})
afterAll(() => house.close())

beforeEach(async () => {
  actor = await newTenant(house.app.db)
  books = await busyBooks(house.app, actor)
  await house.app.ledger.sealDue()
})

function seals() {
  const where = { tenantId: actor.tenantId }
  return house.app.db.prisma.ledgerSeal.findMany({ where, orderBy: { number: 'asc' } })
}

const proof = () => house.app.ledger.proof(actor.tenantId)
const kinds = ({ breaks }: LedgerProof) => new Set(breaks.map(({ kind }) => kind))
const transactionId = (uuid: string) => encodeId('LedgerTransaction', uuid)
const fund = (cents: number) =>
  house.app.transactions.fund(call(actor), {
    accountId: encodeId('Account', books.payer),
    total: { amount: `0.${String(cents).padStart(2, '0')}`, currency: 'USD' },
  })

describe('the seals', () => {
  test('cover every event there is, and their last hash is the head of the books', async () => {
    const [seal, ...others] = await seals()
    const { last } = await house.app.db.prisma.eventCounter.findUniqueOrThrow({ where: { tenantId: actor.tenantId } })
    const where = { tenantId: actor.tenantId, entityKind: 'LedgerTransaction' }
    expect([seal?.number, seal?.cursor, others]).toEqual([1n, last, []])
    expect(seal?.postings).toBe(await house.app.db.prisma.event.count({ where }))
    expect(await proof()).toMatchObject({ balanced: true, breaks: [], head: hex(seal?.hash ?? new Uint8Array()) })
  })

  test('are made only when something has happened, and the head moves only with the books', async () => {
    const { head } = await proof()
    await house.app.ledger.sealDue()
    expect(await seals()).toHaveLength(1)
    await transact(house.app.db, { tenantId: actor.tenantId, at: new Date() }, async (work) => {
      work.emit({ type: 'product.created', entityKind: 'Product', entityId: newId(), object: {} })
    })
    await house.app.ledger.sealDue()
    expect((await seals()).map(({ postings }) => postings > 0)).toEqual([true, false])
    expect((await proof()).head).toBe(head)
    await fund(1)
    expect((await proof()).head).toBe(head)
    await house.app.ledger.sealDue()
    expect((await proof()).head).not.toBe(head)
  })

  test('hold though what they have sealed is completed, refunded and rolled back later', async () => {
    const { returns, holds } = house.app
    await holds.complete(call(actor), { transactionId: transactionId(books.held) })
    await returns.rollback(call(actor), { transactionId: transactionId(books.completed) })
    const refunds = [{ destinationId: encodeId('Account', books.shop), subtotal: { amount: '20.00', currency: 'USD' } }]
    await returns.refund(call(actor), { transactionId: transactionId(books.split), refunds })
    expect((await proof()).breaks).toEqual([])
    await house.app.ledger.sealDue()
    expect((await proof()).breaks).toEqual([])
  })

  test('cover a bounded number of events each, and all of them in the end', async () => {
    await Promise.all(Array.from({ length: 2_050 }, (_, index) => fund((index % 9) + 1)))
    await house.app.ledger.sealDue()
    expect((await seals()).map(({ postings }) => postings).slice(1)).toEqual([2_000, 50])
    expect((await proof()).breaks).toEqual([])
  })

  test('are one chain when several nodes make them while others post', async () => {
    const other = await openApp(house.databaseUrl)
    try {
      const posting = Promise.all(Array.from({ length: 40 }, (_, index) => pause(index * 5).then(() => fund(1))))
      let posted = false
      void posting.finally(() => {
        posted = true
      })
      const sealing = [house.app, other, other].map(async ({ ledger }) => {
        while (!posted) await ledger.sealDue()
      })
      await Promise.all([posting, ...sealing])
      await house.app.ledger.sealDue()
    } finally {
      await other.close()
    }
    const made = await seals()
    expect(made.map(({ number }) => Number(number))).toEqual(made.map((_, index) => index + 1))
    const where = { tenantId: actor.tenantId, entityKind: 'LedgerTransaction' }
    const events = await house.app.db.prisma.event.count({ where })
    expect(made.reduce((sum, { postings }) => sum + postings, 0)).toBe(events)
    expect((await proof()).breaks).toEqual([])
  })

  test('of a tenant without postings begin where no other tenant’s do', async () => {
    const [empty, other] = [await newTenant(house.app.db), await newTenant(house.app.db)]
    await house.app.ledger.sealDue()
    const head = hex(genesis(empty.tenantId).hash)
    expect(await house.app.ledger.proof(empty.tenantId)).toMatchObject({ balanced: true, head })
    expect((await house.app.ledger.proof(other.tenantId)).head).not.toBe(head)
  })
})

const OF = 'WHERE tenant_id = $1 AND'

describe('below the last seal the proof finds and names', () => {
  test.each<[string, keyof BusyBooks, string]>([
    ['an entry’s amount', 'split', `UPDATE entry SET amount = amount + 1 ${OF} transaction_id = $2 AND amount = 2000`],
    [
      'an entry’s time',
      'split',
      `UPDATE entry SET at = at + interval '1 ms' ${OF} transaction_id = $2 AND amount = 2000`,
    ],
    ['an entry’s account', 'completed', `UPDATE entry SET account_id = id ${OF} transaction_id = $2 AND amount = 1900`],
    ['an entry that was removed', 'split', `DELETE FROM entry ${OF} transaction_id = $2 AND amount = 2000`],
    [
      'entries that were put in',
      'split',
      `INSERT INTO entry SELECT tenant_id, gen_random_uuid(), account_id, transaction_id, 900 + n, n, 'USD', 0, at
       FROM entry, (VALUES (1), (-1)) v (n) ${OF} transaction_id = $2 AND amount = 2000`,
    ],
    ['a transaction’s metadata', 'split', `UPDATE ledger_transaction SET metadata = '{}' ${OF} id = $2`],
    ['a transaction’s total', 'declined', `UPDATE ledger_transaction SET total = total + 1 ${OF} id = $2`],
    ['a transaction’s account', 'held', `UPDATE ledger_transaction SET account_id = id ${OF} id = $2`],
    ['a transaction’s time', 'held', `UPDATE ledger_transaction SET created_at = now() ${OF} id = $2`],
    ['a transaction that was removed', 'declined', `DELETE FROM ledger_transaction ${OF} id = $2`],
    ['a charge’s metadata', 'split', `UPDATE ledger_transaction SET metadata = '{"a": 1}' ${OF} parent_id = $2`],
    ['a charge’s destination', 'completed', `UPDATE ledger_transaction SET destination_id = id ${OF} parent_id = $2`],
    ['a charge’s rate', 'split', `UPDATE ledger_transaction SET rate = rate * 1.000001 ${OF} parent_id = $2`],
    ['a charge that was removed', 'split', `DELETE FROM ledger_transaction ${OF} parent_id = $2 AND total = 5`],
    [
      'a charge that was put in',
      'rolledBack',
      `INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency, parent_id)
       SELECT tenant_id, gen_random_uuid(), 'INTERNAL', 'ROLLED_BACK', recipe, account_id, 0, currency, id FROM ledger_transaction ${OF} id = $2`,
    ],
    [
      'what a hold was',
      'completed',
      `UPDATE event SET payload = jsonb_set(payload, '{object,total}', '"1"') ${OF} entity_id = $2`,
    ],
    ['when an event was', 'rolledBack', `UPDATE event SET at = at - interval '1 s' ${OF} entity_id = $2`],
  ])('%s', async (_, which, statement) => {
    expect(await tamper(house.app.db, statement, [actor.tenantId, books[which]])).toBeGreaterThan(0)
    const { breaks } = await proof()
    const named = breaks.filter(({ kind }) => kind === 'sealed_event_differs').map((found) => found.transactionId)
    expect([...new Set(named)]).toEqual([books[which]])
  })

  test('a transaction that was removed with everything that told of it', async () => {
    for (const column of [
      'entry WHERE transaction_id',
      'ledger_transaction WHERE parent_id',
      'event WHERE entity_id',
    ]) {
      await tamper(house.app.db, `DELETE FROM ${column} = $1`, [books.declined])
    }
    await tamper(house.app.db, 'DELETE FROM ledger_transaction WHERE id = $1', [books.declined])
    expect(kinds(await proof())).toEqual(new Set(['events_missing', 'sealed_event_missing']))
  })

  test('what another database would do differently: nothing', async () => {
    const url = new URL(house.databaseUrl)
    url.searchParams.set('options', '-c timezone=Asia/Yangon -c datestyle=German -c intervalstyle=postgres_verbose')
    const elsewhere = await openApp(url.href)
    try {
      expect((await elsewhere.ledger.proof(actor.tenantId)).breaks).toEqual([])
    } finally {
      await elsewhere.close()
    }
  })
})

describe('a chain is broken by', () => {
  beforeEach(async () => {
    await fund(1)
    await house.app.ledger.sealDue()
    await fund(2)
    await house.app.ledger.sealDue()
  })

  test.each([
    ['a hash that was changed', `UPDATE ledger_seal SET hash = sha256(hash) ${OF} number = 1`, ['seal_broken']],
    [
      'digests that were changed',
      `UPDATE ledger_seal SET digests = set_byte(digests, 0, 255 - get_byte(digests, 0)) ${OF} number = 1`,
      ['seal_broken', 'sealed_event_differs'],
    ],
    ['a seal that was removed', `DELETE FROM ledger_seal ${OF} number = 1`, ['seal_broken', 'sealed_event_differs']],
    [
      'a cursor that was moved',
      `UPDATE ledger_seal SET cursor = cursor - 1 ${OF} number = 2`,
      ['seal_broken', 'sealed_event_differs', 'sealed_event_missing'],
    ],
  ])('%s', async (_, statement, expected) => {
    await tamper(house.app.db, statement, [actor.tenantId])
    expect([...kinds(await proof())].sort()).toEqual(expected)
  })
})

test('nothing waits for a tenant that another node seals', async () => {
  await fund(1)
  const client = await house.app.db.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock(7035224, hashtext($1))', [actor.tenantId])
    const { sealDue } = sealService({ db: house.app.db, clock: house.app.clock })
    await sealDue()
    expect(await seals()).toHaveLength(1)
    await client.query('ROLLBACK')
    await sealDue()
    expect(await seals()).toHaveLength(2)
  } finally {
    client.release()
  }
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
