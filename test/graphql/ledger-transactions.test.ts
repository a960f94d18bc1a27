import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeId, encodeId, newId } from '../../src/kernel/id.ts'
import { eventually } from '../support/app.ts'
import { type Door, openDoor } from './door.ts'
import { ledgerApi, usd } from './ledger-api.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let api: ReturnType<typeof ledgerApi>
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  api = ledgerApi(ask)
})
afterAll(() => door.close())

const balance = async (id: string) => (await api.see(id, 'balance { amount }')).balance.amount

const WHOLE = `id type state recipe total { amount minor currency } refunded { amount } metadata expiresAt createdAt completedAt
  reference { id } cause { id } parent { id } account { id balance { amount } }
  charges { destination { id } subtotal { amount } converted { amount currency } rate refunded { amount } metadata }
  parts { type state parent { id } } entries { account { id } amount { amount } balanceAfter { amount } }`

test('a payment has one EXTERNAL transaction, one INTERNAL part for each charge, and entries that tell the balances', async () => {
  const [from, shop, fee] = [await api.account({}, '10.00'), await api.account(), await api.account()]
  const charges = [
    { destinationId: shop, subtotal: usd('6.99'), metadata: { for: 'mug' } },
    { destinationId: fee, subtotal: usd('0.01') },
  ]
  const payload = await api.pay(from, { [shop]: '7.00' }, { charges, metadata: { order: 12 } }, WHOLE)
  expect(payload).toMatchObject({ userErrors: [], replayed: false })
  const { object } = payload
  const charge = { converted: null, rate: null, refunded: { amount: '0.00' } }
  const part = { type: 'INTERNAL', state: 'COMPLETED', parent: { id: object.id } }
  expect(object).toEqual({
    id: expect.stringMatching(/^txn_/),
    type: 'EXTERNAL',
    state: 'COMPLETED',
    recipe: 'transfer',
    total: { amount: '7.00', minor: '700', currency: 'USD' },
    refunded: { amount: '0.00' },
    metadata: { order: 12 },
    expiresAt: null,
    createdAt: expect.any(String),
    completedAt: object.createdAt,
    reference: null,
    cause: null,
    parent: null,
    account: { id: from, balance: { amount: '3.00' } },
    charges: [
      { ...charge, destination: { id: shop }, subtotal: { amount: '6.99' }, metadata: { for: 'mug' } },
      { ...charge, destination: { id: fee }, subtotal: { amount: '0.01' }, metadata: {} },
    ],
    parts: [part, part],
    entries: [
      { account: { id: from }, amount: { amount: '-7.00' }, balanceAfter: { amount: '3.00' } },
      { account: { id: shop }, amount: { amount: '6.99' }, balanceAfter: { amount: '6.99' } },
      { account: { id: fee }, amount: { amount: '0.01' }, balanceAfter: { amount: '0.01' } },
    ],
  })
  const { data } = await ask(`query ($id: ID!) { ledgerTransaction(by: { id: $id }) { ${WHOLE} } }`, { id: object.id })
  expect(data.ledgerTransaction, 'the row that was handed back is the row that is kept').toEqual(object)
})

test('a repeat with the same key moves nothing, and is answered with the same transaction', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const key = { idempotencyKey: 'pay once' }
  const first = await api.pay(from, { [to]: '4.00' }, key, 'id total { amount } createdAt')
  const again = await api.pay(from, { [to]: '4.00' }, key, 'id total { amount } createdAt')
  expect(again).toEqual({ ...first, replayed: true })
  expect(await balance(to)).toBe('4.00')
  const other = await api.pay(from, { [to]: '5.00' }, key)
  expect(other.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }])
})

test('what is missing is told with what there is', async () => {
  const [from, to] = [await api.account({}, '3.00'), await api.account()]
  const { object, userErrors } = await api.pay(from, { [to]: '3.01' })
  expect(object).toBeNull()
  expect(userErrors).toEqual([
    {
      __typename: 'InsufficientFunds',
      code: 'INSUFFICIENT_FUNDS',
      field: null,
      message: expect.any(String),
      available: { amount: '3.00', currency: 'USD' },
      accountId: from,
    },
  ])
})

