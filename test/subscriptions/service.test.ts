import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId, newId } from '../../src/kernel/id.ts'
import { call, eventually } from '../support/app.ts'
import { ITEM, openShop, refusals, type Shop } from '../support/shop.ts'
import { GYM, MONTHLY, type Subscriber, subscriberOf } from '../support/subscriber.ts'

let shop: Shop
let gym: Subscriber
beforeAll(async () => {
  shop = await openShop()
  gym = subscriberOf(shop)
})
afterAll(() => shop.close())

const create = (input: object) => shop.app.checkouts.create(call(shop.owner), { item: GYM, ...input })

describe('a checkout for a subscription', () => {
  test('completes with its subscription, whose first bill is a billing with a payment and one posting', async () => {
    const subscription = await gym.subscribe({ minPeriods: 3 })
    expect(subscription).toMatchObject({
      status: 'ACTIVE',
      usage: 'LICENSED',
      priceMinor: 1000n,
      currency: 'USD',
      frequencyValue: 1,
      frequencyUnit: 'MONTHS',
      minPeriods: 3,
      trialEndsAt: null,
    })
    const [bill, ...others] = await gym.billed(subscription.id, 1)
    expect(others).toEqual([])
    expect(bill).toMatchObject({ sequence: 1, status: 'COMPLETED', trigger: 'AUTO', amountMinor: 1000n, attempts: 1 })
    const checkout = await shop.checkout(subscription.checkoutId ?? '')
    expect(checkout).toMatchObject({ status: 'COMPLETED', startState: 'COMPLETED', nextCheckAt: null })
    expect(checkout.customerId).toBe(subscription.customerId)
    expect(await shop.payment(checkout.id)).toBeNull()
    const payment = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { billingId: bill?.id ?? '' } })
    expect(payment).toMatchObject({
      source: 'SUBSCRIPTION',
      status: 'COMPLETED',
      amountMinor: 1000n,
      providerFeeMinor: 15n,
      checkoutId: null,
      subscriptionId: subscription.id,
      customerId: subscription.customerId,
    })
    expect(await gym.postings(subscription.id)).toBe(1)
    expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])
  })

  test('shows each step of the start on its status page, once', async () => {
    const { checkoutId, id } = await gym.subscribe()
    const events = await shop.app.db.prisma.event.findMany({
      where: { topicId: checkoutId ?? '' },
      orderBy: { cursor: 'asc' },
    })
    const steps = events.flatMap(({ payload }) => {
      const { status } = payload as { status?: { type: string; state: string; final: boolean } }
      return status ? [[status.type, status.state, status.final]] : []
    })
    expect(steps).toEqual([
      ['CREATE_SUBSCRIPTION', 'CREATED', false],
      ['CREATE_SUBSCRIPTION', 'WAITING_CONFIRMATION', false],
      ['CREATE_SUBSCRIPTION', 'COMPLETED', true],
    ])
    expect((await shop.announced(id)).slice(0, 1)).toEqual(['subscription.created'])
  })

  test('is refused at once where the provider would refuse its terms or its text, with the field', async () => {
    const item = (change: object) => ({ kind: 'SUBSCRIPTION', frequency: MONTHLY, item: { ...GYM, ...change } })
    for (const [input, refusal] of [
      [{ kind: 'SUBSCRIPTION', frequency: { value: 6, unit: 'DAYS' } }, 'OUT_OF_RANGE frequency'],
      [{ kind: 'SUBSCRIPTION', frequency: { value: 13, unit: 'MONTHS' } }, 'OUT_OF_RANGE frequency'],
      [{ kind: 'PAY_AS_YOU_GO', frequency: { value: 2, unit: 'YEARS' } }, 'OUT_OF_RANGE frequency'],
      [{ kind: 'PAY_AS_YOU_GO', frequency: { value: 1, unit: 'HOURS' } }, 'OUT_OF_RANGE frequency'],
      [item({ name: 'Gym \\ pool' }), 'INVALID item.name'],
      [item({ description: 'C:\\gym' }), 'INVALID item.description'],
    ] as const) {
      expect([input, await refusals(create(input))]).toEqual([input, [refusal]])
    }
  })

  test('for a year has 365 days, as the provider counts', async () => {
    const { id } = await gym.subscribe({ frequency: { value: 1, unit: 'YEARS' }, minPeriods: 2 })
    const { createdAt, nextBillingAt, minimumCancellationAt } = await gym.row(id)
    const days = (at: Date | null) => Math.round(((at?.getTime() ?? 0) - createdAt.getTime()) / 86_400_000)
    expect([days(nextBillingAt), days(minimumCancellationAt)]).toEqual([365, 730])
  })

  test('names everything that is wrong with its terms at once', async () => {
    expect(await refusals(create({ kind: 'SUBSCRIPTION' }))).toEqual(['REQUIRED frequency'])
    expect(
      await refusals(
        create({
          kind: 'SUBSCRIPTION',
          frequency: { value: 0, unit: 'MONTHS' },
          trialPeriod: { value: -1, unit: 'DAYS' },
          minPeriods: -1,
        }),
      ),
    ).toEqual(['OUT_OF_RANGE frequency.value', 'OUT_OF_RANGE trialPeriod.value', 'OUT_OF_RANGE minPeriods'])
    for (const value of [11, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      expect(await refusals(create({ kind: 'SUBSCRIPTION', frequency: { value, unit: 'YEARS' } }))).toEqual([
        'OUT_OF_RANGE frequency.value',
      ])
    }
    expect(await refusals(create({ kind: 'SUBSCRIPTION', frequency: MONTHLY, freeCredits: '1' }))).toEqual([
      'INVALID freeCredits',
    ])
    expect(
      await refusals(create({ kind: 'PAY_AS_YOU_GO', frequency: MONTHLY, trialPeriod: { value: 1, unit: 'DAYS' } })),
    ).toEqual(['INVALID trialPeriod'])
    for (const freeCredits of ['-1', 'much', '0.001']) {
      expect(await refusals(create({ kind: 'PAY_AS_YOU_GO', frequency: MONTHLY, freeCredits }))).toEqual([
        'INVALID freeCredits',
      ])
    }
    const terms = { frequency: MONTHLY, trialPeriod: MONTHLY, minPeriods: 1, freeCredits: '1' }
    expect(await refusals(create({ kind: 'PAYMENT', item: ITEM, ...terms }))).toEqual([
      'INVALID frequency',
      'INVALID trialPeriod',
      'INVALID minPeriods',
      'INVALID freeCredits',
    ])
  })

  test('stays open without a subscription when the chain refuses, so that the customer can try again', async () => {
    const { id } = await create({ kind: 'SUBSCRIPTION', frequency: MONTHLY })
    await shop.play(id, 'FAIL')
    const checkout = await eventually(async () => {
      await gym.settle()
      const found = await shop.checkout(id)
      return found.startState === 'FAILED' && found
    })
    expect(checkout.status).toBe('OPEN')
    expect(await shop.app.db.prisma.subscription.count({ where: { checkoutId: id } })).toBe(0)
  })
})

