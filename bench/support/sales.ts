import type { App } from '../../src/app.ts'
import { encodeCursor } from '../../src/db/cursor.ts'

/** Years of sales at once, none of which brought money, so that the books know nothing of them: payments with the merchant's order numbers and words, each customer with ten of them. */

const PAYMENTS_OF_ONE = 10

const PAYMENTS = `
  INSERT INTO payment (tenant_id, id, provider, status, amount_minor, currency, description, customer_id, reference, metadata,
                       external_id, transaction_hash, created_at, updated_at)
  SELECT $1::uuid, ${uuidOf('i')}, 'QBITFLOW', 'FAILED', 100 + i % 10000, 'USD', 'Tea', ${uuidOf(`i / ${PAYMENTS_OF_ONE}`)},
         ${orderOf('i')}, jsonb_build_object('channel', 'web', 'basket', 'b' || i), md5('external ' || i), '0x' || md5('transfer ' || i),
         moment, moment
  FROM generate_series(1, $2::bigint) AS i, LATERAL (SELECT '2025-01-01'::timestamptz + i * interval '1 second' AS moment) AS m`

const CUSTOMERS = `
  INSERT INTO customer (tenant_id, id, name, last_name, email)
  SELECT $1::uuid, ${uuidOf('i')}, 'Name ' || i, 'Family ' || i, 'person' || i || '@example.com'
  FROM generate_series(0, $2::bigint) AS i`

/** Adds so many payments to a tenant, with their customers. */
export async function loadSales({ db }: App, tenantId: string, payments: number): Promise<void> {
  const client = await db.long.pool.connect()
  try {
    await client.query('BEGIN')
    await client.query("SET LOCAL session_replication_role = replica; SET LOCAL work_mem = '256MB'")
    await client.query(CUSTOMERS, [tenantId, Math.floor(payments / PAYMENTS_OF_ONE)])
    await client.query(PAYMENTS, [tenantId, payments])
    await client.query('COMMIT')
    await client.query('VACUUM ANALYZE payment')
    await client.query('VACUUM ANALYZE customer')
  } finally {
    client.release()
  }
}

/** An order's number has the same length however many there are. */
function orderOf(number: string): string {
  return `'order-' || lpad(${number}::text, 9, '0')`
}

function uuidOf(number: string): string {
  return `('00000000-0000-7000-9000-' || lpad(to_hex(${number}), 12, '0'))::uuid`
}

interface Asked {
  readonly query: string
  readonly variables: object
}

const SEARCH = `query ($text: String!, $after: String) { search(text: $text, after: $after) {
  edges { cursor node { ... on Payment { id reference } ... on Customer { id email } } } pageInfo { hasNextPage } } }`
const PAYMENTS_WHERE = `query ($filter: PaymentFilter) { payments(filter: $filter) { edges { node { id reference } } } }`

const anyOf = (payments: number) => 1 + Math.floor(Math.random() * (payments - 1))
const order = (number: number) => `order-${String(number).padStart(9, '0')}`
const uuid = (number: number) => `00000000-0000-7000-9000-${number.toString(16).padStart(12, '0')}`
const searching = (text: string, after?: string): Asked => ({ query: SEARCH, variables: { text, after } })
const filtering = (filter: object): Asked => ({ query: PAYMENTS_WHERE, variables: { filter } })
const email = (payments: number) => `person${Math.floor(anyOf(payments) / PAYMENTS_OF_ONE)}@example.com`

/** What a person looks for among so many payments: one of them, or a page of those that nearly all are. */
export const SALES_QUESTIONS: Readonly<Record<string, (payments: number) => Asked>> = {
  searchReference: (payments) => searching(order(anyOf(payments))),
  searchEmail: (payments) => searching(email(payments)),
  searchBroadFirst: () => searching('order-'),
  searchBroadDeep: (payments) => {
    const number = Math.ceil(anyOf(payments) * 0.9)
    return searching('order-', encodeCursor('SEARCH', { id: uuid(number), value: `PAYMENT ${order(number)}` }))
  },
  paymentsByReference: (payments) => filtering({ reference: order(anyOf(payments)) }),
  paymentsByMetadata: (payments) => filtering({ metadata: [{ key: 'basket', value: `b${anyOf(payments)}` }] }),
  paymentsByCommonMetadata: () => filtering({ metadata: [{ key: 'channel', value: 'web' }] }),
  paymentsByEmail: (payments) => filtering({ customerEmail: email(payments) }),
}
