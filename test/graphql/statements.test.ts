import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/kernel/id.ts'
import { statements } from './counting.ts'
import { type Door, openDoor } from './door.ts'

/** How many statements a query takes, however many rows it shows. The first is the look-up of the key. */

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let tenantId: string
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  tenantId = (await door.house.actor()).tenantId
  await fill(door.app.db.pool, tenantId, 60)
  // The first use of a key is noted, which later uses within the minute are not.
  await ask('{ viewer { mode } }')
})
afterAll(() => door.close())

/** Rows as the services would write them: sixty paid checkouts, each of a product and customer of its own. */
async function fill(pool: pg.Pool, tenant: string, count: number): Promise<void> {
  const insert = (text: string, ...values: unknown[]) => pool.query(text, [tenant, ...values])
  const account = newId()
  await insert(
    `INSERT INTO account (tenant_id, id, kind, currency, overdraft) VALUES ($1, $2, 'SYSTEM', 'USD', true)`,
    account,
  )
  for (let n = 0; n < count; n++) {
    const [product, customer, checkout, payment, posting, subscription, bill, paid, refund] = Array.from(
      { length: 9 },
      newId,
    )
    await insert(
      `INSERT INTO product (tenant_id, id, reference, name, description, price_minor, currency)
       VALUES ($1, $2, $3, 'A mug', 'Blue', 100, 'USD')`,
      product,
      `r${n}`,
    )
    await insert(
      `INSERT INTO customer (tenant_id, id, name, email) VALUES ($1, $2, 'Ada', $3)`,
      customer,
      `${n}@x.example`,
    )
    await insert(
      `INSERT INTO checkout (tenant_id, id, provider, kind, status, product_id, customer_id, item_name, item_description,
         price_minor, currency, lines, expires_at)
       VALUES ($1, $2, 'QBITFLOW', 'PAYMENT', 'COMPLETED', $3, $4, 'A mug', 'Blue', 100, 'USD', $5, now())`,
      checkout,
      product,
      customer,
      n % 2 ? null : JSON.stringify({ items: [mug(product), mug()], discounts: [], taxes: [] }),
    )
    await insert(
      `INSERT INTO payment (tenant_id, id, provider, status, amount_minor, currency, product_id, customer_id, checkout_id,
         description, reference, metadata)
       VALUES ($1, $2, 'QBITFLOW', 'COMPLETED', 100, 'USD', $3, $4, $5, 'A mug', 'order', '{"channel": "web"}')`,
      payment,
      product,
      customer,
      checkout,
    )
    await insert(
      `INSERT INTO subscription (tenant_id, id, provider, status, product_id, customer_id, checkout_id, description,
         price_minor, currency, frequency_value, frequency_unit)
       VALUES ($1, $2, 'QBITFLOW', 'ACTIVE', $3, $4, $5, 'A mug', 100, 'USD', 1, 'MONTHS')`,
      subscription,
      product,
      customer,
      checkout,
    )
    await insert(
      `INSERT INTO billing (tenant_id, id, provider, subscription_id, sequence, status, amount_minor, currency)
       VALUES ($1, $2, 'QBITFLOW', $3, 1, 'COMPLETED', 100, 'USD')`,
      bill,
      subscription,
    )
    await insert(
      `INSERT INTO payment (tenant_id, id, provider, status, source, amount_minor, currency, subscription_id, billing_id, description)
       VALUES ($1, $2, 'QBITFLOW', 'COMPLETED', 'SUBSCRIPTION', 100, 'USD', $3, $4, 'A mug')`,
      paid,
      subscription,
      bill,
    )
    await insert(
      `INSERT INTO refund (tenant_id, id, provider, payment_id, status, amount_minor, currency, external_id)
       VALUES ($1, $2, 'QBITFLOW', $3, 'PENDING', 100, 'USD', $4)`,
      refund,
      payment,
      `r${n}`,
    )
    await insert(
      `INSERT INTO ledger_transaction (tenant_id, id, type, state, recipe, account_id, total, currency, cause_kind, cause_id)
       VALUES ($1, $2, 'EXTERNAL', 'COMPLETED', 'paymentSettled', $3, 100, 'USD', 'Payment', $4)`,
      posting,
      account,
      payment,
    )
  }
}

