import { isEnumType, isInputObjectType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { equals } from '../../src/db/condition.ts'
import { schema } from '../../src/graphql/schema.ts'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { newTenant } from '../support/tenant.ts'
import { type Door, openDoor } from './door.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let asSeller: Awaited<ReturnType<Door['as']>>
let customerId: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  const owner = await door.house.actor()
  const { tenantId } = owner
  const sellerId = newId()
  const seller = {
    tenantId,
    id: sellerId,
    name: 'Sam',
    lastName: 'Seller',
    email: 'sam@shop.example',
    role: 'USER' as const,
  }
  await door.app.db.prisma.user.create({ data: seller })
  asSeller = await door.as('TEST', 'USER', sellerId)
  const customer = await door.app.customers.create(call(owner), { name: 'Ada' })
  customerId = encodeId('Customer', customer.id)
  const settled = { status: 'COMPLETED' as const, settledCurrency: 'USDC', providerFeeMinor: '15' }
  await pay(tenantId, { ...settled, amountMinor: '1000', settledMinor: '9850000', customerId: customer.id })
  await pay(tenantId, {
    ...settled,
    amountMinor: '2000',
    settledMinor: '19850000',
    userId: sellerId,
    organizationFeeMinor: '40',
  })
  await pay(tenantId, {
    ...settled,
    amountMinor: '500',
    settledCurrency: 'SOL',
    settledMinor: '7',
    at: '2026-03-31T22:30:00Z',
  })
  await pay(tenantId, { status: 'FAILED', amountMinor: '300' })
  await pay(tenantId, { status: 'FAILED', amountMinor: '900', currency: 'EUR' })
  await pay((await newTenant(door.app.db, 'LIVE')).tenantId, { ...settled, amountMinor: '77777', settledMinor: '1' })
})
afterAll(() => door.close())

interface Paid {
  readonly status: 'COMPLETED' | 'FAILED'
  readonly amountMinor: string
  readonly currency?: string
  readonly at?: string
  readonly [fact: string]: string | undefined
}

async function pay(tenantId: string, { at = '2026-03-01T12:00:00Z', currency = 'USD', ...facts }: Paid): Promise<void> {
  const data = { tenantId, id: newId(), provider: 'QBITFLOW' as const, description: 'tea', currency, createdAt: at }
  await door.app.db.prisma.payment.create({ data: { ...data, ...facts } })
}

async function stats(args: string, selection: string, asking = ask) {
  const { data, errors } = await asking(`{ paymentStats(${args}) { ${selection} } }`)
  expect(errors).toBeUndefined()
  return data.paymentStats
}

const money = (amount: string, currency = 'USD') => ({ amount, currency })
const SUMS =
  'count amounts { amount currency } fees { amount currency } organizationFees { amount currency } settled { amount currency }'

test('payments are counted and summed by group, what was asked and what arrived each in its own currencies', async () => {
  expect(await stats('groupBy: [STATUS]', `status ${SUMS}`)).toEqual([
    {
      status: 'COMPLETED',
      count: 3,
      amounts: [money('35.00')],
      fees: [money('0.45')],
      organizationFees: [money('0.40')],
      settled: [money('0.000000007', 'SOL'), money('29.700000', 'USDC')],
    },
    {
      status: 'FAILED',
      count: 2,
      amounts: [money('9.00', 'EUR'), money('3.00')],
      fees: [],
      organizationFees: [],
      settled: [],
    },
  ])
  expect(await stats('groupBy: []', 'count amounts { amount }')).toEqual([
    { count: 5, amounts: [{ amount: '9.00' }, { amount: '38.00' }] },
  ])
})

test('a group names the customer, product and seller that it is of, and none where there is none', async () => {
  const found = await stats(
    'groupBy: [CUSTOMER, SELLER, PRODUCT]',
    'customer { id } seller { name } product { id } count',
  )
  expect(found).toEqual(
    expect.arrayContaining([
      { customer: { id: customerId }, seller: null, product: null, count: 1 },
      { customer: null, seller: { name: 'Sam' }, product: null, count: 1 },
      { customer: null, seller: null, product: null, count: 3 },
    ]),
  )
  const filtered = await stats(`groupBy: [CURRENCY], filter: { customerId: "${customerId}" }`, 'currency count')
  expect(filtered).toEqual([{ currency: 'USD', count: 1 }])
})

test('days and months are those of the time zone that is asked for', async () => {
  expect(await stats('groupBy: [MONTH], filter: { status: [COMPLETED] }', 'month count')).toEqual([
    { month: '2026-03', count: 3 },
  ])
  const berlin = 'groupBy: [MONTH, DAY], timezone: "Europe/Berlin", filter: { status: [COMPLETED] }'
  expect(await stats(berlin, 'month day count')).toEqual([
    { month: '2026-03', day: '2026-03-01', count: 2 },
    { month: '2026-04', day: '2026-04-01', count: 1 },
  ])
})

test('a seller counts their own, a client secret and nobody count none', async () => {
  expect(await stats('groupBy: [STATUS]', 'status count amounts { amount }', asSeller)).toEqual([
    { status: 'COMPLETED', count: 1, amounts: [{ amount: '20.00' }] },
  ])
  const { errors } = await door.asking(undefined)('{ paymentStats(groupBy: []) { count } }')
  expect(errors).toHaveLength(1)
})

