import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Api } from '../support/api.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

let gateway: OpenGateway
let api: Api
beforeAll(async () => {
  gateway = await startGateway()
  api = gateway.api
})
afterAll(() => gateway.stop())

let keys = 0
const ERRORS = `userErrors { __typename code message field
  ... on AmountTooSmall { smallest { amount currency } }
  ... on OverdraftLimitExceeded { accountId available { amount currency } } }`

/** A mutation, with a key of its own. */
async function change(name: string, object: string, input: object) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`
  const query = `mutation ($input: ${type}) { result: ${name}(input: $input) { object: ${object} { id } ${ERRORS} } }`
  const { result } = await api.ask<{ result: { object: { id: string } | null; userErrors: object[] } }>(query, {
    input: { idempotencyKey: `key-${keys++}`, ...input },
  })
  return result
}

async function account(currency: string, amount?: string): Promise<string> {
  const { object } = await change('createAccount', 'account', { kind: 'CLIENT', currency })
  const id = object?.id ?? ''
  if (amount) await change('fundAccount', 'transaction', { accountId: id, total: { amount, currency } })
  return id
}

const pay = (accountId: string, destinationId: string, amount: string, currency: string) => {
  const total = { amount, currency }
  return change('createTransaction', 'transaction', { accountId, total, charges: [{ destinationId, subtotal: total }] })
}

const setRate = (from: string, to: string, rate: string) => change('setRate', 'rate', { from, to, rate })

async function balance(by: object): Promise<string> {
  const query = 'query ($by: AccountBy!) { account(by: $by) { balance { amount } } }'
  const { account } = await api.ask<{ account: { balance: { amount: string } } }>(query, { by })
  return account.balance.amount
}

async function proof() {
  const { ledger } = await api.ask<{ ledger: { proof: object } }>(
    '{ ledger { proof { balanced breaks { message } } } }',
  )
  return ledger.proof
}

test('a hundred payments of a cent bring no more than one of a hundred cents, there and back', async () => {
  await setRate('USD', 'EUR', '0.6')
  await setRate('EUR', 'USD', '1.6667')
  const [dollars, euros] = [await account('USD', '1.00'), await account('EUR', '1.00')]

  const there = await Promise.all(Array.from({ length: 100 }, () => pay(dollars, euros, '0.01', 'USD')))
  for (const { object, userErrors } of there) {
    expect(object).toBeNull()
    expect(userErrors).toMatchObject([
      {
        __typename: 'AmountTooSmall',
        code: 'AMOUNT_TOO_SMALL',
        message: expect.stringContaining('converts to less than 0.01 EUR at the rate 0.6'),
        field: ['charges', '0', 'subtotal', 'amount'],
        smallest: { amount: '0.02', currency: 'USD' },
      },
    ])
  }
  expect([await balance({ id: dollars }), await balance({ id: euros })]).toEqual(['1.00', '1.00'])

  const back = await Promise.all(Array.from({ length: 100 }, () => pay(euros, dollars, '0.01', 'EUR')))
  expect(back.flatMap(({ userErrors }) => userErrors)).toEqual([])
  // Each is worth 1.6667 cents.
  expect([await balance({ id: dollars }), await balance({ id: euros })]).toEqual(['2.00', '0.00'])
  expect(await balance({ externalId: 'rounding-gains:USD' })).toBe('0.66')
  expect(await balance({ externalId: 'exchange:EUR' })).toBe('1.00')
  expect(await balance({ externalId: 'exchange:USD' })).toBe('-1.66')
  expect(await proof()).toEqual({ balanced: true, breaks: [] })
})

test('a thousandth of a dinar that is worth no cent is not taken', async () => {
  await change('createCurrency', 'currency', { code: 'KWD', exponent: 3 })
  await setRate('KWD', 'USD', '3.2567')
  const [dinars, dollars] = [await account('KWD', '1.000'), await account('USD')]
  const { object, userErrors } = await pay(dinars, dollars, '0.001', 'KWD')
  expect(object).toBeNull()
  expect(userErrors).toMatchObject([{ __typename: 'AmountTooSmall', smallest: { amount: '0.004', currency: 'KWD' } }])
  expect([await balance({ id: dinars }), await balance({ id: dollars })]).toEqual(['1.000', '0.00'])
  expect((await pay(dinars, dollars, '0.004', 'KWD')).userErrors).toEqual([])
  expect([await balance({ id: dinars }), await balance({ id: dollars })]).toEqual(['0.996', '0.01'])
})

test('an exchange account is limited as soon as a rate is set, and what passes the limit is refused by name', async () => {
  await setRate('USD', 'GBP', '0.5')
  const query = '{ account(by: { externalId: "exchange:GBP" }) { id overdraft overdraftLimit { amount currency } } }'
  const { account: exchange } = await api.ask<{ account: { id: string } }>(query)
  expect(exchange).toMatchObject({ overdraft: true, overdraftLimit: null })
  expect(await change('updateAccount', 'account', { id: exchange.id, overdraftLimit: '1.00' })).toMatchObject({
    userErrors: [],
  })
  expect(await api.ask(query)).toMatchObject({ account: { overdraftLimit: { amount: '1.00', currency: 'GBP' } } })
  const [dollars, pounds] = [await account('USD', '10.00'), await account('GBP')]
  expect((await pay(dollars, pounds, '1.00', 'USD')).userErrors).toEqual([])
  const { object, userErrors } = await pay(dollars, pounds, '1.02', 'USD')
  expect(object).toBeNull()
  expect(userErrors).toMatchObject([
    {
      __typename: 'OverdraftLimitExceeded',
      code: 'OVERDRAFT_LIMIT_EXCEEDED',
      accountId: exchange.id,
      available: { amount: '0.50', currency: 'GBP' },
    },
  ])
  expect(await balance({ id: dollars })).toBe('9.00')
})
