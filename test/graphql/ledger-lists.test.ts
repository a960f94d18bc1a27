import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Door, openDoor } from './door.ts'
import { ledgerApi, usd } from './ledger-api.ts'

let door: Door
let ask: Awaited<ReturnType<Door['as']>>
let api: ReturnType<typeof ledgerApi>
const ids: Record<string, string> = {}

/** A shop that was funded, paid a seller three times, gave one payment back, refunded a part of one, and holds money. */
beforeAll(async () => {
  door = await openDoor()
  ask = await door.as()
  api = ledgerApi(ask)
  ids.shop = await api.account({ name: 'shop' }, '100.00')
  ids.seller = await api.account({ name: 'seller' })
  ids.fees = await api.account({ name: 'fees' })
  const pay = async (name: string, amount: string, more: object = {}) => {
    ids[name] = (await api.done(api.pay(ids.shop as string, { [ids.seller as string]: amount }, more))).id
  }
  await pay('small', '1.00', { metadata: { order: 'A-1', vip: true } })
  await pay('middle', '5.00', { metadata: { order: 'A-2' } })
  await pay('large', '20.00')
  ids.fee = (await api.done(api.pay(ids.shop, { [ids.fees]: '2.00' }))).id
  ids.held = (await api.done(api.hold(ids.shop, { [ids.seller]: '7.00' }))).id
  const refunds = [{ destinationId: ids.seller, subtotal: usd('4.00') }]
  ids.refund = (
    await api.done(api.change('refundTransaction', 'transaction', { transactionId: ids.large, refunds }))
  ).id
  ids.mirror = (await api.done(api.change('rollbackTransaction', 'transaction', { transactionId: ids.small }))).id
})
afterAll(() => door.close())

const nameOf = (id: string) => Object.keys(ids).find((name) => ids[name] === id) ?? 'another'

async function transactions(filter?: object): Promise<string[]> {
  const query =
    'query ($filter: LedgerTransactionFilter) { ledger { transactions(first: 50, filter: $filter) { totalCount edges { node { id } } } } }'
  const { data, errors } = await ask(query, { filter })
  expect(errors).toBeUndefined()
  const { edges, totalCount } = data.ledger.transactions
  expect(totalCount).toBe(edges.length)
  return edges.map(({ node }: { node: { id: string } }) => nameOf(node.id))
}

describe('lists of transactions', () => {
  test('show what is EXTERNAL, newest first', async () => {
    expect(await transactions()).toEqual(['refund', 'held', 'fee', 'large', 'middle', 'small', 'another'])
  })

  test('show what is INTERNAL when it is asked for, by a word or by its type', async () => {
    const all = await transactions({ includeInternal: true })
    const internal = await transactions({ type: 'INTERNAL' })
    expect(internal[0]).toBe('mirror')
    // A part for each of the seven, and the mirror.
    expect(internal).toHaveLength(8)
    expect(all).toHaveLength(15)
    expect(await transactions({ type: 'EXTERNAL', includeInternal: true })).toHaveLength(7)
  })

  test.each([
    ['state', { state: 'HELD' }, ['held']],
    ['another state', { state: 'PARTIALLY_REFUNDED' }, ['large']],
    ['recipe', { recipe: 'refund' }, ['refund']],
    ['the account that pays', { accountId: 'shop' }, ['refund', 'held', 'fee', 'large', 'middle', 'small']],
    ['a destination', { destinationId: 'fees' }, ['fee']],
    ['what they refer to', { referenceId: 'large' }, ['refund']],
    ['what an INTERNAL one refers to', { referenceId: 'small', includeInternal: true }, ['mirror']],
    ['a currency', { currency: 'EUR' }, []],
    ['an exact total', { total: { currency: 'USD', equals: '5' } }, ['middle']],
    ['a range of totals', { total: { currency: 'USD', atLeast: '2', below: '7' } }, ['refund', 'fee', 'middle']],
    ['metadata', { metadata: [{ key: 'order', value: 'A-2' }] }, ['middle']],
    ['metadata that is no text', { metadata: [{ key: 'vip', value: 'true' }] }, ['small']],
    ['a time to come', { createdFrom: '2090-01-01T00:00:00Z' }, []],
    ['a time that is over', { createdBefore: '2020-01-01T00:00:00Z' }, []],
    ['an id of another kind', { referenceId: 'shop' }, []],
  ])('are filtered by %s', async (_name, filter: Record<string, unknown>, names) => {
    const resolved = Object.entries(filter).map(([key, value]) => [
      key,
      key.endsWith('Id') ? ids[value as string] : value,
    ])
    expect(await transactions(Object.fromEntries(resolved))).toEqual(names)
  })

  test('of an account are those that it pays', async () => {
    const of = async (id: string) => {
      const list = await api.see(id, 'transactions { totalCount edges { node { id } } }')
      return list.transactions.edges.map(({ node }: { node: { id: string } }) => nameOf(node.id))
    }
    expect(await of(ids.shop as string)).toEqual(['refund', 'held', 'fee', 'large', 'middle', 'small'])
    expect(await of(ids.seller as string)).toEqual([])
  })
})

