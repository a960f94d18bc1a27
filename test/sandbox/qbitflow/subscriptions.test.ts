import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../../src/kernel/id.ts'
import { act, bills, DAY, HOOK, moves, pass, passUntil, statusOf, subscribe, subscription } from './subscribers.ts'
import { BY_THE_CLOCK, type Playground, startPlayground } from './support.ts'

let world: Playground

beforeEach(async () => {
  world = await startPlayground(BY_THE_CLOCK)
  await passUntil(world, '2027-01-31T09:30:00.000Z')
})

afterEach(() => world.close())

const day = (moment: string) => moment.slice(0, 10)

describe('a subscription', () => {
  test('is billed when it is made, and tells everything about itself', async () => {
    const uuid = await subscribe(world, { minPeriods: 3 })
    const { body } = await subscription(world, uuid)
    expect(body).toMatchObject({
      uuid: `sub@${uuid}`,
      currencyId: 4,
      currency: { symbol: 'USDC' },
      frequency: 30 * 86_400,
      allowance: 114,
      subscriptionStatus: 'active',
      stopped: false,
      test: true,
    })
    expect([day(body.lastBillingDate), day(body.nextBillingDate)]).toEqual(['2027-01-31', '2027-03-02'])
    expect(day(body.minimumCancellationDate)).toBe('2027-05-01')
    expect(await bills(world, uuid, 'amount')).toEqual([10])
    const [entry] = (await world.call('GET', `/v1/transaction/subscription/history/sub@${uuid}`, undefined, null)).body
    expect(entry.uuid).toMatch(/^sub-hist@/)
    expect(entry).toMatchObject({
      subscriptionUUID: `sub@${uuid}`,
      name: 'Coffee club',
      amountMinUnits: expect.stringMatching(/^\d+$/),
      customerUUID: body.customerUUID,
      transactionHash: body.subscriptionHash,
      metadata: { feeBps: 150, txAmounts: { usd: { platform: 0.15, merchant: 9.85 } } },
    })
    for (const id of [`sub@${uuid}`, uuid, entry.uuid]) {
      const customer = await world.call('GET', `/v1/transaction/customer/${id}`)
      expect(customer.body).toMatchObject({ uuid: body.customerUUID, email: 'ada@example.com' })
    }
  })

  test('has months of 30 days, so that a year has thirteen bills, twelve of them after the first', async () => {
    const uuid = await subscribe(world, {}, { periods: 20 })
    await passUntil(world, '2028-01-31T12:00:00.000Z')
    const dates = (await bills<string>(world, uuid, 'createdAt')).map(day)
    expect(dates).toEqual([
      '2027-01-31',
      '2027-03-02',
      '2027-04-01',
      '2027-05-01',
      '2027-05-31',
      '2027-06-30',
      '2027-07-30',
      '2027-08-29',
      '2027-09-28',
      '2027-10-28',
      '2027-11-27',
      '2027-12-27',
      '2028-01-26',
    ])
    const { body } = await subscription(world, uuid)
    expect([day(body.lastBillingDate), day(body.nextBillingDate)]).toEqual(['2028-01-26', '2028-02-25'])
    expect(body.nextBillingDate.slice(10)).toBe(body.createdAt.slice(10))
    expect(world.sent.filter(({ body }) => JSON.parse(body).type === 'billing')).toHaveLength(13)
  })

  test('runs low on funds, is past due, is topped up, and pays what it owes', async () => {
    const uuid = await subscribe(world, {}, { allowance: 35 })
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 25, subscriptionStatus: 'active' })
    await passUntil(world, '2027-03-03T00:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('low_on_funds')
    await passUntil(world, '2027-05-02T00:00:00.000Z')
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 5, subscriptionStatus: 'past_due' })
    await act(world, uuid, 'top-up', { allowance: 40 })
    const { body } = await subscription(world, uuid)
    expect(body).toMatchObject({ allowance: 35, subscriptionStatus: 'active' })
    expect(day(body.nextBillingDate)).toBe('2027-05-31')
    expect((await bills<string>(world, uuid, 'createdAt')).map(day)).toEqual([
      '2027-01-31',
      '2027-03-02',
      '2027-04-01',
      '2027-05-02',
    ])
    expect(moves(world)).toEqual(['active → low_on_funds', 'low_on_funds → past_due', 'past_due → active'])
  })

  test('that stays unpaid through the grace is cancelled, and from then on unknown but for its history', async () => {
    const uuid = await subscribe(world, {}, { allowance: 12 })
    await passUntil(world, '2027-03-05T09:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('past_due')
    await passUntil(world, '2027-03-05T12:00:00.000Z')
    expect((await subscription(world, uuid)).status).toBe(404)
    expect(await bills(world, uuid, 'amount')).toEqual([10])
    expect(moves(world).at(-1)).toBe('past_due → cancelled')
    expect((await act(world, uuid, 'top-up', { allowance: 40 })).status).toBe(404)
  })

  test('pays by itself within the grace when there is enough again', async () => {
    const uuid = await subscribe(world)
    await act(world, uuid, 'drain', { allowance: 3 })
    await passUntil(world, '2027-03-02T12:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('past_due')
    await act(world, uuid, 'drain', { allowance: 100 })
    await passUntil(world, '2027-03-03T12:00:00.000Z')
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 90, subscriptionStatus: 'active' })
  })

  test('waits for the customer when the price rises above their maximum', async () => {
    const uuid = await subscribe(world)
    await act(world, uuid, 'price', { price: 15 })
    await passUntil(world, '2027-03-02T12:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('pending')
    await act(world, uuid, 'raise-maximum', { maximum: 20 })
    expect((await subscription(world, uuid)).body).toMatchObject({ allowance: 99, subscriptionStatus: 'active' })
    expect(await bills(world, uuid, 'amount')).toEqual([10, 15])
  })

  test('cannot be cancelled by the customer before the date that was agreed, and ends with its period after it', async () => {
    const uuid = await subscribe(world, { minPeriods: 2 })
    expect(await act(world, uuid, 'cancel')).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('cannot be cancelled before 2027-04-01') },
    })
    await passUntil(world, '2027-04-02T00:00:00.000Z')
    await act(world, uuid, 'cancel')
    expect((await subscription(world, uuid)).body).toMatchObject({ stopped: true, subscriptionStatus: 'active' })
    expect((await act(world, uuid, 'cancel')).status).toBe(409)
    await passUntil(world, '2027-05-01T12:00:00.000Z')
    expect((await subscription(world, uuid)).status).toBe(404)
    expect(await bills(world, uuid, 'amount')).toEqual([10, 10, 10])
    expect(moves(world)).toEqual(['active → cancelled'])
  })

  test('ends at once, through the chain, when the merchant forces it', async () => {
    const uuid = await subscribe(world, { minPeriods: 12 })
    const force = `/v1/transaction/subscription/processing/force-cancel/sub@${uuid}`
    expect(await world.call('GET', force)).toEqual({
      status: 200,
      body: { message: 'Subscription cancellation queued' },
    })
    expect((await world.call('GET', force)).status).toBe(200)
    expect((await subscription(world, uuid)).status).toBe(200)
    await pass(world, 60_000)
    await pass(world, 60_000)
    expect((await subscription(world, uuid)).status).toBe(404)
    expect((await world.call('GET', force)).status).toBe(404)
    await pass(world, 90 * DAY)
    expect(await bills(world, uuid, 'amount')).toEqual([10])
  })

  test('is billed for a test once it is due and not before, unless the account allows it', async () => {
    const uuid = await subscribe(world)
    const path = `/v1/transaction/subscription/processing/execute-billing/${uuid}`
    expect(await world.call('GET', path)).toEqual({
      status: 409,
      body: { error: expect.stringMatching(/not due before 2027-03-02/) },
    })
    expect(await bills(world, uuid, 'amount')).toEqual([10])
    await act(world, uuid, 'drain', { allowance: 3 })
    await passUntil(world, '2027-03-02T12:00:00.000Z')
    await act(world, uuid, 'drain', { allowance: 100 })
    expect((await world.call('GET', path)).status).toBe(200)
    await pass(world, 3 * 60_000)
    expect(await bills(world, uuid, 'amount')).toEqual([10, 10])
    expect((await world.call('GET', path)).status).toBe(409)
  })

  test('is billed at once where the account allows it, and the next bill comes a period later', async () => {
    expect((await world.call('PUT', '/_sandbox/organization', { earlyTestBilling: true })).status).toBe(200)
    const uuid = await subscribe(world)
    const path = `/v1/transaction/subscription/processing/execute-billing/${uuid}`
    const { body } = await world.call('GET', path)
    expect(body.message).toBe('Billing executed successfully')
    expect(body.statusLink).toMatch(
      /^ws:.*\/v1\/transaction\/status\/ws\?txUUID=sub-hist@.*&txType=executeSubscription$/,
    )
    expect((await world.call('GET', path)).status).toBe(409)
    await pass(world, 3 * 60_000)
    expect(day((await subscription(world, uuid)).body.nextBillingDate)).toBe('2027-04-01')
    expect(await bills(world, uuid, 'amount')).toEqual([10, 10])
    const link = body.statusLink.replace(/^ws.*\/status\/ws/, '/v1/transaction/status')
    expect((await world.call('GET', link, undefined, null)).body).toMatchObject({
      status: 'completed',
      type: 'executeSubscription',
    })
  })

  test('that nobody knows is 404, with an empty history', async () => {
    const missing = newId()
    for (const path of ['', 'processing/force-cancel/', 'processing/execute-billing/']) {
      expect((await world.call('GET', `/v1/transaction/subscription/${path}${missing}`)).status).toBe(404)
    }
    for (const id of [missing, `sub@${missing}`, 'nonsense']) {
      const answer = await world.call('GET', `/v1/transaction/subscription/history/${id}`, undefined, null)
      expect(answer).toEqual({ status: 200, body: [] })
    }
  })
})

