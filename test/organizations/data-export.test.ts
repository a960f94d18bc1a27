import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ofTenant, TENANT_TABLES, type TenantTable } from '../../src/db/catalog.ts'
import type { Actor } from '../../src/kernel/actor.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { fillTenant } from '../support/full-tenant.ts'
import { joined } from '../support/lines.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { newTenant } from '../support/tenant.ts'

let shop: Shop
let owner: Actor
let file: string

beforeAll(async () => {
  shop = await openShop()
  owner = shop.owner
  await fillTenant(shop, owner, 'Wibble')
  const stranger = await newTenant(shop.app.db)
  await shop.app.connectSandboxes()
  await fillTenant(shop, stranger, 'Wobble')
  file = await exported(owner)
}, 60_000)
afterAll(() => shop.close())

const exported = async (actor: Actor) => joined((await shop.app.exports.data(actor)).pieces)

interface ReadRow {
  readonly table: string
  readonly row: Readonly<Record<string, unknown>>
}

/** Reads an export as a program of the tenant's would, which knows nothing but the file. */
function readExport(text: string) {
  const lines = text.trimEnd().split('\n')
  const last = lines.pop() ?? ''
  const [manifest, ...rows] = lines.map((line) => JSON.parse(line))
  const sha256 = createHash('sha256')
    .update(`${lines.join('\n')}\n`)
    .digest('hex')
  return { manifest, rows: rows as ReadRow[], end: JSON.parse(last), sha256 }
}

async function tenantTables(): Promise<TenantTable[]> {
  return (await shop.app.db.pool.query<TenantTable>(TENANT_TABLES)).rows
}

async function countOf(table: string, tenantId: string): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM "${table}" t WHERE ${ofTenant(table, '$1')}`
  const { rows } = await shop.app.db.pool.query<{ count: number }>(text, [tenantId])
  return rows[0]?.count ?? 0
}

test('accounts for every row of every tenant table, and for no row of anybody else', async () => {
  const { manifest, rows, end, sha256 } = readExport(file)
  const tables = await tenantTables()
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['organization', 'tenant', 'sandbox_document']))
  expect(Object.keys(manifest.tables)).toEqual(tables.map(({ name }) => name))
  for (const { name, columns } of tables) {
    const count = await countOf(name, owner.tenantId)
    expect(count, `${name}: fillTenant puts nothing there`).toBeGreaterThan(0)
    const found = rows.filter(({ table }) => table === name)
    expect(found.length, name).toBe(count)
    expect(end.rows[name], name).toBe(count)
    for (const { row } of found) {
      expect(Object.keys(row), name).toEqual(columns.map((column) => column.name))
      if ('tenant_id' in row) expect(row.tenant_id, name).toBe(owner.tenantId)
    }
  }
  expect(end).toMatchObject({ end: true, sha256 })
  expect(file).not.toContain('Wobble')
})

test('leaves out what proves who somebody is, and says so', async () => {
  const { manifest, rows } = readExport(file)
  const { prisma } = shop.app.db
  const where = { tenantId: owner.tenantId }
  const keys = await prisma.apiKey.findMany({ where })
  const [connection] = await prisma.providerConnection.findMany({ where })
  const secrets = [...keys.map(({ hash }) => hash), connection?.credentials ?? Buffer.from('')].map(Buffer.from)
  const theirs = await shop.app.db.pool.query<{ hash: string }>(
    `SELECT body ->> 'hash' AS hash FROM sandbox_document WHERE kind = 'apiKey'`,
  )
  const spelled = secrets.flatMap((bytes) => [bytes.toString('base64'), bytes.toString('hex')])
  expect(theirs.rows.length).toBeGreaterThan(0)
  const sellers = await prisma.user.findMany({ where: { ...where, claimRequest: { isNot: null } } })
  const invitations = await Promise.all(
    sellers.map(({ id }) => shop.app.claims.find(owner, encodeId('User', id)).then((found) => found?.link)),
  )
  expect(invitations).toEqual([expect.stringMatching(/\/claim\/[0-9a-f]{96}$/)])
  const theirSecrets = theirs.rows.map(({ hash }) => hash)
  const tokens = invitations.map((link) => link?.slice(-64) ?? '')
  for (const secret of [...spelled, ...theirSecrets, ...tokens]) {
    expect(file).not.toContain(secret)
  }
  for (const column of Object.keys(manifest.leftOut)) {
    const [table, name = ''] = column.split('.')
    const found = rows.filter((row) => row.table === table)
    expect(found.length, column).toBeGreaterThan(0)
    if (!column.startsWith('sandbox_'))
      expect(
        found.map(({ row }) => row[name]),
        column,
      ).toEqual(found.map(() => null))
  }
})

test('keeps numbers, bytes and times exact', async () => {
  const { rows } = readExport(file)
  const of = (name: string) => rows.filter(({ table }) => table === name).map(({ row }) => row)
  expect(of('account').map(({ balance }) => balance)).toContain('700000000000000000')
  expect(of('ledger_transaction').every(({ total }) => typeof total === 'string')).toBe(true)
  const [seal] = await shop.app.db.prisma.idempotencyRecord.findMany({ where: { tenantId: owner.tenantId }, take: 1 })
  const kept = of('idempotency_record').find(({ id }) => id === seal?.id)
  expect(kept?.request_hash).toBe(Buffer.from(seal?.requestHash ?? []).toString('base64'))
  const moments = await shop.app.db.pool.query<{ id: string; at: string }>(
    `SELECT id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at FROM event WHERE tenant_id = $1`,
    [owner.tenantId],
  )
  expect(new Map(of('event').map(({ id, at }) => [id, at]))).toEqual(
    new Map(moments.rows.map(({ id, at }) => [id, at])),
  )
  expect(of('event')[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

test('is as it was at one moment, whatever is written while it is read', async () => {
  const { pieces } = await shop.app.exports.data(owner)
  const first = await pieces.next()
  const customers = await countOf('customer', owner.tenantId)
  await shop.app.db.pool.query('UPDATE customer SET name = $1', ['Later'])
  let rest = ''
  for await (const piece of pieces) rest += piece
  const { rows, end } = readExport(String(first.value) + rest)
  expect(end.rows.customer).toBe(customers)
  expect(rows.filter(({ table }) => table === 'customer').map(({ row }) => row.name)).not.toContain('Later')
})

test('gives its connection back when its reader goes', async () => {
  const { pool } = shop.app.db
  for (let turn = 0; turn < 20; turn++) {
    const { pieces } = await shop.app.exports.data(owner)
    await pieces.next()
    await pieces.return(undefined)
  }
  expect(pool.waitingCount).toBe(0)
  expect(pool.totalCount - pool.idleCount).toBe(0)
})