describe('a checkout for a subscription that was called off', () => {
  const cancelled = async () => {
    const { id } = await create({ kind: 'SUBSCRIPTION', frequency: MONTHLY })
    await shop.app.checkouts.cancel(call(shop.owner), { id: encodeId('Checkout', id) })
    return id
  }

  test('and that the customer signs all the same, has begun: the subscription is known, and billed', async () => {
    const id = await cancelled()
    await shop.play(id, 'PAY')
    const subscription = await eventually(async () => {
      await gym.settle()
      return shop.app.db.prisma.subscription.findFirst({ where: { checkoutId: id } })
    })
    expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED', nextCheckAt: null })
    await gym.billed(subscription.id, 1)
  })

  test('stays CANCELLED when its link expires, and is asked about no more', async () => {
    const id = await cancelled()
    await shop.pass({ hours: 25 })
    await eventually(async () => {
      await gym.settle()
      return (await shop.checkout(id)).nextCheckAt === null
    })
    expect(await shop.checkout(id)).toMatchObject({ status: 'CANCELLED', startState: null })
    expect((await shop.announced(id)).at(-1)).toBe('checkout.cancelled')
  })
})

describe('each period', () => {
  test('is billed once, in order, however often the provider is asked', async () => {
    const { id } = await gym.subscribe()
    await gym.billed(id, 1)
    for (const count of [2, 3]) {
      await shop.pass({ hours: 31 * 24 })
      await gym.billed(id, count)
    }
    const subscription = await gym.row(id)
    await Promise.all(Array.from({ length: 5 }, () => shop.app.subscriptions.resolveDue()))
    expect((await gym.billings(id)).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(subscription.completedCycles).toBe(3)
    expect(await gym.postings(id)).toBe(3)
  })
})

describe('cancelling', () => {
  test('by force ends a subscription, once, and says so', async () => {
    const { id } = await gym.subscribe()
    const by = call(shop.owner, 'end it')
    const input = { id: encodeId('Subscription', id) }
    expect(await shop.app.subscriptions.forceCancel(by, input)).toMatchObject({ id, replayed: false, problems: [] })
    expect(await shop.app.subscriptions.forceCancel(by, input)).toMatchObject({ id, replayed: true })
    await shop.pass({ seconds: 30 })
    const ended = await gym.stands(id, 'CANCELLED')
    expect(ended).toMatchObject({ nextCheckAt: null, nextBillingAt: null })
    expect(ended.cancelledAt).not.toBeNull()
    const types = await shop.announced(id)
    expect(types.filter((type) => type === 'subscription.cancelled')).toHaveLength(1)
    expect(types.filter((type) => type === 'subscription.cancel_requested')).toHaveLength(1)
    await shop.pass({ hours: 24 * 40 })
    await gym.settle()
    expect(await gym.billings(id)).toHaveLength(1)
  })

  test('is the customer’s at QBITFLOW: the answer is the page to send them to, and nothing changes', async () => {
    const { id } = await gym.subscribe()
    await gym.isManaged(id)
    const answer = await shop.app.subscriptions.cancel(call(shop.owner), { id: encodeId('Subscription', id) })
    expect(answer).toMatchObject({ id, replayed: false, url: expect.stringMatching(/^http/) })
    expect(await gym.row(id)).toMatchObject({ status: 'ACTIVE', cancelRequestedAt: null })
  })

  test('of what is not there, not ours, or another seller’s is not found', async () => {
    const { id } = await gym.subscribe()
    const input = { id: encodeId('Subscription', id) }
    const { subscriptions } = shop.app
    for (const verb of [subscriptions.cancel, subscriptions.forceCancel, subscriptions.executeTestBilling]) {
      expect(await refusals(verb(call(await shop.actor('LIVE')), input))).toEqual(['NOT_FOUND id'])
      expect(await refusals(verb(call(await shop.seller()), input))).toEqual(['NOT_FOUND id'])
      expect(await refusals(verb(call(shop.owner), { id: encodeId('Subscription', newId()) }))).toEqual([
        'NOT_FOUND id',
      ])
      expect(await refusals(verb(call(shop.owner), { id: 'sub_1' }))).toEqual(['NOT_FOUND id'])
    }
  })
})

describe('billing at once', () => {
  test('is refused with the reason before the bill is due, as the provider does, and leaves no bill', async () => {
    const { id } = await gym.subscribe()
    await gym.billed(id, 1)
    const input = { id: encodeId('Subscription', id) }
    const { problems } = await shop.app.subscriptions.executeTestBilling(call(shop.owner), input)
    expect(problems).toMatchObject([{ code: 'PROVIDER_REFUSED', message: expect.stringMatching(/not due before/) }])
    expect(await gym.billings(id)).toHaveLength(1)
  })

  test('makes one bill, by our request, and a repeat under its key none', async () => {
    await shop.control('/organization', { earlyTestBilling: true })
    const { id } = await gym.subscribe()
    await gym.billed(id, 1)
    const by = call(shop.owner, 'bill now')
    const input = { id: encodeId('Subscription', id) }
    expect(await shop.app.subscriptions.executeTestBilling(by, input)).toMatchObject({ replayed: false, problems: [] })
    await shop.pass({ seconds: 30 })
    const bills = await gym.billed(id, 2)
    expect(bills[1]).toMatchObject({ trigger: 'MANUAL', status: 'COMPLETED', sequence: 2 })
    expect(await shop.app.subscriptions.executeTestBilling(by, input)).toMatchObject({ replayed: true })
    await shop.pass({ seconds: 30 })
    await gym.settle()
    expect(await gym.billings(id)).toHaveLength(2)
    expect(await gym.postings(id)).toBe(2)
  })
})

describe('simulating', () => {
  test('names what is wrong with it', async () => {
    const { id } = await gym.subscribe()
    const simulate = (input: object) =>
      refusals(shop.app.subscriptions.simulate(call(shop.owner), { id: encodeId('Subscription', id), ...input }))
    expect(await simulate({ action: 'STEAL' })).toEqual(['INVALID action'])
    expect(await simulate({ action: 'TOP_UP' })).toEqual(['REQUIRED amount'])
    expect(await simulate({ action: 'TOP_UP', amount: { amount: '-1', currency: 'USD' } })).toEqual([
      'OUT_OF_RANGE amount.amount',
    ])
    expect(await simulate({ action: 'TOP_UP', amount: { amount: '1', currency: 'EUR' } })).toEqual([
      'CURRENCY_MISMATCH amount.currency',
    ])
    expect(await simulate({ action: 'CONFIRM' })).toEqual(['PROVIDER_REFUSED'])
  })
})
