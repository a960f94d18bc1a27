import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeId } from '../../src/kernel/id.ts'
import { call } from '../support/app.ts'
import { refundDesk } from '../support/refunds.ts'
import { ITEM, openShop, refusals, type Shop } from '../support/shop.ts'
import { MONTHLY, subscriberOf } from '../support/subscriber.ts'
import { type Wire, wireTo, wireToHost } from '../support/wire.ts'

/** A 404 may speak of the route or of an object: only the first says that the server cannot do something. */

let shop: Shop
let wire: Wire
beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  wire = await wireTo(shop, shop.owner.tenantId)
})
afterEach(async () => {
  await wire.close()
  const data = { missingCapabilities: [], capabilitiesCheckedAt: null }
  await shop.app.db.prisma.providerConnection.updateMany({ data })
})
afterAll(() => shop.close())

const OLDER = '/transaction/session-checkout/'
const METERED = { kind: 'PAY_AS_YOU_GO', item: ITEM, frequency: MONTHLY }

const create = (input: object) => shop.app.checkouts.create(call(shop.owner), input)

function answering(path: string, status: number): void {
  wire.fault = (asked) => (asked.path.split('?')[0] === path ? { status } : undefined)
}

async function capabilities(): Promise<readonly string[]> {
  return (await shop.app.connections.list(shop.owner.tenantId))[0]?.capabilities ?? []
}

test.each([404, 405, 410])('a route that answers %s to a question without content is missing', async (status) => {
  answering(OLDER, status)
  expect(await refusals(create(METERED))).toEqual(['UNSUPPORTED kind'])
  expect(await capabilities()).not.toContain('PAY_AS_YOU_GO')
})

test.each([400, 403, 422, 429, 500, 503])('a route that answers %s is not missing', async (status) => {
  answering(OLDER, status)
  const { problems } = await create(METERED)
  expect(problems).toMatchObject([
    { code: status === 429 || status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_REFUSED' },
  ])
  expect(await capabilities()).toContain('PAY_AS_YOU_GO')
})

test('an object that the provider does not have is refused as that, and takes no capability away', async () => {
  const { id } = await shop.app.products.create(call(shop.owner), ITEM)
  const productId = encodeId('Product', id)
  expect((await create({ kind: 'PAYMENT', productId })).problems).toEqual([])
  const where = { entityId: id }
  await shop.app.db.prisma.providerLink.updateMany({ where, data: { externalId: '999999' } })
  const { problems } = await create({ kind: 'PAYMENT', productId })
  expect(problems).toMatchObject([{ code: 'PROVIDER_REFUSED', facts: { providerCode: '404' } }])
  expect(await capabilities()).toContain('CHECKOUTS')
})

describe('a missing route', () => {
  test('of the status lets no checkout expire that may have been paid', async () => {
    const { id } = await shop.open()
    answering('/transaction/status', 404)
    await shop.play(id, 'PAY')
    await shop.pass({ hours: 25 })
    await shop.poll()
    expect(await shop.checkout(id)).toMatchObject({ status: 'OPEN' })
    wire.fault = undefined
    await shop.poll()
    expect(await shop.reaches(id, 'COMPLETED')).toMatchObject({ suspenseMinor: 0n })
    const unpaid = await shop.open()
    await shop.pass({ hours: 25 })
    await shop.poll()
    expect(await shop.checkout(unpaid.id)).toMatchObject({ status: 'EXPIRED' })
  })

  test('of the list of refunds loses no refund, and is not asked for again at each look', async () => {
    const desk = refundDesk(shop)
    const payment = await desk.paid()
    answering('/transaction/refunds/all', 404)
    await desk.askThere(payment)
    const looks = async (times: number) => {
      for (let n = 0; n < times; n += 1) {
        shop.clock.turn({ seconds: 30 })
        await shop.app.refunds.lookDue()
      }
    }
    await looks(1)
    expect(await capabilities()).not.toContain('REFUNDS')
    wire.requests.length = 0
    await looks(5)
    expect(wire.count('GET', '/transaction/refunds/all')).toBe(0)
    wire.fault = undefined
    await shop.app.capabilities.review(shop.owner.tenantId, 'QBITFLOW')
    await looks(1)
    expect(await desk.refundsOf(payment)).toMatchObject([{ status: 'PENDING' }])
  })

  test('of the list of payments loses no payment', async () => {
    const { id } = await shop.open()
    answering('/transaction/payments/combined', 405)
    await shop.play(id, 'PAY')
    await shop.pass({ minutes: 20 })
    await shop.app.payments.lookDue()
    expect(await capabilities()).not.toContain('PAYMENT_LIST')
    await shop.poll()
    await shop.reaches(id, 'COMPLETED')
  })

  test('of reports of usage is told as UNSUPPORTED, and the report may be made again', async () => {
    const { id } = await subscriberOf(shop).subscribe({ ...METERED, freeCredits: '5.00' })
    const report = () =>
      shop.app.subscriptions.reportUsage(call(shop.owner, 'usage-1'), { id: encodeId('Subscription', id), units: '3' })
    answering('/transaction/subscription/payg/increase-units-current-period', 404)
    expect((await report()).problems).toMatchObject([
      { code: 'UNSUPPORTED', message: expect.stringContaining('PAY_AS_YOU_GO') },
    ])
    wire.fault = undefined
    expect(await report()).toMatchObject({ replayed: false, problems: [] })
    expect((await subscriberOf(shop).row(id)).unitsMillionths).toBe(3_000_000n)
  })
})

test('a server that is no simulator is asked once a day, and each hour while it lacks something', async () => {
  const host = await wireToHost(shop, shop.owner.tenantId)
  const asked = async (hours: number): Promise<boolean> => {
    host.requests.length = 0
    shop.clock.turn({ hours })
    await shop.app.capabilities.reviewDue()
    return host.count('POST', '/transaction/session-checkout/new/payment') > 0
  }
  expect([await asked(0), await asked(2), await asked(20), await asked(3)]).toEqual([true, false, false, true])
  host.fault = ({ path }) => (path === OLDER ? { status: 404 } : undefined)
  expect([await asked(25), await asked(0), await asked(1)]).toEqual([true, false, true])
  expect(await capabilities()).not.toContain('PAY_AS_YOU_GO')
  host.fault = undefined
  expect([await asked(1), await asked(1)]).toEqual([true, false])
  expect(await capabilities()).toContain('PAY_AS_YOU_GO')
  await host.close()
})
