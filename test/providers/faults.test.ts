import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { ADA, ITEM, openShop, refusals, type Shop } from '../support/shop.ts'
import { subscriberOf } from '../support/subscriber.ts'

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.close())

const AT = { provider: 'QBITFLOW' }
const inject = (input: object, key?: string) =>
  shop.app.faults.inject(call(shop.owner, key, input), { ...AT, ...input })
const clear = () => shop.app.faults.clear(call(shop.owner), AT)
const armed = async () =>
  (await shop.app.faults.list(shop.owner, 'QBITFLOW')).map(({ kind, times }) => ({ kind, times }))
const OPENING = 'POST /transaction/session-checkout*'

describe('a fault', () => {
  test('strikes once when nothing else is said, and is gone then', async () => {
    await inject({ kind: 'SERVER_ERROR', operation: OPENING })
    expect(await armed()).toEqual([{ kind: 'SERVER_ERROR', times: 1 }])
    const { id, problems } = await shop.open()
    expect((await shop.checkout(id)).status).toBe('UNKNOWN')
    expect(problems?.map(({ code }) => code)).toEqual(['PROVIDER_UNAVAILABLE'])
    expect(await armed()).toEqual([])
    await shop.poll()
    expect((await shop.checkout(id)).status).toBe('OPEN')
  })

  test('is disarmed with all others', async () => {
    await inject({ kind: 'DELAY', times: 5, delayMs: 100 })
    await inject({ kind: 'WRONG_SIGNATURE', probability: 0.5, seed: 'x' })
    expect(await armed()).toHaveLength(2)
    await clear()
    expect(await armed()).toEqual([])
  })

  test('asked for twice under the same key is armed once', async () => {
    const input = { kind: 'RATE_LIMITED', operation: 'GET /nowhere' }
    const [first, second] = [await inject(input, 'fault-1'), await inject(input, 'fault-1')]
    expect([second.id, second.replayed]).toEqual([first.id, true])
    expect(await armed()).toHaveLength(1)
    await clear()
  })

  test.each([
    [{ kind: 'EARTHQUAKE' }, ['INVALID kind']],
    [{}, ['REQUIRED kind']],
    [{ kind: 'DELAY', times: 0, probability: 1.5 }, ['OUT_OF_RANGE times', 'OUT_OF_RANGE probability']],
    [{ kind: 'UNDERPAY', operation: 'GET /x' }, ['INVALID operation']],
    [
      { kind: 'SERVER_ERROR', delayMs: 5, retryAfter: 5, seed: 'x' },
      ['INVALID delayMs', 'INVALID retryAfter', 'INVALID seed'],
    ],
    [{ kind: 'SERVER_ERROR', operation: 'everything' }, ['INVALID operation']],
  ])('is refused with every bad field at once: %j', async (input, problems) => {
    expect(await refusals(inject(input))).toEqual(problems)
  })

  test('is for test mode, and for a simulator', async () => {
    const live = await shop.actor('LIVE')
    const input = { ...AT, kind: 'DELAY' }
    expect(await refusals(shop.app.faults.inject(call(live), input))).toEqual(['UNSUPPORTED provider'])
    expect(await refusals(shop.app.faults.clear(call(live), AT))).toEqual(['UNSUPPORTED provider'])
    expect(await shop.app.faults.list(live, 'QBITFLOW')).toEqual([])
    const other = { provider: 'QFPAY', kind: 'DELAY' }
    expect(await refusals(shop.app.faults.inject(call(shop.owner), other))).toEqual(['UNSUPPORTED provider'])
  })
})

describe('a sandbox that is reset', () => {
  const reset = (key?: string) => shop.app.sandbox.reset(call(shop.owner, key, AT), AT)

  test('ends what hangs on it with the reason, leaves the books, and serves anew', async () => {
    const { app, owner } = shop
    const { tenantId } = owner
    const subscriber = subscriberOf(shop)
    const product = await app.products.create(call(owner), ITEM)
    const productId = encodeId('Product', product.id)
    const { id: open } = await shop.open({ productId })
    const { id: paying } = await shop.open()
    await app.checkouts.simulate(call(owner), { id: encodeId('Checkout', paying), outcome: 'PAY', customer: ADA })
    const subscription = await subscriber.subscribe()
    const refund = await refundDesk(shop).asked()
    const totals = JSON.stringify(await app.ledger.totals(tenantId), (_key, value) => String(value))

    await reset()

    expect(await shop.checkout(open)).toMatchObject({ status: 'EXPIRED', reason: 'The sandbox was reset' })
    expect(['EXPIRED', 'COMPLETED']).toContain((await shop.checkout(paying)).status)
    expect(await subscriber.row(subscription.id)).toMatchObject({ status: 'CANCELLED', nextCheckAt: null })
    const where = { tenantId_id: { tenantId, id: refund.id } }
    expect(await app.db.prisma.refund.findUnique({ where })).toMatchObject({ status: 'FAILED', nextCheckAt: null })
    expect(await app.db.prisma.providerLink.count({ where: { tenantId } })).toBe(0)
    expect(JSON.stringify(await app.ledger.totals(tenantId), (_key, value) => String(value))).toBe(totals)
    expect((await shop.announced()).slice(-1)).toEqual(['sandbox.reset'])

    const { id: again, problems } = await shop.open({ productId })
    expect(problems ?? []).toEqual([])
    expect((await shop.checkout(again)).status).toBe('OPEN')
    await shop.play(again, 'PAY')
    await shop.poll()
    await shop.reaches(again, 'COMPLETED')
    await shop.poll()
    await app.subscriptions.resolveDue()
    await app.refunds.resolveDue()
    expect((await app.ledger.proof(tenantId)).breaks).toEqual([])
  })

  test('twice under the same key is reset once', async () => {
    await reset('reset-1')
    const { id } = await shop.open()
    expect((await reset('reset-1')).replayed).toBe(true)
    expect((await shop.checkout(id)).status).toBe('OPEN')
  })

  test('whose answer is lost may be reset again', async () => {
    const { id } = await shop.open()
    await reset()
    await reset()
    expect((await shop.checkout(id)).status).toBe('EXPIRED')
  })

  test('is none of live mode', async () => {
    expect(await refusals(shop.app.sandbox.reset(call(await shop.actor('LIVE')), AT))).toEqual(['UNSUPPORTED provider'])
  })
})
