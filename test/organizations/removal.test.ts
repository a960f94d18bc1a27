import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TENANT_TABLES, type TenantTable } from '../../src/db/catalog.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { exportBooks } from '../../src/ledger/export.ts'
import { LEDGER_REMAINS } from '../../src/ledger/remains.ts'
import { verifyExport } from '../../src/ledger/verify.ts'
import { grantKey } from '../../src/organizations/grant.ts'
import { call, eventually, openApp } from '../support/app.ts'
import { fillTenant } from '../support/full-tenant.ts'
import { joined, linesOf } from '../support/lines.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'

const WORD = 'Wibble'
const DAY_HOURS = 24

let shop: Shop
let owner: Actor
let live: Actor
let stranger: Actor
/** Whose rows name people or things of the tenant. */
let ids: string[]

beforeAll(async () => {
  shop = await openShop()
  owner = shop.owner
  live = await shop.actor('LIVE')
  await fillTenant(shop, owner, WORD)
  stranger = await newTenant(shop.app.db)
  await shop.app.connectSandboxes()
  await fillTenant(shop, stranger, 'Wobble')
  await shop.app.products.create(call(live), {
    name: 'Wobble in live mode',
    description: 'stays',
    price: { amount: '1.00', currency: 'USD' },
  })
  ids = await idsOf([
    'app_user',
    'customer',
    'product',
    'checkout',
    'api_key',
    'provider_connection',
    'webhook_endpoint',
    'subscription',
    'billing',
    'usage_report',
    'claim_request',
  ])
}, 60_000)
afterAll(() => shop.close())

async function idsOf(tables: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const table of tables) {
    const { rows } = await shop.app.db.pool.query(`SELECT id FROM ${table} WHERE tenant_id = $1`, [owner.tenantId])
    expect(rows.length, table).toBeGreaterThan(0)
    // The key of a test's owner has the id of the tenant, which stays with the books.
    found.push(...rows.map(({ id }) => id).filter((id) => id !== owner.tenantId))
  }
  return found
}

/** The tables in which a row of any column, also of bytes, has one of the words. */
async function tablesWith(words: readonly string[]): Promise<string[]> {
  const { pool } = shop.app.db
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
  )
  const spelled = words.flatMap((word) => [word, Buffer.from(word).toString('hex')])
  const found: string[] = []
  for (const { name } of rows) {
    const text = `SELECT 1 FROM "${name}" t WHERE EXISTS (SELECT FROM unnest($1::text[]) w WHERE strpos(lower(t::text), lower(w)) > 0) LIMIT 1`
    if ((await pool.query(text, [spelled])).rowCount) found.push(name)
  }
  return found
}

async function dueAt() {
  return shop.app.removal.dueAt(owner.tenantId)
}

async function rowsOf(actor: Actor): Promise<string[]> {
  const text = await joined((await shop.app.exports.data(actor)).pieces)
  return text.split('\n').filter((line) => line.startsWith('{"table"'))
}

/** What fell due on the way is done, so that from here on nothing changes by itself. */
async function quiet(): Promise<void> {
  await shop.pass({ seconds: 1 })
  const { inboxMessage } = shop.app.db.prisma
  await eventually(async () => (await inboxMessage.count({ where: { nextAttemptAt: { not: null } } })) === 0)
}

async function expectBooksHold({ tenantId, mode }: Actor): Promise<string> {
  const { head, breaks, entriesChecked } = await shop.app.ledger.proof(tenantId)
  expect(breaks).toEqual([])
  expect(entriesChecked).toBeGreaterThan(20n)
  await shop.app.ledger.sealAll(tenantId)
  const file = await joined(exportBooks(shop.app.db, { tenantId, mode, at: shop.clock.now() }))
  const verified = await verifyExport(linesOf(file))
  expect([verified.breaks, verified.unsealed]).toEqual([[], 0])
  return head
}

test('a removal is for owners, is asked for once, and can be taken back', async () => {
  const { removal } = shop.app
  const admin: Actor = { ...owner, role: 'ADMIN' }
  expect(await refusals(removal.request(call(admin)))).toEqual(['FORBIDDEN'])
  expect(await refusals(removal.cancel(call(owner)))).toEqual(['INVALID_STATE'])
  const { dueAt: promised } = await removal.request(call(owner, 'go'))
  expect(Math.round(((promised?.getTime() ?? 0) - shop.clock.now().getTime()) / 3_600_000)).toBe(30 * DAY_HOURS)
  expect(await dueAt()).toEqual(promised)
  expect(await removal.request(call(owner, 'go'))).toMatchObject({ replayed: true })
  expect(await refusals(removal.request(call(owner)))).toEqual(['INVALID_STATE'])
  expect(await refusals(removal.cancel(call(admin)))).toEqual(['FORBIDDEN'])
  await removal.cancel(call(owner))
  expect(await dueAt()).toBeNull()
  shop.clock.turn({ hours: 31 * DAY_HOURS })
  expect(await removal.removeDue()).toBe(0)
  const announced = await shop.announced()
  expect(announced.slice(-2)).toEqual(['data_removal.requested', 'data_removal.cancelled'])
  expect(await tablesWith([WORD])).toContain('customer')
})