describe('lists of entries', () => {
  const QUERY = `query ($filter: EntryFilter, $first: Int, $after: String, $last: Int, $before: String) {
    ledger { entries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount pageInfo { endCursor startCursor hasNextPage hasPreviousPage }
      edges { node { id amount { amount } account { id } } } } } }`

  async function entries(variables: object) {
    const { data, errors } = await ask(QUERY, variables)
    expect(errors).toBeUndefined()
    const { edges, ...page } = data.ledger.entries
    return { ...page, amounts: edges.map(({ node }: { node: { amount: { amount: string } } }) => node.amount.amount) }
  }

  test.each([
    ['account', { accountId: 'seller' }, ['-1.00', '-4.00', '20.00', '5.00', '1.00']],
    ['direction', { accountId: 'seller', direction: 'OUT' }, ['-1.00', '-4.00']],
    ['the other direction', { accountId: 'shop', direction: 'IN' }, ['1.00', '4.00', '100.00']],
    ['transaction', { transactionId: 'middle' }, ['5.00', '-5.00']],
    [
      'a range of amounts',
      { accountId: 'seller', amount: { currency: 'USD', atLeast: '-1', atMost: '5' } },
      ['-1.00', '5.00', '1.00'],
    ],
    ['time', { accountId: 'seller', postedBefore: '2020-01-01T00:00:00Z' }, []],
  ])('are filtered by %s', async (_name, filter: Record<string, unknown>, amounts) => {
    const resolved = Object.entries(filter).map(([key, value]) => [
      key,
      key.endsWith('Id') ? ids[value as string] : value,
    ])
    expect((await entries({ filter: Object.fromEntries(resolved), first: 50 })).amounts).toEqual(amounts)
  })

  test.each([
    ['all', undefined],
    ['of one account', 'shop'],
  ])('are walked both ways, %s', async (_name, account) => {
    const filter = account ? { accountId: ids[account] } : {}
    const all = await entries({ filter, first: 100 })
    expect(all.amounts).toHaveLength(all.totalCount)
    const forward: string[] = []
    const backward: string[] = []
    let after: string | null = null
    let before: string | null = null
    for (let turn = 0; turn < Math.ceil(all.totalCount / 3); turn++) {
      const ahead: Awaited<ReturnType<typeof entries>> = await entries({ filter, first: 3, after })
      const back: Awaited<ReturnType<typeof entries>> = await entries({ filter, last: 3, before })
      forward.push(...ahead.amounts)
      backward.unshift(...back.amounts)
      after = ahead.pageInfo.endCursor
      before = back.pageInfo.startCursor
    }
    expect(forward).toEqual(all.amounts)
    expect(backward).toEqual(all.amounts)
  })

  test('a cursor of all entries is none of one account’s', async () => {
    const { pageInfo } = await entries({ first: 1 })
    const { errors } = await ask(QUERY, { filter: { accountId: ids.shop }, after: pageInfo.endCursor })
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT')
  })
})

test('currencies are listed by code and by name', async () => {
  for (const [code, name] of [
    ['ORBS', 'Orbs'],
    ['GOLD', 'Pieces of gold'],
  ]) {
    await api.done(api.change('createCurrency', 'currency', { code, exponent: 2, name }))
  }
  const list = async (args: string) => {
    const { data } = await ask(`{ currencies${args} { totalCount edges { node { code exponent name } } } }`)
    return data.currencies.edges.map(({ node }: { node: { code: string } }) => node.code)
  }
  expect(await list('')).toEqual(['GOLD', 'ORBS'])
  expect(await list('(orderBy: { field: CODE, direction: DESC })')).toEqual(['ORBS', 'GOLD'])
  expect(await list('(filter: { search: "pieces" })')).toEqual(['GOLD'])
  expect(await list('(filter: { code: "ORBS" })')).toEqual(['ORBS'])
  const taken = await api.change('createCurrency', 'currency', { code: 'ORBS', exponent: 1 })
  expect(taken.userErrors).toMatchObject([{ code: 'ALREADY_EXISTS', field: ['code'] }])
  const known = await api.change('createCurrency', 'currency', { code: 'USD', exponent: 25 })
  expect(known.userErrors.map(({ field }) => field.join())).toEqual(['code', 'exponent'])
  const rate = await api.change('setRate', 'rate', { from: 'ORBS', to: 'NONE', rate: '0' })
  expect(rate.userErrors).toMatchObject([{ field: ['rate'] }])
})