test('what is available in a currency of one’s own is told with its digits', async () => {
  await api.done(api.change('createCurrency', 'currency', { code: 'COIN', exponent: 4 }))
  const from = await api.account({ currency: 'COIN' }, '1.0005')
  const to = await api.account({ currency: 'COIN' })
  const coin = (amount: string) => ({ amount, currency: 'COIN' })
  const input = { accountId: from, total: coin('2'), charges: [{ destinationId: to, subtotal: coin('2') }] }
  const { userErrors } = await api.change('createTransaction', 'transaction', input)
  expect(userErrors).toMatchObject([{ available: { amount: '1.0005', currency: 'COIN' } }])
})

test('every bad part of a payment is named', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const euros = await api.account({ currency: 'EUR' })
  const nobody = encodeId('Account', newId())
  const charge = (destinationId: string, subtotal = usd('1.00')) => ({ destinationId, subtotal })
  const refused = async (charges: object[], more: object = {}) =>
    (await api.pay(from, { [to]: '1.00' }, { charges, ...more })).userErrors.map(({ code, field }) => [
      code,
      field?.join('.'),
    ])
  expect(await refused([charge(nobody), charge('acct_x')])).toEqual([['NOT_FOUND', 'charges.1.destinationId']])
  expect(await refused([charge(nobody), charge(to), charge(from)])).toEqual([
    ['NOT_FOUND', 'charges.0.destinationId'],
    ['INVALID', 'charges.2.destinationId'],
  ])
  expect(await refused([charge(to)], { accountId: nobody })).toEqual([['NOT_FOUND', 'accountId']])
  expect(await refused([charge(to), charge(to)])).toEqual([['TOTALS_MISMATCH', 'total']])
  expect(await refused([charge(to, { amount: '1.00', currency: 'EUR' })])).toEqual([
    ['CURRENCY_MISMATCH', 'charges.0.subtotal.currency'],
  ])
  expect(await refused([charge(euros)])).toEqual([['RATE_MISSING', 'charges.0.destinationId']])
  expect(await refused([charge(to, usd('0.001'))])).toEqual([['INVALID', 'charges.0.subtotal.amount']])
  expect(await refused([charge(to, usd('-1.00'))])).toEqual([['OUT_OF_RANGE', 'charges.0.subtotal.amount']])
  expect(await refused([])).toMatchObject([[expect.any(String), 'charges']])
  expect(await balance(from)).toBe('10.00')
})

test('a charge into another currency is converted at the rate of the moment, which it keeps', async () => {
  const from = await api.account({}, '100.00')
  const yen = await api.account({ currency: 'JPY' })
  const rate = await api.done(
    api.change('setRate', 'rate', { from: 'USD', to: 'JPY', rate: '150.255' }, 'id from to rate'),
  )
  expect(rate).toEqual({ id: expect.stringMatching(/^rate_/), from: 'USD', to: 'JPY', rate: '150.255' })
  const selection =
    'id charges { subtotal { amount } converted { amount currency } rate rounding } entries { amount { amount currency } account { externalId } }'
  const paid = await api.done(api.pay(from, { [yen]: '10.00' }, {}, selection))
  expect(paid.charges).toEqual([
    {
      subtotal: { amount: '10.00' },
      converted: { amount: '1502', currency: 'JPY' },
      rate: '150.255',
      rounding: '0.55',
    },
  ])
  expect(paid.entries).toMatchObject([
    { amount: { amount: '-10.00', currency: 'USD' } },
    { amount: { amount: '10.00' }, account: { externalId: 'exchange:USD' } },
    { amount: { amount: '-1502', currency: 'JPY' }, account: { externalId: 'exchange:JPY' } },
    { amount: { amount: '1502' } },
  ])
  await api.done(api.change('setRate', 'rate', { from: 'USD', to: 'JPY', rate: '2' }))
  const { data } = await ask('query ($id: ID!) { ledgerTransaction(by: { id: $id }) { charges { rate } } }', {
    id: paid.id,
  })
  expect(data.ledgerTransaction.charges).toEqual([{ rate: '150.255' }])
  const rates = await ask('{ rates(filter: { from: "USD", to: "JPY" }) { totalCount edges { node { rate } } } }')
  expect(rates.data.rates).toEqual({ totalCount: 2, edges: [{ node: { rate: '2' } }, { node: { rate: '150.255' } }] })
})