describe('a removal that is due', () => {
  let head: string
  let others: string[][]
  let key: string

  beforeAll(async () => {
    key = await grantKey(shop.app.db, shop.clock, {
      mode: 'TEST',
      role: 'OWNER',
      name: WORD,
      organizationId: encodeId('Organization', owner.organizationId),
    })
    await shop.app.removal.request(call(owner))
    shop.clock.turn({ hours: 29 * DAY_HOURS })
    expect(await shop.app.removal.removeDue()).toBe(0)
    await quiet()
    head = await expectBooksHold(owner)
    others = [await rowsOf(live), await rowsOf(stranger)]
    shop.clock.turn({ hours: 2 * DAY_HOURS })
  })

  test('finds the words of people in most tables before it', async () => {
    const words = await tablesWith([WORD])
    const written = 'account api_key app_user checkout currency customer event idempotency_record ledger_transaction'
    const about = 'organization payment product sandbox_document sandbox_unique tenant webhook_attempt webhook_endpoint'
    const agreed = 'refund subscription usage_report'
    expect(words).toEqual(expect.arrayContaining(`${written} ${about} ${agreed}`.split(' ')))
    expect((await tablesWith(ids)).length).toBeGreaterThan(10)
  })

  test('ends the keys at once, and is taken up again where it broke off', async () => {
    const { pool } = shop.app.db
    await pool.query(`CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the power is gone'; END $$;
      CREATE TRIGGER fall BEFORE DELETE ON customer FOR EACH STATEMENT EXECUTE FUNCTION fall()`)
    expect(await shop.app.access.authenticate(key, 'r')).toMatchObject({ kind: 'key' })
    expect(await shop.app.removal.removeDue()).toBe(0)
    expect(await shop.app.access.authenticate(key, 'r')).toBe('invalid')
    expect(await refusals(shop.app.removal.cancel(call(owner)))).toEqual(['INVALID_STATE'])
    expect((await shop.announced()).at(-1)).toBe('api_key.deleted')
    expect(await shop.app.removal.removeDue()).toBe(0)
    expect(await tablesWith([WORD])).toContain('customer')
    shop.clock.turn({ minutes: 1 })
    expect(await shop.app.removal.removeDue()).toBe(0)
    const begun = await tablesWith([WORD])
    expect([begun.includes('payment'), begun.includes('customer')]).toEqual([false, true])
    await expectBooksHold(owner)
    await pool.query('DROP TRIGGER fall ON customer')
    const done: number[] = []
    while ((await dueAt()) !== null) done.push(await shop.app.removal.removeDue())
    expect(done).toEqual([0, 1])
    expect(await shop.app.removal.removeDue()).toBe(0)
  })

  test('leaves nothing that people wrote, in no column of no table, nor the ids of what it was about', async () => {
    expect(await tablesWith([WORD])).toEqual(['organization'])
    expect(await tablesWith(ids)).toEqual([])
    const { rows: tables } = await shop.app.db.pool.query<TenantTable>(TENANT_TABLES)
    const left: string[] = []
    for (const { name } of tables.filter(({ columns }) => columns.some((column) => column.name === 'tenant_id'))) {
      const { rowCount } = await shop.app.db.pool.query(`SELECT 1 FROM "${name}" WHERE tenant_id = $1`, [
        owner.tenantId,
      ])
      if (rowCount) left.push(name)
    }
    expect(left.sort()).toEqual(Object.keys(LEDGER_REMAINS).sort())
    const { rows } = await shop.app.db.pool.query('SELECT DISTINCT entity_kind FROM event WHERE tenant_id = $1', [
      owner.tenantId,
    ])
    expect(rows).toEqual([{ entity_kind: 'LedgerTransaction' }])
  })

  test('leaves books whose proof holds, here and elsewhere, under the same head', async () => {
    expect(await expectBooksHold(owner)).toBe(head)
    const { rows } = await shop.app.db.pool.query('SELECT seal_salt FROM tenant WHERE id = $1', [owner.tenantId])
    expect(rows).toEqual([{ seal_salt: Buffer.from('') }])
  })

  test('leaves holds that still end when their time comes', async () => {
    await shop.app.db.pool.query(
      `UPDATE ledger_transaction SET expires_at = now() WHERE tenant_id = $1 AND state = 'HELD' AND type = 'EXTERNAL'`,
      [owner.tenantId],
    )
    await shop.app.holds.expireDue()
    const held = await shop.app.db.prisma.account.count({ where: { tenantId: owner.tenantId, held: { gt: 0 } } })
    expect(held).toBe(0)
    await expectBooksHold(owner)
  })

  test('touches neither the other mode nor another organization', async () => {
    expect([await rowsOf(live), await rowsOf(stranger)]).toEqual(others)
    await expectBooksHold(stranger)
  })

  test('is not undone by a start, nor by whoever holds the machine', async () => {
    const again = await openApp(shop.databaseUrl, { clock: shop.clock })
    await again.close()
    expect(await shop.app.db.prisma.providerConnection.count({ where: { tenantId: owner.tenantId } })).toBe(0)
    const organizationId = encodeId('Organization', owner.organizationId)
    const wanted = { mode: 'TEST', role: 'OWNER', name: 'back', organizationId } as const
    expect(await refusals(grantKey(shop.app.db, shop.clock, wanted))).toEqual(['INVALID_STATE'])
  })

  test('takes the name of the organization once its other mode has gone too', async () => {
    await shop.app.removal.request(call(live))
    shop.clock.turn({ hours: 31 * DAY_HOURS })
    await shop.app.removal.removeDue()
    shop.clock.turn({ minutes: 1 })
    while ((await shop.app.removal.dueAt(live.tenantId)) !== null) await shop.app.removal.removeDue()
    expect(await tablesWith([WORD])).toEqual([])
    const names = await shop.app.db.prisma.organization.findMany({ select: { name: true }, orderBy: { name: 'asc' } })
    expect(names).toEqual([{ name: '' }, { name: 'Wobble Ltd' }])
  })
})
