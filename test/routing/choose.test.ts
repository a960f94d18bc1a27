import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CheckoutKind } from '../../src/db/generated/enums.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import type { Connected } from '../../src/providers/registry.ts'
import { chooseProvider } from '../../src/routing/choose.ts'
import { MADE_UP } from '../providers/made-up/row.ts'
import { type OpenGateway, startGateway } from '../support/gateway.ts'

/** A connection that sells these kinds in these currencies. */
function connection(name: string, kinds: CheckoutKind[], currencies: string[], isDown = false): Connected {
  return {
    ...{ name, connectionId: name, tenantId: 't', simulated: false, missing: [], capabilitiesCheckedAt: null, isDown },
    checkouts: { kinds, currencies, open: () => Promise.reject(new Error('nothing is opened here')) },
  }
}

const dollars = connection('DOLLARS', ['PAYMENT', 'SUBSCRIPTION'], ['USD'])
const both = connection('BOTH', ['PAYMENT'], ['USD', 'JPY'])
const down = connection('DOWN', ['PAYMENT', 'SUBSCRIPTION'], ['USD', 'JPY'], true)
const books: Connected = { ...connection('BOOKS', [], []), checkouts: undefined } as unknown as Connected

describe('of several providers', () => {
  test.each([
    ['the first that can', [dollars, both], { kind: 'PAYMENT', currency: 'USD' }, 'DOLLARS'],
    ['the first that takes the currency', [dollars, both], { kind: 'PAYMENT', currency: 'JPY' }, 'BOTH'],
    ['the first that does the kind', [both, dollars], { kind: 'SUBSCRIPTION', currency: 'USD' }, 'DOLLARS'],
    ['one that is not known to be down', [down, both], { kind: 'PAYMENT', currency: 'JPY' }, 'BOTH'],
    ['one that is down where no other can', [both, down], { kind: 'SUBSCRIPTION', currency: 'USD' }, 'DOWN'],
    ['the one that is named', [dollars, both], { kind: 'PAYMENT', currency: 'USD', provider: 'BOTH' }, 'BOTH'],
    ['the one that is named, though it is down', [both, down], { kind: 'PAYMENT', provider: 'DOWN' }, 'DOWN'],
    ['none that sells nothing', [books, both], { kind: 'PAYMENT', currency: 'USD' }, 'BOTH'],
  ] as const)('it is %s', (_which, connected, wish, name) => {
    expect(chooseProvider(connected, wish).provider.name).toBe(name)
  })

  test('the reason says why each that comes before was not chosen', () => {
    const { reason } = chooseProvider([dollars, down, both], { kind: 'PAYMENT', currency: 'JPY' })
    expect(reason).toBe('DOLLARS accepts only prices in USD; DOWN could not be reached; BOTH is the next that can')
  })

  test('where none can, the refusal says what each does not do', () => {
    expect(() => chooseProvider([dollars, both], { kind: 'SUBSCRIPTION', currency: 'JPY' })).toThrow(
      'no connected provider can: DOLLARS accepts only prices in USD; BOTH does not support checkouts of the kind SUBSCRIPTION',
    )
  })

  test('where none is connected, the refusal says how one is', () => {
    expect(() => chooseProvider([], { kind: 'PAYMENT' })).toThrow('connectProvider connects one')
    expect(() => chooseProvider([dollars], { kind: 'PAYMENT', provider: 'BOTH' })).toThrow('BOTH is not connected')
  })
})

describe('a checkout that names no provider', () => {
  let gateway: OpenGateway
  beforeAll(async () => {
    gateway = await startGateway({ providers: { ...PROVIDERS, MADE_UP } })
  })
  afterAll(() => gateway.stop())

  const CREATE = `mutation ($input: CreateCheckoutInput!) {
    createCheckout(input: $input) { checkout { provider status } userErrors { code message field } }
  }`
  const create = async (input: object) =>
    (await gateway.api.ask<{ createCheckout: { checkout: object; userErrors: object[] } }>(CREATE, { input }))
      .createCheckout
  const item = (currency: string) => ({
    item: { name: 'Green tea', description: 'One hundred grams', price: { amount: '500', currency } },
  })

  test.each([
    ['JPY', 'MADE_UP'],
    ['USD', 'QBITFLOW'],
  ])('in %s is opened at %s, and the log says why', async (currency, provider) => {
    const { checkout, userErrors } = await create({ kind: 'PAYMENT', ...item(currency), idempotencyKey: currency })
    expect(userErrors).toEqual([])
    expect(checkout).toEqual({ provider, status: 'OPEN' })
    const chosen = gateway.lines.filter(({ msg }) => msg === 'a provider was chosen')
    expect(chosen.at(-1)).toMatchObject({ provider, reason: expect.stringContaining(provider) })
  })

  test('of a product is opened where the price of the product is taken', async () => {
    const PRODUCT = `mutation { createProduct(input: { name: "Tea pot", description: "For two", price: { amount: "900", currency: "JPY" } }) {
      product { id } userErrors { message } } }`
    const made = await gateway.api.ask<{ createProduct: { product: { id: string } } }>(PRODUCT)
    const { checkout } = await create({
      kind: 'PAYMENT',
      productId: made.createProduct.product.id,
      idempotencyKey: 'pot',
    })
    expect(checkout).toEqual({ provider: 'MADE_UP', status: 'OPEN' })
  })

  test('is refused with what each provider does not do, where none can', async () => {
    const input = {
      kind: 'SUBSCRIPTION',
      ...item('JPY'),
      frequency: { value: 1, unit: 'MONTHS' },
      idempotencyKey: 'no',
    }
    const { checkout, userErrors } = await create(input)
    expect(checkout).toBeNull()
    const message = expect.stringMatching(
      /QBITFLOW accepts only prices in USD; MADE_UP does not support .* SUBSCRIPTION/,
    )
    expect(userErrors).toEqual([{ code: 'UNSUPPORTED', field: ['provider'], message }])
  })
})
