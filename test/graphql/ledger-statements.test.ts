import { afterAll, beforeAll, expect, test } from 'vitest'
import { statements } from './counting.ts'
import { type Door, openDoor } from './door.ts'
import { ledgerApi, usd } from './ledger-api.ts'

/** How many statements the ledger takes, however many rows it shows. The first is the look-up of the key. */

const PAYMENTS = 50

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let api: ReturnType<typeof ledgerApi>
let shop: string
let seller: string

beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  api = ledgerApi(ask)
  await api.done(api.change('createCurrency', 'currency', { code: 'GEMS', exponent: 3 }))
  await api.done(api.change('setRate', 'rate', { from: 'USD', to: 'GEMS', rate: '10' }))
  shop = await api.account({}, '1000.00')
  seller = await api.account()
  await Promise.all(
    Array.from({ length: PAYMENTS }, async (_, n) => {
      const own = await api.account({ currency: n % 2 ? 'USD' : 'GEMS' })
      await api.done(api.pay(shop, { [own]: '1.00', [seller]: '0.50' }))
      await api.done(api.hold(shop, { [own]: '1.00' }))
    }),
  )
})
afterAll(() => door.close())

const QUERIES: [string, number, string][] = [
  [
    'transactions with everything that is in them',
    8,
    `ledger { transactions(first: $n) { edges { node { total { amount } account { name }
       charges { destination { name currency } subtotal { amount } converted { amount } refunded { amount } }
       entries { amount { amount } account { id } } } } } }`,
  ],
  [
    'entries with their accounts and transactions',
    4,
    'ledger { entries(first: $n) { edges { node { account { id } transaction { id recipe } } } } }',
  ],
  [
    'accounts with their holds, transactions and entries',
    5,
    `accounts(first: $n) { edges { node { currency balance { minor } holds(first: 2) { edges { node { id } } }
       transactions(first: 2) { edges { node { id } } } entries(first: 2) { edges { node { id } } } } } }`,
  ],
  [
    'accounts of own currencies as they were at a moment',
    4,
    'accounts(first: $n) { edges { node { balance(asOf: "2090-01-01T00:00:00Z") { amount } held { amount } } } }',
  ],
]

// Accounts that one answer asked for are known to the next, so that which of two answers comes first can save one.
test.each(QUERIES)('%s take %i statements at most, for 2 as for 50', async (_name, count, selection) => {
  for (const n of [2, 50]) {
    const seen = await statements(async () => {
      const { errors } = await ask(`query ($n: Int!) { ${selection} }`, { n })
      expect(errors).toBeUndefined()
    })
    expect(seen.length, seen.join('\n')).toBeLessThanOrEqual(count)
  }
})

test('a payment is one statement, and its answer needs no other', async () => {
  const input = { accountId: shop, total: usd('1.00'), charges: [{ destinationId: seller, subtotal: usd('1.00') }] }
  const seen = await statements(async () => {
    const payload = await api.change(
      'createTransaction',
      'transaction',
      input,
      'id state total { amount } metadata createdAt completedAt',
    )
    expect(payload.userErrors).toEqual([])
  })
  expect(seen, seen.join('\n')).toHaveLength(2)
  expect(seen[1]).toContain('ledger_post')
})