describe('a trial', () => {
  const TRIAL = { trialPeriod: { value: 7, unit: 'days' } }

  test('that is confirmed in time is billed at its end, and every month from there', async () => {
    const uuid = await subscribe(world, TRIAL)
    expect(await statusOf(world, uuid)).toBe('trial')
    expect((await subscription(world, uuid)).body.lastBillingDate).toBe('0001-01-01T00:00:00Z')
    await pass(world, 2 * DAY)
    await act(world, uuid, 'confirm')
    expect(await statusOf(world, uuid)).toBe('active')
    expect(await bills(world, uuid, 'amount')).toEqual([])
    await passUntil(world, '2027-03-10T00:00:00.000Z')
    expect((await bills<string>(world, uuid, 'createdAt')).map(day)).toEqual(['2027-02-07', '2027-03-09'])
    expect((await act(world, uuid, 'confirm')).status).toBe(409)
  })

  test('that is confirmed in the grace is billed at once', async () => {
    const uuid = await subscribe(world, { ...TRIAL, minPeriods: 1 })
    await passUntil(world, '2027-02-09T00:00:00.000Z')
    expect(await statusOf(world, uuid)).toBe('trial_expired')
    await act(world, uuid, 'confirm')
    const { body } = await subscription(world, uuid)
    expect([body.subscriptionStatus, day(body.nextBillingDate)]).toEqual(['active', '2027-03-11'])
    expect(day(body.minimumCancellationDate)).toBe('2027-03-11')
    expect(moves(world)).toEqual(['trial → trial_expired', 'trial_expired → active'])
  })

  test('binds nobody, whatever was agreed for the time after it', async () => {
    const uuid = await subscribe(world, { ...TRIAL, minPeriods: 3 })
    expect((await act(world, uuid, 'cancel')).status).toBe(200)
    expect((await subscription(world, uuid)).body).toMatchObject({ subscriptionStatus: 'trial', stopped: true })
    await pass(world, 7 * DAY)
    expect(moves(world)).toEqual(['trial → cancelled'])
  })

  test('that nobody confirms is over after the grace, and was never billed', async () => {
    const uuid = await subscribe(world, TRIAL)
    await pass(world, 11 * DAY)
    expect((await subscription(world, uuid)).status).toBe(404)
    expect(await bills(world, uuid, 'amount')).toEqual([])
    expect(moves(world)).toEqual(['trial → trial_expired', 'trial_expired → cancelled'])
  })
})

test('a subscription that is not to tell of itself only tells of its checkout', async () => {
  await world.call('PUT', '/_sandbox/organization', { subscriptionWebhooks: false })
  await subscribe(world)
  await pass(world, 40 * DAY)
  const told = world.sent.map(({ url, body }) => [url, JSON.parse(body).txType, JSON.parse(body).status.status])
  expect(told.sort()).toEqual(
    ['completed', 'created', 'waitingConfirmation'].map((status) => [HOOK, 'createSubscription', status]),
  )
})
