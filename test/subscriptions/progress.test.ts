import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SubscriptionRow } from '../../src/db/rows.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { providerCircuits } from '../../src/providers/circuit.ts'
import { PROVIDERS } from '../../src/providers/providers.ts'
import { providerRegistry } from '../../src/providers/registry.ts'
import { applyToSubscription } from '../../src/subscriptions/apply.ts'
import { subscriptionProgress } from '../../src/subscriptions/progress.ts'
import { transact } from '../../src/work/work.ts'
import { call, eventually, openApp, SECRET_KEY } from '../support/app.ts'
import { openShop, type Shop } from '../support/shop.ts'
import { GYM, MONTHLY, type Subscriber, subscriberOf } from '../support/subscriber.ts'
import { noSocket, type Wire, wireTo, wireToHost } from '../support/wire.ts'

let shop: Shop
let gym: Subscriber
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  gym = subscriberOf(shop)
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(async () => {
  // Each test has only its own subscriptions to ask about.
  await shop.app.db.prisma.subscription.updateMany({ data: { nextCheckAt: null } })
  await shop.app.db.prisma.checkout.updateMany({ data: { nextCheckAt: null } })
  await wire.close()
})
afterAll(() => shop.close())

/** Subscribes without a notification reaching us: all there is comes from asking. */
async function subscribe(input: object = {}): Promise<SubscriptionRow> {
  shop.clock.turn({ minutes: 2 })
  return gym.subscribe(input)
}

async function period(): Promise<void> {
  await shop.pass({ hours: 31 * 24 })
}

const HISTORY = '/transaction/subscription/history'
const FORCE = '/transaction/subscription/processing/force-cancel'
const booksBalance = async () => expect((await shop.app.ledger.proof(shop.owner.tenantId)).breaks).toEqual([])

describe('what no notification told', () => {
  test('is found by asking: three missed periods are three bills, dated and numbered in order', async () => {
    const { id } = await subscribe()
    for (let n = 0; n < 3; n++) await period()
    await shop.app.subscriptions.resolveDue()
    const bills = await gym.billings(id)
    expect(bills.map(({ sequence, status }) => [sequence, status])).toEqual([1, 2, 3, 4].map((n) => [n, 'COMPLETED']))
    const dates = bills.map(({ billedAt }) => billedAt?.getTime() ?? 0)
    expect(dates).toEqual([...dates].sort((a, b) => a - b))
    expect(await gym.postings(id)).toBe(4)
    await booksBalance()
  })

  test('is found at the latest a day later, or shortly after the next bill', async () => {
    const { id, nextBillingAt } = await subscribe()
    const { nextCheckAt } = await gym.row(id)
    expect(nextCheckAt?.getTime()).toBeLessThanOrEqual(shop.clock.now().getTime() + 86_400_000)
    expect(nextBillingAt?.getTime()).toBeGreaterThan(nextCheckAt?.getTime() ?? Number.POSITIVE_INFINITY)
  })

  test('is asked for once over two nodes that look at the same moment', async () => {
    const ids = await Promise.all([subscribe(), subscribe()])
    await period()
    // Either node may take both subscriptions, so the questions of both go over the same wire.
    const both = await wireToHost(shop, shop.owner.tenantId)
    const other = await openApp(shop.databaseUrl, { clock: shop.clock })
    try {
      const counts = await Promise.all([shop.app.subscriptions.resolveDue(), other.subscriptions.resolveDue()])
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(2)
      expect(both.count('GET', HISTORY)).toBe(2)
    } finally {
      await other.close()
      await both.close()
    }
    for (const { id } of ids) expect(await gym.postings(id)).toBe(2)
  })
})

/** The same way to the provider that the gateway has, for calls at the very same moment. */
function progressOf() {
  const { clock, db, clocks, log } = shop.app
  const circuits = providerCircuits({ clock, log })
  const reach = () => ({ baseUrl: wire.baseUrl, fetch, openSocket: noSocket, simulated: true })
  return subscriptionProgress({
    db,
    clocks,
    registry: providerRegistry(db, { providers: PROVIDERS, secretKey: SECRET_KEY, circuits, reach }),
  })
}