test('where money moves a key is required', async () => {
  const [from, to] = [await api.account({}, '1.00'), await api.account()]
  const { userErrors } = await api.pay(from, { [to]: '1.00' }, { idempotencyKey: '' })
  expect(userErrors).toMatchObject([{ code: 'REQUIRED', field: ['idempotencyKey'] }])
})

test('one request sees what its own mutations did, one after another', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const input = (
    key: string,
  ) => `{ idempotencyKey: "${key}", accountId: "${from}", total: { amount: "1.00", currency: "USD" },
    charges: [{ destinationId: "${to}", subtotal: { amount: "1.00", currency: "USD" } }] }`
  const seen = 'transaction { account { balance { amount } } charges { destination { balance { amount } } } }'
  const { data } = await ask(
    `mutation { a: createTransaction(input: ${input('a')}) { ${seen} } b: createTransaction(input: ${input('b')}) { ${seen} } }`,
  )
  expect(data.a.transaction).toMatchObject({
    account: { balance: { amount: '9.00' } },
    charges: [{ destination: { balance: { amount: '1.00' } } }],
  })
  expect(data.b.transaction).toMatchObject({
    account: { balance: { amount: '8.00' } },
    charges: [{ destination: { balance: { amount: '2.00' } } }],
  })
})

test('a refusal of the posting itself is a userError too', async () => {
  const [from, to] = [await api.account({}, '1.00'), await api.account()]
  await api.done(api.pay(from, { [to]: '0.50' }))
  // Nothing deletes an account; the plan remembers this one, and only the posting finds it gone.
  const uuid = decodeId(to)?.uuid
  const { pool } = door.app.db
  await pool.query(
    'ALTER TABLE account DISABLE TRIGGER ALL; ALTER TABLE entry DISABLE TRIGGER ALL; ALTER TABLE ledger_transaction DISABLE TRIGGER ALL',
  )
  await pool.query('DELETE FROM account WHERE id = $1', [uuid])
  const { object, userErrors } = await api.pay(from, { [to]: '0.25' })
  expect(object).toBeNull()
  expect(userErrors).toMatchObject([{ __typename: 'InputError', code: 'NOT_FOUND' }])
})

test('a seller’s key moves nothing and sees nothing of the books', async () => {
  const { tenantId } = await door.house.actor()
  const seller = {
    tenantId,
    id: newId(),
    name: 'Sue',
    lastName: 'Seller',
    email: 'sue@example.com',
    role: 'USER' as const,
  }
  await door.app.db.prisma.user.create({ data: seller })
  const asks = await door.as('TEST', 'USER', seller.id)
  for (const query of [
    'mutation { createTransaction(input: { idempotencyKey: "x", accountId: "x", total: { amount: "1", currency: "USD" }, charges: [] }) { replayed } }',
    'mutation { createCurrency(input: { code: "ABC", exponent: 1 }) { replayed } }',
    '{ currencies { totalCount } }',
    '{ accountStats(groupBy: [KIND]) { count } }',
  ]) {
    expect((await asks(query)).errors?.[0]?.extensions?.code).toBe('FORBIDDEN')
  }
})

test('an event shows the currency and the rate that it is about', async () => {
  await eventually(async () => {
    const { data } = await ask(`{ events(filter: { types: ["currency.created", "rate.set"] }) {
      edges { node { type entity { __typename ... on Currency { code exponent } ... on Rate { rate } } } } } }`)
    const types = data.events.edges.map(
      ({ node }: { node: { entity: { __typename: string } } }) => node.entity.__typename,
    )
    return types.includes('Currency') && types.includes('Rate')
  })
})
