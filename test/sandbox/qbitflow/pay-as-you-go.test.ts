import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { act, bills, pass, passUntil, payAsYouGo, statusOf, subscribe, subscription } from './subscribers.ts'
import { BY_THE_CLOCK, type Playground, startPlayground } from './support.ts'

let world: Playground

beforeEach(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  await passUntil(world, '2027-01-31T09:30:00.000Z')
})

afterEach(() => world.close())

function report(uuid: string, units: unknown) {
  const body = { subscriptionUUID: `payg@${uuid}`, increaseByAmount: units }
  return world.call('POST', '/v1/transaction/subscription/payg/increase-units-current-period', body)
}

describe('what is paid as it goes', () => {
  test('is billed by units at the end of each period, less free credits, which are used up once', async () => {
    const uuid = await subscribe(world, payAsYouGo(0.25, { freeCredits: 7.5 }), { maximum: 50 })
    expect((await subscription(world, uuid)).body).toMatchObject({
      uuid: `payg@${uuid}`,
      subscriptionStatus: 'active',
      frequency: 30 * 86_400,
      unitsCurrentPeriod: 0,
      maxSpendingPerPeriod: 50,
      freeCredits: 7.5,
    })
    expect(await report(uuid, 30.5)).toEqual({ status: 200, body: { message: 'Units increased successfully' } })
    await report(uuid, 9.5)
    expect((await subscription(world, uuid)).body.unitsCurrentPeriod).toBe(40)
    await passUntil(world, '2027-03-03T00:00:00.000Z')
    expect(await bills(world, uuid, 'amount')).toEqual([2.5])
    expect((await subscription(world, uuid)).body).toMatchObject({ unitsCurrentPeriod: 0, freeCredits: 0 })
    await report(uuid, 8)
    await passUntil(world, '2027-04-02T00:00:00.000Z')
    expect(await bills(world, uuid, 'amount')).toEqual([2.5, 2])
  })

  test('costs no more than the maximum of the customer, who may raise it', async () => {
    const uuid = await subscribe(world, payAsYouGo(1), { maximum: 20, allowance: 500 })
    await report(uuid, 70)
    await passUntil(world, '2027-03-03T00:00:00.000Z')
    await act(world, uuid, 'raise-maximum', { maximum: 60 })
    await report(uuid, 55)
    await passUntil(world, '2027-04-02T00:00:00.000Z')
    expect(await bills(world, uuid, 'amount')).toEqual([20, 55])
    expect((await subscription(world, uuid)).body.allowance).toBe(425)
  })

  test('goes on without a bill when nothing was used', async () => {
    const uuid = await subscribe(world, payAsYouGo(0.25, { freeCredits: 5 }))
    await report(uuid, 4)
    await passUntil(world, '2027-05-02T00:00:00.000Z')
    expect(await bills(world, uuid, 'amount')).toEqual([])
    const { body } = await subscription(world, uuid)
    expect(body.nextBillingDate).toMatch(/^2027-05-31/)
    expect(body).toMatchObject({ freeCredits: 4, lastBillingDate: '0001-01-01T00:00:00Z' })
  })

  test('keeps what is owed apart from what is used while the bill is past due', async () => {
    const uuid = await subscribe(world, payAsYouGo(1), { maximum: 20, allowance: 15 })
    await report(uuid, 18)
    await passUntil(world, '2027-03-02T12:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('past_due')
    await report(uuid, 3)
    await act(world, uuid, 'top-up', { allowance: 100 })
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 97, unitsCurrentPeriod: 3 })
    expect(await bills(world, uuid, 'amount')).toEqual([18])
  })

  test('is billed a last time at the end of the period in which the customer cancels', async () => {
    const uuid = await subscribe(world, payAsYouGo(1))
    await act(world, uuid, 'cancel')
    await report(uuid, 5)
    await passUntil(world, '2027-03-02T12:00:00.000Z')
    expect((await subscription(world, uuid)).status).toBe(404)
    expect(await bills(world, uuid, 'amount')).toEqual([5])
    const path = `/v1/transaction/status?txUUID=payg@${uuid}&txType=cancelPAYGSubscription`
    expect((await world.call('GET', path)).body.status).toBe('completed')
  })

  test('takes only positive units, and only where there is something to count', async () => {
    const uuid = await subscribe(world, payAsYouGo(0.001))
    for (const units of [0, -1, 'many', null, 1e12]) expect((await report(uuid, units)).status).toBe(400)
    const fixed = await subscribe(world)
    expect((await report(fixed, 1)).status).toBe(409)
    expect((await report('00000000-0000-7000-8000-000000000000', 1)).status).toBe(404)
    await pass(world, 0)
  })
})