test('accounts and transactions are grouped by a key of their own data, which has to be named', async () => {
  const owner = await door.house.actor()
  for (const level of [1, 2, 2]) {
    await door.app.accounts.create(call(owner), { currency: 'USD', kind: 'CLIENT', metadata: { level } })
  }
  const { data } = await ask('{ accountStats(groupBy: [METADATA], metadataKey: "level") { metadata count } }')
  expect(data.accountStats).toEqual([
    { metadata: '1', count: 1 },
    { metadata: '2', count: 2 },
  ])
  const { errors } = await ask('{ transactionStats(groupBy: [METADATA]) { count } }')
  expect(errors?.[0]).toMatchObject({
    message: 'grouping by METADATA needs a metadataKey',
    extensions: { code: 'BAD_USER_INPUT' },
  })
})

describe('every field of a filter that names a value is something to group by', () => {
  /**
   * Ranges of amounts and times, text that is searched for, what widens a filter, whether there is any suspense, the
   * address of the customer, by whom is grouped, and a transfer, which is that of one payment.
   */
  const NO_VALUE =
    /^((created|settled)(From|Before)|search|amount|balance|total|includeInternal|inSuspense|customerEmail|transactionHash)$/

  test.each([
    ['AccountFilter', 'AccountDimension', 'AccountStat'],
    ['PaymentFilter', 'PaymentDimension', 'PaymentStat'],
    ['LedgerTransactionFilter', 'LedgerTransactionDimension', 'LedgerTransactionStat'],
  ])('%s', (filterName, dimensionName, statName) => {
    const [filter, dimension, stat] = [filterName, dimensionName, statName].map((name) => schema.getType(name))
    if (!isInputObjectType(filter) || !isEnumType(dimension) || !isObjectType(stat)) throw new Error('no such types')
    const dimensions = dimension.getValues().map(({ name }) => camel(name))
    const fields = Object.keys(filter.getFields()).filter((name) => !NO_VALUE.test(name))
    const missing = fields.filter((name) => !dimensions.includes(name) && !dimensions.includes(name.replace(/Id$/, '')))
    expect(missing).toEqual([])
    expect(dimensions).toEqual(expect.arrayContaining(['day', 'month', 'currency']))
    expect(Object.keys(stat.getFields())).toEqual(expect.arrayContaining(dimensions))
  })

  function camel(name: string): string {
    return name.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  }
})

test('payments are counted by their reference, a value of their metadata and their subscription', async () => {
  const { tenantId } = await newTenant(door.app.db)
  await door.app.db.pool.query(
    `INSERT INTO payment (tenant_id, id, provider, status, amount_minor, currency, description, reference, metadata)
     SELECT $1, gen_random_uuid(), 'QBITFLOW', 'FAILED', 1, 'USD', 'tea', r, m::jsonb
     FROM (VALUES ('a', '{"channel": "web"}'), ('a', '{"channel": "shop"}'), (NULL, '{}')) AS v (r, m)`,
    [tenantId],
  )
  const count = async (by: 'reference' | 'metadata' | 'subscription') => {
    const where = [equals('tenant_id', tenantId)]
    const groups = await door.app.payments.stats({ by: [by], where, metadataKey: 'channel' })
    return Object.fromEntries(groups.map(({ key, count }) => [String(key[by]), Number(count)]))
  }
  expect(await count('reference')).toEqual({ a: 2, null: 1 })
  expect(await count('metadata')).toEqual({ web: 1, shop: 1, null: 1 })
  expect(await count('subscription')).toEqual({ null: 3 })
})

describe('among 100,000 payments', () => {
  beforeAll(async () => {
    const { tenantId } = await door.house.actor()
    await door.app.db.pool.query(
      `INSERT INTO payment (tenant_id, id, provider, status, amount_minor, currency, description, created_at)
       SELECT $1, gen_random_uuid(), 'QBITFLOW', CASE n % 3 WHEN 0 THEN 'FAILED' ELSE 'COMPLETED' END::"TransactionState", n, 'USD', 'tea',
              '2026-01-01'::timestamptz + n * interval '1 minute' FROM generate_series(1, 100000) n`,
      [tenantId],
    )
    await door.app.db.pool.query('ANALYZE payment')
  })

  test.each([
    ['groupBy: [STATUS]'],
    ['groupBy: [CUSTOMER, SELLER, SOURCE, PROVIDER]'],
    [
      'groupBy: [DAY], timezone: "Asia/Yangon", filter: { createdFrom: "2026-02-01T00:00:00Z", createdBefore: "2026-02-03T00:00:00Z" }',
    ],
  ])('%s reads the rows of the tenant once, in one statement', async (args) => {
    const query = vi.spyOn(door.app.db.long, 'query')
    await stats(args, SUMS)
    const asked = query.mock.calls.filter(([name]) => name?.startsWith('read.stats.'))
    query.mockRestore()
    expect(asked).toHaveLength(1)
    const nodes = await planOf(asked[0]?.[1] ?? '', asked[0]?.[2] ?? [])
    expect(nodes.filter(({ relation }) => relation === 'payment')).toHaveLength(1)
    expect(nodes.filter(({ type }) => /Nested Loop|SubPlan/.test(type))).toEqual([])
    if (args.includes('createdFrom')) expect(nodes.map(({ type }) => type).join()).toMatch(/Index|Bitmap/)
  })

  async function planOf(text: string, values: readonly unknown[]) {
    const { rows } = await door.app.db.pool.query(`EXPLAIN (FORMAT JSON) ${text}`, [...values])
    const walk = (node: Plan): { type: string; relation: string | undefined }[] => [
      { type: node['Node Type'], relation: node['Relation Name'] },
      ...(node.Plans ?? []).flatMap(walk),
    ]
    return walk(rows[0]['QUERY PLAN'][0].Plan)
  }
})

interface Plan {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}