/** A line as the service keeps it. */
function mug(productId?: string): object {
  return { productId, name: 'A mug', price: '50', quantity: 1, metadata: {} }
}

const QUERIES: [string, number, string][] = [
  ['products', 2, 'products(first: $n) { edges { node { id name price { amount } } } pageInfo { endCursor } }'],
  [
    'products and what providers call them',
    3,
    'products(first: $n) { edges { node { id providerLinks { externalId } } } }',
  ],
  ['products and their number', 3, 'products(first: $n) { totalCount edges { node { id } } }'],
  ['the number of products alone', 2, 'products(first: $n) { totalCount }'],
  [
    'checkouts with product, customer, payment and ledger transactions',
    6,
    `checkouts(first: $n) { edges { node { id product { name } customer { name }
       payment { status ledgerTransactions(first: 3) { edges { node { recipe total { amount } } } } } } } }`,
  ],
  [
    'customers with a page of payments each, and their number',
    4,
    'customers(first: $n) { edges { node { name payments(first: 2) { totalCount edges { node { status } } } } } }',
  ],
  [
    'subscriptions with customer, product, checkout, their bills, the payments of those, and their timelines',
    8,
    `subscriptions(first: $n) { edges { node { id price { amount } customer { name } items { product { name } }
       checkout { status subscription { id } } timeline { type }
       billings(first: 2) { edges { node { sequence payment { status } } } } } } }`,
  ],
  [
    'customers with a page of subscriptions each, and what was paid for them',
    4,
    `customers(first: $n) { edges { node { subscriptions(first: 2) { edges { node { status
       payments(first: 2) { edges { node { amount { amount } } } } } } } } } }`,
  ],
  [
    'checkouts with their lines, and the products of those',
    3,
    `checkouts(first: $n) { edges { node { total { amount } items { name quantity metadata product { name } }
       discounts { name } taxes { name amount { amount } } } } }`,
  ],
  [
    'payments with customer, refunds, reference and metadata, of those with some metadata and a reference',
    4,
    `payments(first: $n, filter: { reference: "order", metadata: [{ key: "channel", value: "web" }] }) { edges { node { id
       reference metadata customer { name metadata } refunds(first: 3) { edges { node { amount { amount } reference metadata } } } } } }`,
  ],
  ['checkouts with their attempts', 3, 'checkouts(first: $n) { edges { node { id attempts { number status } } } }'],
  ['checkouts with their timelines', 3, 'checkouts(first: $n) { edges { node { id timeline { type } } } }'],
]

test.each(QUERIES)('%s take %i statements, for 1 as for 50', async (_name, count, selection) => {
  const query = `query ($n: Int!) { ${selection} }`
  for (const n of [1, 50]) {
    const seen = await statements(async () => {
      const { data, errors } = await ask(query, { n })
      expect(errors).toBeUndefined()
      const [list] = Object.values(data) as { edges?: unknown[] }[]
      if (list?.edges) expect(list.edges).toHaveLength(n)
    })
    expect(seen, seen.join('\n')).toHaveLength(count)
  }
})

test('nested pages stand on their own: each parent has its own first page and cursor', async () => {
  const query = `query ($after: String) { customers(first: 3) { edges { node {
    payments(first: 1, after: $after) { totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id } } } } } } }`
  const { data } = await ask(query)
  const lists = data.customers.edges.map((edge: { node: { payments: object } }) => edge.node.payments)
  expect(new Set(lists.map((list: { edges: { node: { id: string } }[] }) => list.edges[0]?.node.id)).size).toBe(3)
  for (const list of lists)
    expect(list).toMatchObject({ totalCount: 1, pageInfo: { hasNextPage: false, hasPreviousPage: false } })
  const after = lists[0].edges[0].cursor
  const next = await ask(query, { after })
  expect(next.errors).toBeUndefined()
  expect(next.data.customers.edges[0].node.payments).toMatchObject({ edges: [], pageInfo: { hasPreviousPage: true } })
})
