import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { MONTHLY } from './subscribers.ts'
import { PAYER, type Playground, startPlayground } from './support.ts'

/** The provider's own rules, one row each: what it refuses is refused here, so that nobody meets it first in live mode. */

const ITEM = { productName: 'Coffee', description: 'Black', price: 2 }
const PRODUCT = { name: 'Tea', description: 'Green', price: 3 }
const USER = { name: 'Sam', lastName: 'Seller', email: 'sam@example.com', role: 'user' }
const SESSION = '/v1/transaction/session-checkout/new'

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const days = (value: number) => ({ frequency: { value, unit: 'days' } })

describe('a field', () => {
  const forbidden = [...'<>{}[]`\\|;"~^', '\u0000', '\u001b', '\u0085']
  const products = forbidden.flatMap((character) => [
    ['/v1/product', { ...PRODUCT, name: `Te${character}a` }, ['Name']],
    [`${SESSION}/payment`, { ...ITEM, productName: `Co${character}ffee` }, ['ProductName']],
    [`${SESSION}/payment`, { ...ITEM, description: `Bl${character}ack` }, ['Description']],
  ])

  test.each<[string, object, string[]]>([
    ...(products as [string, object, string[]][]),
    ['/v1/product', { ...PRODUCT, name: 'T' }, ['Name']],
    ['/v1/product', { ...PRODUCT, name: '  \n ' }, ['Name']],
    ['/v1/product', { ...PRODUCT, name: 'T'.repeat(101) }, ['Name']],
    ['/v1/product', { ...PRODUCT, description: 'T'.repeat(501) }, ['Description']],
    ['/v1/product', { ...PRODUCT, price: 0 }, ['Price']],
    ['/v1/product', { ...PRODUCT, price: -1 }, ['Price']],
    ['/v1/product', { ...PRODUCT, price: '3' }, ['Price']],
    ['/v1/product', {}, ['Name', 'Description', 'Price']],
    ['/v1/user', { ...USER, name: 'S' }, ['Name']],
    ['/v1/user', { ...USER, lastName: 'Sell/er' }, ['LastName']],
    ['/v1/user', { ...USER, lastName: 'Sell²' }, ['LastName']],
    ['/v1/user', { ...USER, role: 'owner' }, ['Role']],
    ['/v1/user', { ...USER, organizationFeeBps: 1_001 }, ['OrganizationFeeBps']],
    ['/v1/user', { ...USER, organizationFeeBps: -1 }, ['OrganizationFeeBps']],
    ['/v1/user', { ...USER, email: 'sam@example' }, ['Email']],
    ['/v1/user', { ...USER, email: 'sam@@example.com' }, ['Email']],
    ['/v1/customer', { ...PAYER, name: 'Ada (the first)' }, ['Name']],
    ['/v1/customer', { ...PAYER, email: 'a b@example.com' }, ['Email']],
    [`${SESSION}/payment`, { ...ITEM, customerUUID: 'pay@x' }, ['CustomerUUID']],
    [`${SESSION}/payment`, { ...ITEM, price: 0 }, ['Price']],
    [`${SESSION}/payment`, { ...ITEM, successUrl: 'javascript:alert(1)' }, ['SuccessUrl']],
    [`${SESSION}/subscription`, ITEM, ['Frequency']],
    [`${SESSION}/subscription`, { ...ITEM, ...days(6) }, ['Frequency']],
    [`${SESSION}/subscription`, { ...ITEM, ...days(366) }, ['Frequency']],
    [`${SESSION}/subscription`, { ...ITEM, frequency: { value: 167, unit: 'hours' } }, ['Frequency']],
    [`${SESSION}/subscription`, { ...ITEM, frequency: { value: 2, unit: 'years' } }, ['Frequency']],
    [
      `${SESSION}/subscription`,
      { ...ITEM, ...MONTHLY, trialPeriod: { value: 2 ** 32, unit: 'seconds' } },
      ['TrialPeriod'],
    ],
    [`${SESSION}/subscription`, { ...ITEM, ...MONTHLY, minPeriods: -1 }, ['MinPeriods']],
  ])('that breaks a rule is refused by name: %s %j', async (path, body, fields) => {
    const { status, body: answer } = await world.call('POST', path, body)
    expect([status, answer.errors?.map(({ field }: { field: string }) => field)]).toEqual([400, fields])
  })

  test.each<[string, object]>([
    ['/v1/product', { ...PRODUCT, name: 'Thé & «gâteau» (no. 1), 50% = ½ €!' }],
    ['/v1/product', { ...PRODUCT, name: '茶の湯', description: 'Two\nlines\tand a tab' }],
    ['/v1/user', { ...USER, name: "Jean-Luc O'Neil_Jr.", email: 'jean@example.com', organizationFeeBps: 1_000 }],
    [`${SESSION}/subscription`, { ...ITEM, ...days(7) }],
    [`${SESSION}/subscription`, { ...ITEM, ...days(365) }],
    [`${SESSION}/subscription`, { ...ITEM, frequency: { value: 1, unit: 'years' } }],
    [`${SESSION}/subscription`, { ...ITEM, frequency: { value: 12, unit: 'months' }, minPeriods: 0 }],
    [`${SESSION}/payment`, { ...ITEM, successUrl: '', cancelUrl: '', customerUUID: newId() }],
  ])('that keeps the rules is taken: %s %j', async (path, body) => {
    expect((await world.call('POST', path, body)).status).toBe(201)
  })
})

describe('the name of a field', () => {
  test('is matched whatever its case, in every body and at every depth', async () => {
    const { body: customer } = await world.call('POST', '/v1/customer', {
      NAME: 'Ada',
      lastname: 'Byron',
      Email: 'case@example.com',
    })
    expect(customer).toMatchObject({ name: 'Ada', lastName: 'Byron', email: 'case@example.com' })
    for (const spelling of ['customerUuid', 'customeruuid', 'CustomerUUID']) {
      const { body } = await world.call('POST', `${SESSION}/payment`, { ...ITEM, [spelling]: customer.uuid })
      const session = await world.call('GET', `/v1/transaction/session-checkout/${body.uuid}`)
      expect([spelling, session.body.customerUUID]).toEqual([spelling, customer.uuid])
    }
    const older = { SubscriptionType: 'subscription', Frequency: { Value: 2, UNIT: 'weeks' } }
    const { body } = await world.call('POST', '/v1/transaction/session-checkout', { ...ITEM, Options: older })
    const session = await world.call('GET', `/v1/transaction/session-checkout/${body.uuid}`)
    expect(session.body).toMatchObject({ txType: 'createSubscription', frequency: 14 * 86_400 })
    const updated = await world.call('PUT', '/v1/customer', { UUID: customer.uuid, lastName: 'King' })
    expect(updated.body).toMatchObject({ uuid: customer.uuid, lastName: 'King' })
  })

  test('that is exact comes before another case of it', async () => {
    const { body } = await world.call('POST', '/v1/product', { ...PRODUCT, NAME: 'Coffee', Price: 9 })
    expect(body).toMatchObject({ name: 'Tea', price: 3 })
  })
})

test('the session that anybody may read says nothing of where its webhooks go', async () => {
  const uuid = await world.session({ webhookUrl: 'https://shop.example/secret-path' })
  const path = `/v1/transaction/session-checkout/${uuid}`
  const { body: shown, status } = await world.call('GET', path, undefined, null)
  expect([status, shown.uuid, JSON.stringify(shown).includes('secret-path')]).toEqual([200, `pay@${uuid}`, false])
  expect((await world.call('GET', path)).body.webhookUrl).toBe('https://shop.example/secret-path')
})
