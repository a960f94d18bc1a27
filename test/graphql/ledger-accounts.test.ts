import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
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

const ALL = 'id externalId name kind currency frozen overdraft balance { amount minor currency } metadata'

test('an account is opened with everything that is said of it, and is found by id and by external id', async () => {
  const input = {
    externalId: 'till-1',
    name: 'Till',
    kind: 'SYSTEM',
    currency: 'JPY',
    overdraft: true,
    metadata: { a: 1 },
  }
  const account = await api.done(api.change('createAccount', 'account', input, ALL))
  expect(account).toEqual({
    ...input,
    id: expect.stringMatching(/^acct_/),
    frozen: false,
    balance: { amount: '0', minor: '0', currency: 'JPY' },
  })
  for (const by of [{ id: account.id }, { externalId: 'till-1' }]) {
    const { data } = await ask(`query ($by: AccountBy!) { account(by: $by) { ${ALL} } }`, { by })
    expect(data.account).toEqual(account)
  }
})

test.each([
  ['an external id that is taken', { externalId: 'taken' }, 'ALREADY_EXISTS', ['externalId']],
  ['a currency that nobody knows', { currency: 'XYZ' }, 'NOT_FOUND', ['currency']],
  ['metadata that is nested', { metadata: { a: { b: 1 } } }, 'INVALID', ['metadata', 'a']],
])('%s is refused by name', async (_name, more, code, field) => {
  if (code === 'ALREADY_EXISTS') await api.account({ externalId: 'taken' })
  const { object, userErrors } = await api.change('createAccount', 'account', {
    kind: 'CLIENT',
    currency: 'USD',
    ...more,
  })
  expect(object).toBeNull()
  expect(userErrors).toMatchObject([{ __typename: 'InputError', code, field }])
})

test('an update changes what is given, and takes no overdraft away that is used', async () => {
  const id = await api.account({ name: 'before', overdraft: true })
  const to = await api.account()
  const change = (input: object) => api.change('updateAccount', 'account', { id, ...input }, 'name overdraft metadata')
  expect(await api.done(change({ metadata: { tier: 'gold' } }))).toEqual({
    name: 'before',
    overdraft: true,
    metadata: { tier: 'gold' },
  })
  await api.done(api.pay(id, { [to]: '5.00' }))
  expect((await change({ overdraft: false })).userErrors).toMatchObject([
    { code: 'INVALID_STATE', field: ['overdraft'] },
  ])
  await api.fund(id, '5.00')
  expect(await api.done(change({ overdraft: false }))).toMatchObject({ overdraft: false })
  const unknown = await api.change('updateAccount', 'account', { id: encodeId('Account', newId()), name: 'x' })
  expect(unknown.userErrors).toMatchObject([{ code: 'NOT_FOUND', field: ['id'] }])
})

test('a frozen account neither pays nor is paid, and says which one it is', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const set = (verb: string) => api.done(api.change(`${verb}Account`, 'account', { id: from }, 'frozen'))
  expect(await set('freeze')).toEqual({ frozen: true })
  const refusal = [{ __typename: 'AccountFrozen', code: 'ACCOUNT_FROZEN', accountId: from }]
  expect((await api.pay(from, { [to]: '1.00' })).userErrors).toMatchObject(refusal)
  expect((await api.hold(from, { [to]: '1.00' })).userErrors).toMatchObject(refusal)
  expect((await api.pay(await api.account({}, '1.00'), { [from]: '1.00' })).userErrors).toMatchObject(refusal)
  const funding = { accountId: from, total: usd('1.00') }
  expect((await api.change('fundAccount', 'transaction', funding)).userErrors).toMatchObject(refusal)
  expect(await set('unfreeze')).toEqual({ frozen: false })
  await api.done(api.pay(from, { [to]: '1.00' }))
})

test('funding comes from the world, and the books still balance', async () => {
  const id = await api.account()
  const funded = await api.done(
    api.change(
      'fundAccount',
      'transaction',
      { accountId: id, total: usd('12.34'), metadata: { why: 'gift' } },
      'recipe type state total { amount } metadata account { externalId } charges { destination { id } subtotal { amount } }',
    ),
  )
  expect(funded).toEqual({
    recipe: 'funding',
    type: 'EXTERNAL',
    state: 'COMPLETED',
    total: { amount: '12.34' },
    metadata: { why: 'gift' },
    account: { externalId: 'world:USD' },
    charges: [{ destination: { id }, subtotal: { amount: '12.34' } }],
  })
  const { data } = await ask('{ ledger { proof { balanced breaks { message } } } }')
  expect(data.ledger.proof).toEqual({ balanced: true, breaks: [] })
})