describe('the same news', () => {
  test('applied ten times at once makes one bill, one payment and one posting for each period', async () => {
    const subscription = await subscribe()
    await period()
    const progress = progressOf()
    const before = await shop.announced(subscription.id)
    await Promise.all(Array.from({ length: 10 }, () => progress.refresh(subscription)))
    expect(await gym.billings(subscription.id)).toHaveLength(2)
    expect(await gym.postings(subscription.id)).toBe(2)
    expect((await shop.announced(subscription.id)).slice(before.length)).toEqual(['subscription.updated'])
    await booksBalance()
  })

  test('told by every notification twice, the last first, comes to the same as told once', async () => {
    const { id } = await shop.app.checkouts.create(call(shop.owner), {
      kind: 'SUBSCRIPTION',
      item: GYM,
      frequency: MONTHLY,
    })
    await shop.play(id, 'PAY')
    await shop.pass({ seconds: 10 })
    await eventually(async () => wire.notifications.length >= 3)
    for (const notification of [...wire.notifications, ...wire.notifications].reverse()) {
      expect(await shop.app.inbox.receive(notification)).toMatchObject({ status: 200 })
    }
    const subscription = await eventually(async () => {
      await shop.app.inbox.applyDue()
      const waiting = await shop.app.db.prisma.inboxMessage.count({ where: { appliedAt: null } })
      return waiting === 0 && shop.app.db.prisma.subscription.findFirst({ where: { checkoutId: id } })
    })
    expect(subscription).toMatchObject({ status: 'ACTIVE', completedCycles: 1 })
    expect(await gym.postings(subscription.id)).toBe(1)
    expect(await shop.checkout(id)).toMatchObject({ status: 'COMPLETED' })
    await booksBalance()
  })

  test('that is older than what we have changes nothing but missing bills', async () => {
    const subscription = await subscribe()
    const found = await progressOf().read(subscription)
    await gym.simulate(subscription.id, 'DRAIN', '12.00')
    await period()
    await gym.stands(subscription.id, 'LOW_ON_FUNDS')
    const change = { tenantId: subscription.tenantId, at: shop.clock.now() }
    await transact(shop.app.db, change, (work) => applyToSubscription(work, subscription, found))
    expect(await gym.row(subscription.id)).toMatchObject({ status: 'LOW_ON_FUNDS', allowanceMinor: 200n })
  })

  test('that names no state but the management page changes the page alone, and is told once', async () => {
    const subscription = await subscribe()
    const change = { tenantId: subscription.tenantId, at: shop.clock.now() }
    const managementUrl = 'https://provider.example/manage'
    const named = { noun: 'SUBSCRIPTION', proof: true, subscription: subscription.externalId ?? '' } as const
    const tell = () =>
      transact(shop.app.db, change, (work) =>
        applyToSubscription(work, subscription, { ...named, state: { managementUrl }, bills: [] }),
      )
    const updates = () =>
      shop.app.db.prisma.event.count({ where: { entityId: subscription.id, type: 'subscription.updated' } })
    const before = await updates()
    await tell()
    await tell()
    const { status, nextBillingAt, completedCycles } = subscription
    expect(await gym.row(subscription.id)).toMatchObject({ managementUrl, status, nextBillingAt, completedCycles })
    expect(await updates()).toBe(before + 1)
  })

  test('that contradicts what we know is refused and recorded', async () => {
    const subscription = await subscribe()
    const { state, ...read } = await progressOf().read(subscription)
    const change = { tenantId: subscription.tenantId, at: shop.clock.now() }
    const found = { ...read, state: { ...state, status: 'TRIAL' as const, updatedAt: shop.clock.now() } }
    await transact(shop.app.db, change, (work) => applyToSubscription(work, subscription, found))
    expect(await gym.row(subscription.id)).toMatchObject({ status: 'ACTIVE' })
    const types = await shop.app.db.prisma.event.findMany({ where: { entityId: subscription.id } })
    expect(types.map(({ type }) => type)).toContain('subscription.contradicted')
  })
})

