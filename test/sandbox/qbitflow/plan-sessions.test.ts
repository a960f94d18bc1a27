import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MONTHLY, payAsYouGo, planSession } from './subscribers.ts'
import { PAYER, type Playground, startPlayground, until } from './support.ts'

const ITEM = { productName: 'Coffee club', description: 'A bag of beans', price: 10 }

let world: Playground

beforeAll(async () => {
  world = await startPlayground()
})

afterAll(() => world.close())

const create = (body: object, path = 'new/subscription') =>
  world.call('POST', `/v1/transaction/session-checkout/${path}`, body)
const read = async (id: string) => (await world.call('GET', `/v1/transaction/session-checkout/${id}`)).body

describe('a session for a subscription', () => {
  test('tells its frequency and its trial in seconds', async () => {
    const { status, body } = await create({
      ...ITEM,
      ...MONTHLY,
      trialPeriod: { value: 1, unit: 'weeks' },
      minPeriods: 3,
    })
    expect([status, body.uuid.slice(0, 4)]).toEqual([201, 'sub@'])
    expect(body.link).toContain('/checkout/')
    const bare = body.uuid.slice(4)
    for (const id of [body.uuid, bare, encodeURIComponent(body.uuid)]) {
      expect(await read(id)).toMatchObject({
        uuid: body.uuid,
        txType: 'createSubscription',
        frequency: 2_592_000,
        trialPeriod: 604_800,
        minPeriods: 3,
        feeBps: 150,
      })
    }
  })

  test('has a frequency that is an object where it is paid as it goes', async () => {
    const { status, body } = await create({ ...ITEM, ...payAsYouGo(0.001, { freeCredits: 12.5 }) }, '')
    expect([status, body.uuid.slice(0, 5)]).toEqual([201, 'payg@'])
    expect(await read(body.uuid)).toMatchObject({
      txType: 'createPAYGSubscription',
      price: 0.001,
      frequency: { value: 1, unit: 'months' },
      freeCredits: 12.5,
    })
  })

  test('can be made in the older form, and without options that is a payment', async () => {
    const options = { subscriptionType: 'subscription', frequency: { value: 1, unit: 'years' } }
    const { body } = await create({ ...ITEM, options }, '')
    expect(await read(body.uuid)).toMatchObject({ txType: 'createSubscription', frequency: 31_536_000 })
    for (const none of [{}, { options: null }]) {
      expect((await create({ ...ITEM, ...none }, '')).body.uuid).toMatch(/^pay@/)
    }
  })

  test.each([
    ['no frequency', {}, 'Frequency'],
    ['a frequency of nothing', { frequency: { value: 0, unit: 'days' } }, 'Frequency'],
    ['half a day', { frequency: { value: 0.5, unit: 'days' } }, 'Frequency'],
    ['an unknown unit', { frequency: { value: 1, unit: 'moons' } }, 'Frequency'],
    ['a text', { frequency: 'monthly' }, 'Frequency'],
    ['an age of the world', { frequency: { value: 4_000_000_000, unit: 'years' } }, 'Frequency'],
    ['less than seven days', { frequency: { value: 604_799, unit: 'seconds' } }, 'Frequency'],
    ['six days', { frequency: { value: 6, unit: 'days' } }, 'Frequency'],
    ['more than a year', { frequency: { value: 366, unit: 'days' } }, 'Frequency'],
    ['thirteen months', { frequency: { value: 13, unit: 'months' } }, 'Frequency'],
    ['a negative trial', { ...MONTHLY, trialPeriod: { value: -1, unit: 'days' } }, 'TrialPeriod'],
    ['negative periods', { ...MONTHLY, minPeriods: -1 }, 'MinPeriods'],
    ['a price below a cent', { ...MONTHLY, price: 0.001 }, 'Price'],
  ])('is refused with %s', async (_, fields, field) => {
    const { status, body } = await create({ ...ITEM, ...fields })
    expect([status, body.errors[0].field]).toEqual([400, field])
  })

  test.each([
    ['options that are no object', { options: 'payAsYouGo' }, 'Options'],
    ['an unknown type', { options: { subscriptionType: 'rent', ...MONTHLY } }, 'SubscriptionType'],
    ['negative credits', payAsYouGo(1, { freeCredits: -5 }), 'FreeCredits'],
  ])('is refused in the older form with %s', async (_, fields, field) => {
    const { status, body } = await create({ ...ITEM, ...fields }, '')
    expect([status, body.errors[0].field]).toEqual([400, field])
  })
})

describe('playing the customer of a subscription', () => {
  const state = async (uuid: string, type = 'createSubscription') =>
    (await world.call('GET', `/v1/transaction/status?txUUID=sub@${uuid}&txType=${type}`)).body

  test.each([
    ['PAY', 'completed'],
    ['OVERPAY', 'completed'],
    ['FAIL', 'failed'],
    ['UNDERPAY', 'failed'],
    ['CANCEL', 'cancelled'],
    ['EXPIRE', 'expired'],
  ])('with the outcome %s ends as %s', async (outcome, end) => {
    const uuid = await planSession(world)
    await world.play(uuid, { outcome, customer: PAYER })
    await until(async () => (await state(uuid)).status === end)
    const { status } = await world.call('GET', `/v1/transaction/subscription/${uuid}`)
    expect(status).toBe(end === 'completed' ? 200 : 404)
    expect((await state(uuid, 'subscription')).type).toBe('createSubscription')
    expect((await world.call('GET', `/v1/transaction/payment/${uuid}`)).status).toBe(404)
  })

  test('allows what they say, and a maximum below the price is refused', async () => {
    const uuid = await planSession(world)
    expect((await world.play(uuid, { outcome: 'PAY', customer: PAYER, maximum: 9 })).status).toBe(400)
    expect((await world.play(uuid, { outcome: 'PAY', customer: PAYER, allowance: -9 })).status).toBe(400)
    await world.play(uuid, { outcome: 'PAY', customer: PAYER, periods: 6, maximum: 12 })
    await until(async () => (await state(uuid)).status === 'completed')
    expect((await world.call('GET', `/v1/transaction/subscription/${uuid}`)).body.allowance).toBe(52)
  })
})
