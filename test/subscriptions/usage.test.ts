import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SubscriptionRow } from '../../src/db/rows.ts'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { openShop, refusals, type Shop } from '../support/shop.ts'
import { MONTHLY, type Subscriber, subscriberOf } from '../support/subscriber.ts'
import { type Fault, type Wire, wireTo } from '../support/wire.ts'

let shop: Shop
let meter: Subscriber
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
  meter = subscriberOf(shop)
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(() => wire.close())
afterAll(() => shop.close())

const CALLS = { name: 'Calls', description: 'By the call', price: { amount: '0.50', currency: 'USD' } }
const USAGE = '/transaction/subscription/payg/increase-units-current-period'

const subscribe = async (): Promise<SubscriptionRow> => {
  shop.clock.turn({ minutes: 2 })
  const wanted = { kind: 'PAY_AS_YOU_GO', item: CALLS, frequency: MONTHLY, freeCredits: '5.00' }
  const subscription = await meter.subscribe(wanted)
  // Whether the server takes reports at all was asked before it was opened.
  wire.requests.length = 0
  return subscription
}

const report = (id: string, units: string, key?: string) =>
  shop.app.subscriptions.reportUsage(call(shop.owner, key), { id: encodeId('Subscription', id), units })

const failing = (fault: Fault) => {
  wire.fault = ({ path }) => (path.startsWith(USAGE) ? fault : undefined)
}

const reports = (subscriptionId: string) =>
  shop.app.db.prisma.usageReport.findMany({ where: { subscriptionId }, orderBy: { id: 'asc' } })
const counted = async (id: string) => (await meter.row(id)).unitsMillionths

async function resolve(): Promise<void> {
  shop.clock.turn({ minutes: 2 })
  await shop.app.subscriptions.reportDue()
  shop.clock.turn({ minutes: 2 })
  await shop.app.subscriptions.reportDue()
}

describe('a report of usage', () => {
  test('adds to what was used, exactly, and under one key once', async () => {
    const { id, usage, freeCreditsMinor } = await subscribe()
    expect({ usage, freeCreditsMinor }).toEqual({ usage: 'METERED', freeCreditsMinor: 500n })
    expect(await report(id, '0.1', 'one')).toMatchObject({ id, replayed: false, problems: [] })
    expect(await report(id, '0.2', 'two')).toMatchObject({ replayed: false, problems: [] })
    expect(await report(id, '0.2', 'two')).toMatchObject({ replayed: true })
    expect(await counted(id)).toBe(300_000n)
    expect(wire.count('POST', USAGE)).toBe(2)
    expect((await reports(id)).map(({ state }) => state)).toEqual(['CONFIRMED', 'CONFIRMED'])
  })

  test('sent ten at the same moment goes one after the other, and all arrive', async () => {
    const { id } = await subscribe()
    await Promise.all(Array.from({ length: 10 }, (_, n) => report(id, String(n + 1))))
    await resolve()
    expect((await reports(id)).map(({ state }) => state)).toEqual(Array(10).fill('CONFIRMED'))
    await shop.pass({ hours: 25 })
    await meter.settle()
    expect(await counted(id)).toBe(55_000_000n)
    expect(wire.count('POST', USAGE)).toBe(10)
  })

  test.each(['answer lost', 'answer cut off', 'answer garbled'] as const)(
    'whose %s is in doubt, then known by asking to have arrived, and never sent twice',
    async (fault) => {
      const { id } = await subscribe()
      failing(fault)
      expect((await report(id, '7', fault)).problems).toMatchObject([{ code: 'PROVIDER_UNAVAILABLE' }])
      expect(await reports(id)).toMatchObject([{ state: 'UNKNOWN', countedMillionths: 0n }])
      wire.fault = undefined
      expect(await report(id, '7', fault)).toMatchObject({ replayed: true })
      await resolve()
      expect(await reports(id)).toMatchObject([{ state: 'CONFIRMED', nextAttemptAt: null }])
      expect(wire.count('POST', USAGE)).toBe(1)
      await report(id, '1')
      expect(await counted(id)).toBe(8_000_000n)
    },
  )

  test('lost on the way is known by asking not to have arrived, and sent again, those after it in their order', async () => {
    const { id } = await subscribe()
    failing('lost on the way')
    await report(id, '3')
    wire.fault = undefined
    expect((await report(id, '4')).problems).toEqual([])
    expect((await reports(id)).map(({ state }) => state)).toEqual(['UNKNOWN', 'QUEUED'])
    await resolve()
    expect((await reports(id)).map(({ state }) => state)).toEqual(['CONFIRMED', 'CONFIRMED'])
    await report(id, '1')
    expect(await counted(id)).toBe(8_000_000n)
  })

  test('in doubt when its period ended is never guessed: it stays UNKNOWN, people are told, and later ones go on', async () => {
    const { id } = await subscribe()
    failing('lost on the way')
    await report(id, '30')
    wire.fault = undefined
    await shop.pass({ hours: 31 * 24 })
    await resolve()
    expect(await reports(id)).toMatchObject([{ state: 'UNKNOWN', nextAttemptAt: null }])
    expect(await shop.announced(id)).toContain('subscription.usage_unknown')
    expect(await report(id, '2')).toMatchObject({ problems: [] })
    expect(await counted(id)).toBe(2_000_000n)
  })

  test('that the provider refuses is told, counted nowhere, and may be wished again', async () => {
    const { id } = await subscribe()
    failing({ status: 400 })
    expect((await report(id, '2', 'again')).problems).toMatchObject([{ code: 'PROVIDER_REFUSED' }])
    expect(await reports(id)).toMatchObject([{ state: 'REFUSED' }])
    wire.fault = undefined
    expect(await report(id, '2', 'again')).toMatchObject({ replayed: false, problems: [] })
    expect(await counted(id)).toBe(2_000_000n)
  })

  test('that is none is refused', async () => {
    const { id } = await subscribe()
    for (const units of ['0', '-1', '0.0000001', '1000000001', 'many', '', null]) {
      const [refusal] = await refusals(report(id, units as string))
      expect(refusal, String(units)).toMatch(/^(INVALID|OUT_OF_RANGE|REQUIRED) units$/)
    }
    const licence = await meter.subscribe()
    expect(await refusals(report(licence.id, '1'))).toEqual(['INVALID_STATE id'])
    expect(
      await refusals(
        shop.app.subscriptions.reportUsage(call(await shop.seller()), {
          id: encodeId('Subscription', id),
          units: '1',
        }),
      ),
    ).toEqual(['NOT_FOUND id'])
  })
})