describe('a forced end', () => {
  const force = (id: string, key?: string) =>
    shop.app.subscriptions.forceCancel(call(shop.owner, key), { id: encodeId('Subscription', id) })

  test.each(['answer lost', 'answer garbled', 'answer cut off'] as const)(
    'whose %s stays wished for, is told as a problem, and is found out by asking',
    async (fault) => {
      const { id } = await subscribe()
      wire.fault = ({ path }) => (path.startsWith(FORCE) ? fault : undefined)
      const done = await force(id)
      expect(done.problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
      expect((await gym.row(id)).cancelRequestedAt).not.toBeNull()
      wire.fault = undefined
      await shop.pass({ seconds: 60 })
      await gym.stands(id, 'CANCELLED')
      expect(wire.count('GET', FORCE)).toBe(1)
    },
  )

  test('whose request was lost on the way is asked for again, after it was asked about', async () => {
    const { id } = await subscribe()
    wire.fault = ({ path }) => (path.startsWith(FORCE) ? 'lost on the way' : undefined)
    expect((await force(id)).problems).toHaveLength(1)
    wire.fault = undefined
    await shop.pass({ minutes: 3 })
    await gym.settle()
    await shop.pass({ seconds: 60 })
    await gym.stands(id, 'CANCELLED')
    expect(wire.count('GET', FORCE)).toBe(2)
  })

  test('that the provider refuses is as if it had never been wished, and may be wished again under its key', async () => {
    const { id } = await subscribe()
    wire.fault = ({ path }) => (path.startsWith(FORCE) ? { status: 429 } : undefined)
    expect((await force(id, 'end')).problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
    expect((await gym.row(id)).cancelRequestedAt).toBeNull()
    wire.fault = undefined
    expect(await force(id, 'end')).toMatchObject({ replayed: false, problems: [] })
    await shop.pass({ seconds: 60 })
    await gym.stands(id, 'CANCELLED')
  })
})

describe('a bill by our request', () => {
  test('whose answer was lost is found by asking, and there is one', async () => {
    const { id } = await subscribe()
    await shop.control('/organization', { earlyTestBilling: true })
    wire.fault = ({ path }) => (path.includes('execute-billing') ? 'answer lost' : undefined)
    const done = await shop.app.subscriptions.executeTestBilling(call(shop.owner), { id: encodeId('Subscription', id) })
    expect(done.problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
    wire.fault = undefined
    await shop.pass({ seconds: 30 })
    await gym.billed(id, 2)
    expect((await gym.billings(id)).map(({ trigger }) => trigger)).toEqual(['AUTO', 'MANUAL'])
    expect(await gym.postings(id)).toBe(2)
  })
})

test('a seller’s bills are split exactly, like any payment', async () => {
  const seller = await shop.seller(250)
  const wanted = { kind: 'SUBSCRIPTION', item: GYM, frequency: MONTHLY }
  const { id } = await shop.app.checkouts.create(call(seller), wanted)
  await shop.play(id, 'PAY')
  const subscription = await eventually(async () => {
    shop.clock.turn({ minutes: 2 })
    await gym.settle()
    return shop.app.db.prisma.subscription.findFirst({ where: { checkoutId: id } })
  })
  expect(subscription.userId).toBe(seller.userId)
  const payment = await shop.app.db.prisma.payment.findFirstOrThrow({ where: { subscriptionId: subscription.id } })
  expect(payment).toMatchObject({ userId: seller.userId, providerFeeMinor: 15n, organizationFeeMinor: 25n })
  await booksBalance()
})