test('held and available stand beside the balance, and the holds that make the difference are listed', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  const { id } = await api.done(api.hold(from, { [to]: '4.00' }))
  const selection =
    'balance { amount } held { amount } available { amount } holds(first: 5) { totalCount edges { node { id state } } }'
  expect(await api.see(from, selection)).toEqual({
    balance: usdOf('10.00'),
    held: usdOf('4.00'),
    available: usdOf('6.00'),
    holds: { totalCount: 1, edges: [{ node: { id, state: 'HELD' } }] },
  })
  await api.done(api.change('completeHold', 'transaction', { transactionId: id }))
  expect(await api.see(from, 'held { amount } holds { totalCount }')).toEqual({
    held: usdOf('0.00'),
    holds: { totalCount: 0 },
  })
})

function usdOf(amount: string) {
  return { amount }
}

test('a balance is told as it was at any moment', async () => {
  const [from, to] = [await api.account({}, '10.00'), await api.account()]
  await api.done(api.pay(from, { [to]: '3.00' }))
  const list = await api.see(from, 'entries { edges { node { at balanceAfter { amount } } } }')
  const [second, first] = list.entries.edges.map(({ node }: { node: { at: string } }) => node.at)
  const asOf = async (at: string) => (await api.see(from, `balance(asOf: "${at}") { amount }`)).balance.amount
  expect(await asOf('2020-01-01T00:00:00Z')).toBe('0.00')
  expect(await asOf(first)).toBe(first === second ? '7.00' : '10.00')
  expect(await asOf(second)).toBe('7.00')
  expect(await asOf('2090-01-01T00:00:00Z')).toBe('7.00')
})

describe('lists of accounts', () => {
  const codes = async (filter: object, orderBy?: object) => {
    const query =
      'query ($filter: AccountFilter, $orderBy: AccountOrder) { accounts(first: 50, filter: $filter, orderBy: $orderBy) { edges { node { name } } } }'
    const { data, errors } = await ask(query, { filter: { search: 'list-', ...filter }, orderBy })
    expect(errors).toBeUndefined()
    return data.accounts.edges.map(({ node }: { node: { name: string } }) => node.name)
  }

  beforeAll(async () => {
    await api.done(api.change('createCurrency', 'currency', { code: 'GEMS', exponent: 3, name: 'Gems' }))
    await api.account({ name: 'list-a', externalId: 'l-a', metadata: { tier: 'gold', level: 7 } }, '1.00')
    await api.account({ name: 'list-b', kind: 'SYSTEM', metadata: { tier: 'gold' } }, '2.50')
    await api.account({ name: 'list-c' }, '30.00')
    await api.account({ name: 'list-gems', currency: 'GEMS' }, '2.125')
    const frozen = await api.account({ name: 'list-frozen', currency: 'EUR' })
    await api.done(api.change('freezeAccount', 'account', { id: frozen }))
  })

  test.each([
    ['kind', { kind: 'SYSTEM' }, ['list-b']],
    ['currency', { currency: 'EUR' }, ['list-frozen']],
    ['frozen', { frozen: true }, ['list-frozen']],
    ['external id', { externalId: 'l-a' }, ['list-a']],
    ['an exact balance', { balance: { currency: 'USD', equals: '2.5' } }, ['list-b']],
    [
      'a range that has its ends',
      { balance: { currency: 'USD', atLeast: '1.00', atMost: '2.50' } },
      ['list-b', 'list-a'],
    ],
    ['a range without its ends', { balance: { currency: 'USD', above: '1', below: '30' } }, ['list-b']],
    [
      'a bound with more digits than the currency',
      { balance: { currency: 'USD', above: '2.499' } },
      ['list-c', 'list-b'],
    ],
    ['the balance in an own currency', { balance: { currency: 'GEMS', equals: '2.125' } }, ['list-gems']],
    ['the balance in no currency', { balance: { currency: 'NONE', atLeast: '0' } }, []],
    ['metadata', { metadata: [{ key: 'tier', value: 'gold' }] }, ['list-b', 'list-a']],
    [
      'metadata, all of it',
      {
        metadata: [
          { key: 'tier', value: 'gold' },
          { key: 'level', value: '7' },
        ],
      },
      ['list-a'],
    ],
    ['no moment of the past', { createdBefore: '2020-01-01T00:00:00Z' }, []],
    ['a moment in the past', { createdFrom: '2020-01-01T00:00:00Z', kind: 'SYSTEM' }, ['list-b']],
  ])('are filtered by %s', async (_name, filter, names) => {
    expect(await codes(filter)).toEqual(names)
  })

  test('are ordered by balance', async () => {
    expect(await codes({ currency: 'USD' }, { field: 'BALANCE', direction: 'ASC' })).toEqual([
      'list-a',
      'list-b',
      'list-c',
    ])
  })

  test('a bound that is no decimal is BAD_USER_INPUT', async () => {
    const query = '{ accounts(filter: { balance: { currency: "USD", above: "much" } }) { totalCount } }'
    expect((await ask(query)).errors?.[0]).toMatchObject({
      message: '`above` must be a decimal',
      extensions: { code: 'BAD_USER_INPUT' },
    })
  })
})
